"""The recogniser as a server: Telnyx's speech-to-text, live and of files, and a health check."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

import structlog
from aiohttp import WSCloseCode, web

from service.errors import RefusedSettingError
from service.recogniser.api.access import Access, refuse, refuse_as_documented
from service.recogniser.api.providers import PATH as PROVIDERS_PATH
from service.recogniser.api.providers import Providers
from service.recogniser.files.fetching import open_fetcher
from service.recogniser.files.routes import Files
from service.recogniser.files.uploads import UPLOAD_TIMEOUT_S
from service.recogniser.live.connection import Conversation, Socket
from service.recogniser.live.parameters import SessionSettings, parse_settings
from service.recogniser.models.networks import Networks, load_networks
from service.recogniser.models.weights import ENGINE_NAME
from service.recogniser.scheduling.load import PATH as LOAD_PATH
from service.recogniser.scheduling.load import Load
from service.recogniser.scheduling.workers import Workers, open_workers, usable_cores
from service.web.handshakes import can_upgrade
from service.web.limits import Limits
from service.web.listen import open_listener
from service.wire.stt import PATH, encode_error

log = structlog.get_logger()

SESSIONS_PER_CORE: Final = 16
"""Measured by `make bench`: with every other one talking, finals come as soon as with one alone,
and with all of them talking still within 2 s of the end of the speech, with fewer partials."""
FILES_PER_CORE: Final = 4
"""Each takes up to 100 MB of disk and 40 MB of memory while it is worked on."""
IDLE_TIMEOUT_S: Final = 20.0
DRAIN_TIMEOUT_S: Final = 10.0
_CLOSE_TIMEOUT_S: Final = 2.0
LIMITS: Final = Limits(body_s=UPLOAD_TIMEOUT_S)
"""A file may take its time; who sends nothing of it for a while is let go by its reader."""


class Recogniser:
    """A recogniser that is listening: made by `open_recogniser`."""

    def __init__(
        self,
        workers: Workers,
        access: Access,
        files: Files,
        *,
        load: Load,
        max_sessions: int,
        idle_timeout_s: float,
    ) -> None:
        self.base_url = ""
        """`http://host:port`."""
        self._workers = workers
        self._access = access
        self._files = files
        self._load = load
        self._max_sessions = max_sessions
        self._idle_timeout_s = idle_timeout_s
        self._live: dict[Conversation, asyncio.Task[object] | None] = {}
        self._draining = False

    @property
    def url(self) -> str:
        """The address of the WebSocket, without parameters."""
        return self.base_url.replace("http", "ws", 1) + PATH

    @property
    def sessions(self) -> int:
        """How many sessions are going on."""
        return len(self._live)

    async def health(self, _: web.Request) -> web.Response:
        """Answer that the process is alive, and how busy it is."""
        return web.json_response(
            {
                "status": "draining" if self._draining else "ok",
                "engine": ENGINE_NAME,
                "sessions": self.sessions,
                "max_sessions": self._max_sessions,
                "files": self._files.files,
            }
        )

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Hold a session, or say why not: before the upgrade, or as Telnyx does just after it."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return refusal
        if self._draining or self.sessions >= self._max_sessions:
            self._load.session("full")
            return refuse(
                HTTPStatus.SERVICE_UNAVAILABLE, "10011", "All sessions are taken: come again soon."
            )
        socket = Socket(close_timeout_s=_CLOSE_TIMEOUT_S)
        socket.headers["x-callscribe-engine"] = ENGINE_NAME
        if not can_upgrade(socket, request):
            raise web.HTTPBadRequest
        try:
            settings = parse_settings(request.query)
        except RefusedSettingError as error:
            self._load.session("refused")
            return await _turn_away(request, socket, error)
        return await self._converse(request, socket, settings)

    async def metrics(self, request: web.Request) -> web.Response:
        """Answer with what is counted, for who may use the rest as well."""
        return self._access.refusal(request) or await self._load.get(request)

    async def drain(self) -> None:
        """Take no more sessions; let those going on have what they are owed, for 10 s at most."""
        self._draining = True
        for conversation in self._live:
            conversation.leave()
        tasks = [task for task in self._live.values() if task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=DRAIN_TIMEOUT_S)
            for task in late:
                task.cancel()

    async def _converse(
        self, request: web.Request, socket: Socket, settings: SessionSettings
    ) -> web.WebSocketResponse:
        socket.headers.update(_notes(settings))
        conversation = Conversation(
            socket, settings, self._workers, idle_timeout_s=self._idle_timeout_s
        )
        self._live[conversation] = asyncio.current_task()
        self._load.session("began")
        try:
            await socket.prepare(request)
            log.info(
                "session_began",
                asked_engine=settings.engine,
                engine=ENGINE_NAME,
                input_format=settings.input_format,
                sample_rate_hz=settings.sample_rate_hz,
                interim_results=settings.interim_results,
                endpointing_ms=settings.endpointing_ms,
                keyterms=len(settings.key_terms),
                ignored=settings.ignored,
            )
            end = await conversation.run()
            log.info("session_ended", reason=end.value, heard_s=conversation.heard_s)
        finally:
            del self._live[conversation]
            if socket.prepared and not socket.closed and request.transport is not None:
                request.transport.abort()
        return socket


def _notes(settings: SessionSettings) -> dict[str, str]:
    """Return what differs from what was asked for, as headers."""
    endpointing_ms = settings.endpointing_ms
    ignored = {"x-callscribe-ignored": ", ".join(settings.ignored)} if settings.ignored else {}
    return ignored | {
        "x-callscribe-stands-in-for": settings.engine,
        "x-callscribe-language": "en",
        "x-callscribe-endpointing-ms": "false" if endpointing_ms is None else str(endpointing_ms),
        "x-callscribe-keyterms": str(len(settings.key_terms)),
    }


async def _turn_away(
    request: web.Request, socket: web.WebSocketResponse, error: RefusedSettingError
) -> web.WebSocketResponse:
    await socket.prepare(request)
    log.info("session_refused", code=error.code, parameter=error.parameter)
    answer = encode_error(error.code, error.title, str(error), parameter=error.parameter)
    with suppress(ConnectionError, TimeoutError):  # it did not wait for the answer
        async with asyncio.timeout(_CLOSE_TIMEOUT_S * 2):
            await socket.send_str(answer)
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
    return socket


@asynccontextmanager
async def open_recogniser(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    api_keys: Sequence[str] = (),
    max_sessions: int | None = None,
    max_files: int | None = None,
    allow_private_urls: bool = False,
    idle_timeout_s: float = IDLE_TIMEOUT_S,
    model_dir: Path | None = None,
    networks: Networks | None = None,
    limits: Limits = LIMITS,
) -> AsyncIterator[Recogniser]:
    """Listen until the context ends; then drain, for 10 s at most.

    Without `api_keys` anyone may use it. `port` 0 is a free one. `max_sessions` is 16 for each
    core unless it is given, `max_files` 4; one more is answered 503. `allow_private_urls` lets
    a `file_url` lead into the networks around us. `networks` that are loaded already can be
    handed in, otherwise they are loaded from `model_dir` or the installed packages. `limits` are
    those of its HTTP connections.

    Raises:
        SettingsError: The models are not there.
        OSError: The address cannot be listened on.
    """
    if networks is None:
        networks = await asyncio.to_thread(load_networks, model_dir)
    cores = usable_cores()
    access = Access(api_keys)
    load = Load()
    async with (
        open_workers(networks, cores, load) as workers,
        open_fetcher(allow_private=allow_private_urls) as fetcher,
    ):
        files = Files(workers, access, fetcher, max_files=max_files or FILES_PER_CORE * cores)
        recogniser = Recogniser(
            workers,
            access,
            files,
            load=load,
            max_sessions=max_sessions or SESSIONS_PER_CORE * cores,
            idle_timeout_s=idle_timeout_s,
        )
        app = web.Application(middlewares=[refuse_as_documented])
        app.router.add_get(PATH, recogniser.transcribe)
        load.watch("live_sessions", "Sessions going on", lambda: recogniser.sessions)
        load.watch("live_files", "Files being worked on", lambda: files.files)
        load.watch("waiting", "Turns that wait for a core", lambda: workers.turns.waiting)
        app.router.add_get(LOAD_PATH, recogniser.metrics)
        app.router.add_get("/healthz", recogniser.health)
        app.router.add_get(PROVIDERS_PATH, Providers(access).list)
        files.add_to(app)
        async with open_listener(app, host, port, limits=limits) as listener:
            recogniser.base_url = listener.url
            try:
                yield recogniser
            finally:
                await asyncio.gather(recogniser.drain(), files.drain(DRAIN_TIMEOUT_S))
