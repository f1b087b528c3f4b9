"""The receiver at the end: it checks signatures at the virtual time, and keeps every byte."""

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook

_PATH = "/hooks"
_TOLERANCE_S = 300.0
_SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that came with a good signature, for the first time."""

    at: float
    """Unix seconds."""
    body: bytes
    type: str
    data: Mapping[str, Any]


class Receiver:
    """What came. While it is `away` it answers 503."""

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self.url = ""
        self.secret = _SECRET
        self.deliveries: list[Delivery] = []
        self.forged = 0
        self.repeated = 0
        self.away = False
        self._clock = clock
        self._changed = changed
        self._webhook = Webhook(_SECRET)
        self._ids: set[str] = set()

    @property
    def durable(self) -> list[Delivery]:
        """What came but for partials."""
        return [one for one in self.deliveries if one.type != "transcript.partial"]

    async def receive(self, request: web.Request) -> web.Response:
        """Take one delivery."""
        body = await request.read()
        if self.away:
            return web.Response(status=503)
        if not self._is_signed(request.headers, body):
            self.forged += 1
            return web.Response(status=401)
        event_id = request.headers["webhook-id"]
        if event_id in self._ids:
            self.repeated += 1
        else:
            self._ids.add(event_id)
            event = msgspec.json.decode(body)
            self.deliveries.append(Delivery(self._clock(), body, event["type"], event["data"]))
            self._changed()
        return web.Response(status=204)

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        stamp = int(headers["webhook-timestamp"])
        signed_at = datetime.fromtimestamp(stamp, UTC)
        signature = self._webhook.sign(headers["webhook-id"], signed_at, body.decode())
        good = signature in headers["webhook-signature"].split()
        return good and abs(stamp - self._clock()) <= _TOLERANCE_S


@asynccontextmanager
async def open_receiver(
    clock: Callable[[], float], changed: Callable[[], None]
) -> AsyncIterator[Receiver]:
    """Serve a receiver; `changed` is called whenever something new came."""
    receiver = Receiver(clock, changed)
    app = web.Application()
    app.router.add_post(_PATH, receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}{_PATH}"
        yield receiver
    finally:
        await runner.cleanup()
