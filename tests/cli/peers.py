"""Those whom commands talk to, each a server of its own on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

STT_PATH = "/v2/speech-to-text/transcription"


@dataclass(slots=True)
class Telnyx:
    """For `callscribe check`: the list of applications and the STT socket.

    `status` and `body` are what the API answers, `stt_answer` what a session hears.

    After any `stt_answer` the session is closed; an empty one is not sent.
    """

    port: int = 0
    key: str = "KEY0123456789"
    status: int = 200
    body: object = field(default_factory=lambda: {"data": []})
    listed: list[object] = field(default_factory=list)
    """Whom it has for speech to text; if that is nobody, nothing is compared."""
    stt_answer: str | None = None
    stt_hangs: bool = False
    """Whether a session is never even upgraded."""
    stt_queries: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment that leads here."""
        return {
            "TELNYX_BASE_URL": f"http://127.0.0.1:{self.port}/v2",
            "TELNYX_STT_URL": f"ws://127.0.0.1:{self.port}{STT_PATH}",
        }

    async def applications(self, request: web.Request) -> web.Response:
        """Answer as told, to the right key."""
        status = self.status if self._knows(request) else 401
        return web.json_response(self.body, status=status)

    async def providers(self, request: web.Request) -> web.Response:
        """Answer with the list of providers, to the right key."""
        status = self.status if self._knows(request) else 401
        return web.json_response({"data": self.listed}, status=status)

    async def stt(self, request: web.Request) -> web.StreamResponse:
        """Take a session and say what was told, if anything."""
        self.stt_queries.append(dict(request.query))
        if not self._knows(request):
            return web.Response(status=401)
        if self.stt_hangs:
            await asyncio.Event().wait()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.stt_answer is not None:
            if self.stt_answer:
                await socket.send_str(self.stt_answer)
            await socket.close()
        async for _ in socket:
            pass
        return socket

    def _knows(self, request: web.Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.key}"


@asynccontextmanager
async def open_telnyx() -> AsyncIterator[Telnyx]:
    """Serve a Telnyx."""
    telnyx = Telnyx()
    routes = [
        web.get("/v2/call_control_applications", telnyx.applications),
        web.get("/v2/speech-to-text/providers", telnyx.providers),
        web.get(STT_PATH, telnyx.stt),
    ]
    async with _serving(routes) as telnyx.port:
        yield telnyx


@asynccontextmanager
async def open_receiver() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve an endpoint that takes every delivery; yield its URL and the ids it got."""
    ids: list[str] = []

    async def take(request: web.Request) -> web.Response:
        ids.append(request.headers["webhook-id"])
        return web.Response()

    async with _serving([web.post("/", take)]) as port:
        yield f"http://127.0.0.1:{port}", ids


@asynccontextmanager
async def open_application(
    status: int,
    port: int = 0,
    *,
    path: str = "/webhooks",
    then: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve an application that answers webhooks with this status and does nothing else.

    Unless there is something that it does `then`, before it answers. Yields where it takes them,
    and the types of those that came.
    """
    heard: list[str] = []

    async def take(request: web.Request) -> web.Response:
        heard.append(json.loads(await request.read())["data"]["event_type"])
        if then is not None:
            await then()
        return web.Response(status=status)

    async with _serving([web.post(path, take)], port) as bound:
        yield f"http://127.0.0.1:{bound}{path}", heard


@asynccontextmanager
async def open_healthz(status: int) -> AsyncIterator[int]:
    """Serve a `/healthz` with this status; yield its port."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"}, status=status)

    async with _serving([web.get("/healthz", healthz)]) as port:
        yield port


@asynccontextmanager
async def _serving(routes: list[web.RouteDef], port: int = 0) -> AsyncIterator[int]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
