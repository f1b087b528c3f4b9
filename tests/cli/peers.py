"""A Telnyx for `callscribe check`: one server with the list of applications and the STT socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

STT_PATH = "/v2/speech-to-text/transcription"


@dataclass(slots=True)
class Telnyx:
    """`status` and `body` are what the API answers, `stt_answer` what a session hears.

    After any `stt_answer` the session is closed; an empty one is not sent.
    """

    port: int = 0
    key: str = "KEY0123456789"
    status: int = 200
    body: object = field(default_factory=lambda: {"data": []})
    stt_answer: str | None = None
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

    async def stt(self, request: web.Request) -> web.StreamResponse:
        """Take a session and say what was told, if anything."""
        self.stt_queries.append(dict(request.query))
        if not self._knows(request):
            return web.Response(status=401)
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
    """Serve it on a free port of this machine."""
    telnyx = Telnyx()
    app = web.Application()
    app.router.add_get("/v2/call_control_applications", telnyx.applications)
    app.router.add_get(STT_PATH, telnyx.stt)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        telnyx.port = runner.addresses[0][1]
        yield telnyx
    finally:
        await runner.cleanup()
