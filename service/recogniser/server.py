"""The recogniser as a server: Telnyx's speech-to-text, live and of files, and a health check."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from service.recogniser.api.access import Access
from service.recogniser.api.providers import Providers
from service.recogniser.api.refusals import refuse_as_documented
from service.recogniser.files.fetching import open_fetcher
from service.recogniser.files.route import FileRoute
from service.recogniser.files.uploads import UPLOAD_TIMEOUT_S
from service.recogniser.live.route import LiveRoute
from service.recogniser.models.choice import Choice
from service.recogniser.models.networks import Networks, load_networks
from service.recogniser.scheduling.load import PATH as LOAD_PATH
from service.recogniser.scheduling.load import Load
from service.recogniser.scheduling.workers import Workers, open_workers, usable_cores
from service.web.limits import Limits
from service.web.listen import open_listener
from service.wire.stt import PATH

SESSIONS_PER_CORE: Final = 16
"""Measured by `make bench`: with every other one talking, finals come as soon as with one alone,
and with all of them talking still within 2 s of the end of the speech, with fewer partials."""
FILES_PER_CORE: Final = 4
"""Each takes up to 100 MB of disk and 40 MB of memory while it is worked on."""
IDLE_TIMEOUT_S: Final = 20.0
DRAIN_TIMEOUT_S: Final = 10.0
LIMITS: Final = Limits(body_s=UPLOAD_TIMEOUT_S)
"""A file may take its time; who sends nothing of it for a while is let go by its reader."""


class Recogniser:
    """A recogniser that is listening: made by `open_recogniser`."""

    def __init__(
        self, engine: str, access: Access, load: Load, live: LiveRoute, files: FileRoute
    ) -> None:
        self.base_url = ""
        """`http://host:port`."""
        self._engine = engine
        self._access = access
        self._load = load
        self._live = live
        self._files = files
        self._draining = False

    @property
    def url(self) -> str:
        """The address of the WebSocket, without parameters."""
        return self.base_url.replace("http", "ws", 1) + PATH

    @property
    def sessions(self) -> int:
        """How many sessions are going on."""
        return self._live.sessions

    @property
    def files(self) -> int:
        """How many files are being worked on."""
        return self._files.files

    def add_to(self, app: web.Application) -> None:
        """Put all routes into the application."""
        self._live.add_to(app)
        self._files.add_to(app)
        Providers(self._access, self._engine).add_to(app)
        app.router.add_get(LOAD_PATH, self.metrics)
        app.router.add_get("/healthz", self.health)

    async def health(self, _: web.Request) -> web.Response:
        """Answer that the process is alive, and how busy it is."""
        return web.json_response(
            {
                "status": "draining" if self._draining else "ok",
                "engine": self._engine,
                "sessions": self.sessions,
                "max_sessions": self._live.max_sessions,
                "files": self.files,
            }
        )

    async def metrics(self, request: web.Request) -> web.Response:
        """Answer with what is counted, for who may use the rest as well."""
        return self._access.refusal(request) or await self._load.get(request)

    async def drain(self) -> None:
        """Take no more work; let what is going on come to its end, for 10 s at most."""
        self._draining = True
        await asyncio.gather(self._live.drain(DRAIN_TIMEOUT_S), self._files.drain(DRAIN_TIMEOUT_S))


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
    model: Choice = "auto",
    model_dir: Path | None = None,
    networks: Networks | None = None,
    limits: Limits = LIMITS,
) -> AsyncIterator[Recogniser]:
    """Listen until the context ends; then drain, for 10 s at most.

    Without `api_keys` anyone may use it. `port` 0 is a free one. `max_sessions` is 16 for each
    core unless it is given, `max_files` 4; one more is answered 503. `allow_private_urls` lets
    a `file_url` lead into the networks around us. `networks` that are loaded already can be
    handed in, otherwise those of `model` are loaded from the installed packages, or from
    `model_dir`. `limits` are those of its HTTP connections.

    Raises:
        SettingsError: The models are not there.
        OSError: The address cannot be listened on.
    """
    if networks is None:
        networks = await asyncio.to_thread(load_networks, model, model_dir)
    cores = usable_cores()
    access = Access(api_keys)
    load = Load()
    async with (
        open_workers(networks, cores, load) as workers,
        open_fetcher(allow_private=allow_private_urls) as fetcher,
    ):
        live = LiveRoute(
            workers,
            access,
            load,
            max_sessions=max_sessions or SESSIONS_PER_CORE * cores,
            idle_timeout_s=idle_timeout_s,
        )
        files = FileRoute(workers, access, fetcher, max_files=max_files or FILES_PER_CORE * cores)
        _watch(load, workers, live, files)
        recogniser = Recogniser(networks.engine.name, access, load, live, files)
        async with _open_front(recogniser, host, port, limits):
            yield recogniser


def _watch(load: Load, workers: Workers, live: LiveRoute, files: FileRoute) -> None:
    load.watch("live_sessions", "Sessions going on", lambda: live.sessions)
    load.watch("live_files", "Files being worked on", lambda: files.files)
    load.watch("waiting", "Turns that wait for a core", lambda: workers.cpu.waiting)


@asynccontextmanager
async def _open_front(
    recogniser: Recogniser, host: str, port: int, limits: Limits
) -> AsyncIterator[None]:
    """Listen until the context ends; it drains while it still listens."""
    app = web.Application(middlewares=[refuse_as_documented])
    recogniser.add_to(app)
    async with open_listener(app, host, port, limits=limits) as listener:
        recogniser.base_url = listener.url
        try:
            yield
        finally:
            await recogniser.drain()
