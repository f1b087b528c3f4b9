"""The route of the WebSocket: who gets a session, and what it is told of it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import WSCloseCode, web

from service.errors import RefusedSettingError
from service.recogniser.api.access import Access
from service.recogniser.api.draining import finish_within
from service.recogniser.api.languages import LANGUAGE
from service.recogniser.api.refusals import refuse_busy
from service.recogniser.live.connection import SttConnection
from service.recogniser.live.parameters import SessionSettings, parse_settings
from service.recogniser.live.socket import SttSocket
from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.load import Load
from service.recogniser.scheduling.workers import Workers
from service.web.handshakes import can_upgrade
from service.wire.stt import PATH, encode_error

log = structlog.get_logger()

_CLOSE_TIMEOUT_S: Final = 2.0


class LiveRoute:
    """Holds the sessions. One more than `max_sessions` at once is answered 503."""

    def __init__(
        self,
        workers: Workers,
        access: Access,
        load: Load,
        *,
        max_sessions: int,
        idle_timeout_s: float,
    ) -> None:
        self.max_sessions = max_sessions
        self._workers = workers
        self._engines = _engines(workers.networks)
        self._access = access
        self._load = load
        self._idle_timeout_s = idle_timeout_s
        self._live: dict[SttConnection, asyncio.Task[object] | None] = {}
        self._draining = False

    @property
    def sessions(self) -> int:
        """How many sessions are going on."""
        return len(self._live)

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application."""
        app.router.add_get(PATH, self.transcribe)

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Hold a session, or say why not: before the upgrade, or as Telnyx does just after it."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return refusal
        if self._draining or self.sessions >= self.max_sessions:
            self._load.session("full")
            return refuse_busy("All sessions are taken: come again soon.")
        socket = SttSocket(close_timeout_s=_CLOSE_TIMEOUT_S)
        socket.headers.update(self._engines)
        if not can_upgrade(socket, request):
            raise web.HTTPBadRequest
        try:
            settings = parse_settings(request.query)
        except RefusedSettingError as error:
            self._load.session("refused")
            return await _turn_away(request, socket, error)
        return await self._serve(request, socket, settings)

    async def drain(self, timeout_s: float) -> None:
        """Take no more sessions; give those going on so many seconds to end."""
        self._draining = True
        for connection in self._live:
            connection.leave()
        await finish_within([task for task in self._live.values() if task is not None], timeout_s)

    async def _serve(
        self, request: web.Request, socket: SttSocket, settings: SessionSettings
    ) -> web.WebSocketResponse:
        socket.headers.update(_notes(settings))
        connection = SttConnection(
            socket, settings, self._workers, idle_timeout_s=self._idle_timeout_s
        )
        self._live[connection] = asyncio.current_task()
        self._load.session("began")
        try:
            await socket.prepare(request)
            log.info(
                "session_began", engine=self._workers.networks.engine.name, **_summary(settings)
            )
            end = await connection.run()
            log.info("session_ended", reason=end.value, heard_s=connection.heard_s)
        finally:
            del self._live[connection]
            if socket.prepared and not socket.closed and request.transport is not None:
                request.transport.abort()
        return socket


def _engines(networks: Networks) -> dict[str, str]:
    """Return who answers, as headers: who makes finals, and who else may make partials."""
    quick = networks.quick_engine
    partials = {"x-callscribe-partials-engine": quick.name} if quick is not None else {}
    return {"x-callscribe-engine": networks.engine.name, **partials}


def _notes(settings: SessionSettings) -> dict[str, str]:
    """Return what differs from what was asked for, as headers."""
    endpointing_ms = settings.endpointing_ms
    ignored = {"x-callscribe-ignored": ", ".join(settings.ignored)} if settings.ignored else {}
    return ignored | {
        "x-callscribe-stands-in-for": settings.engine,
        "x-callscribe-language": LANGUAGE,
        "x-callscribe-endpointing-ms": "false" if endpointing_ms is None else str(endpointing_ms),
        "x-callscribe-keyterms": str(len(settings.key_terms)),
    }


def _summary(settings: SessionSettings) -> Mapping[str, object]:
    """Return what may be logged of the settings."""
    return {
        "asked_engine": settings.engine,
        "input_format": settings.input_format,
        "sample_rate_hz": settings.sample_rate_hz,
        "interim_results": settings.interim_results,
        "endpointing_ms": settings.endpointing_ms,
        "keyterms": len(settings.key_terms),
        "ignored": settings.ignored,
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
