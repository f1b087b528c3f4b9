"""The webhook receiver, which stands for a customer's own server.

It checks signatures with the `standardwebhooks` package, and keeps the events in the order in
which they came.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

PATH = "/hooks/callscribe"
MAX_RECEIPTS = 100_000
"""Of the receiver's memory. Beyond it the answer is 503 and the delivery stays with the sender."""
MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One event that came with a valid signature. Times are Unix seconds."""

    webhook_id: str
    type: str
    data: Mapping[str, Any]
    occurred_at: float
    received_at: float


class Receiver:
    """The events received so far. Made by `open_receiver`, which serves it."""

    def __init__(self, on_receipt: Callable[[Receipt], None], now: Callable[[], float]) -> None:
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.url = ""
        self.receipts: list[Receipt] = []
        self.forged = 0
        """Requests whose signature was not valid."""
        self.repeated = 0
        """Events that came again under the same id: delivery is at least once."""
        self.completed = asyncio.Event()
        """Set once `transcript.completed` has come."""
        self._webhook = Webhook(self.secret)
        self._ids: set[str] = set()
        self._on_receipt = on_receipt
        self._now = now

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one delivery: 204, or 401 for a bad signature, or 503 when full."""
        try:
            event = self._webhook.verify(await request.read(), dict(request.headers))
        except (WebhookVerificationError, ValueError, ConnectionError, web.RequestPayloadError):
            # a malformed signature is a ValueError; the others are of who broke off
            self.forged += 1
            return web.Response(status=401)
        webhook_id = request.headers["webhook-id"]
        if webhook_id in self._ids:
            self.repeated += 1
            return web.Response(status=204)
        if len(self.receipts) >= MAX_RECEIPTS:
            return web.Response(status=503)
        self._ids.add(webhook_id)
        self._keep(webhook_id, event)
        return web.Response(status=204)

    def _keep(self, webhook_id: str, event: Mapping[str, Any]) -> None:
        receipt = Receipt(
            webhook_id=webhook_id,
            type=event["type"],
            data=event["data"],
            occurred_at=datetime.fromisoformat(event["timestamp"]).timestamp(),
            received_at=self._now(),
        )
        self.receipts.append(receipt)
        self._on_receipt(receipt)
        if receipt.type == "transcript.completed":
            self.completed.set()


@asynccontextmanager
async def open_receiver(
    on_receipt: Callable[[Receipt], None], *, now: Callable[[], float] = time.time
) -> AsyncIterator[Receiver]:
    """Serve a receiver on a free port of this machine, under a secret of its own.

    `on_receipt` is called once with each event, as it comes. `now` is in Unix seconds.
    """
    receiver = Receiver(on_receipt, now)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post(PATH, receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        yield receiver
    finally:
        await runner.cleanup()
