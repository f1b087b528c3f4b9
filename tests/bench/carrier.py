"""A Telnyx for load: takes every command at once, and signs webhooks ahead of time."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web
from nacl.signing import SigningKey

from service.wire.signature import sign


@dataclass(slots=True)
class Telnyx:
    """The API side: where each leg's audio is to go, once it was asked for."""

    key: SigningKey = field(default_factory=SigningKey.generate)
    url: str = ""
    streams: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    first_commands: dict[str, float] = field(default_factory=dict)
    """When the first command for each leg came, by the clock that never jumps."""

    @property
    def public_key(self) -> str:
        """As the portal shows it."""
        from base64 import b64encode  # noqa: PLC0415

        return b64encode(bytes(self.key.verify_key)).decode()

    async def take(self, request: web.Request) -> web.Response:
        """Answer a command; keep where audio is wanted."""
        self.first_commands.setdefault(request.match_info["leg"], time.perf_counter())
        body = await request.json()
        if request.match_info["action"] == "streaming_start":
            leg = request.match_info["leg"]
            self.streams[leg] = (body["stream_url"], body["stream_auth_token"])
            self.asked.set()
        return web.json_response({"data": {"result": "ok"}})


@asynccontextmanager
async def open_telnyx() -> AsyncIterator[Telnyx]:
    """Serve the API."""
    telnyx = Telnyx()
    app = web.Application()
    app.router.add_post("/v2/calls/{leg}/actions/{action}", telnyx.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    telnyx.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
    try:
        yield telnyx
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Signed:
    """A webhook, ready to be posted."""

    body: bytes
    headers: dict[str, str]


def webhook(telnyx: Telnyx, kind: str, call: int, **payload: object) -> Signed:
    """Write and sign one webhook of the call of that number."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
    body = msgspec.json.encode(
        {
            "data": {
                "event_type": kind,
                "id": str(uuid.uuid4()),
                "occurred_at": stamp,
                "payload": {
                    "call_control_id": f"v3:leg-{call}",
                    "call_leg_id": str(uuid.uuid4()),
                    "call_session_id": f"00000000-0000-4000-8000-{call:012d}",
                    "connection_id": "1700000000000000000",
                    "client_state": None,
                    "from": "+15550100",
                    "to": "+15550111",
                    **payload,
                },
                "record_type": "event",
            },
            "meta": {"attempt": 1, "delivered_to": "https://calls.example.com/webhooks/telnyx"},
        }
    )
    return Signed(body, sign(telnyx.key, body, int(now)))
