"""Receivers that check signatures and keep what came; they misbehave if told so."""

import asyncio
import base64
import contextlib
import hashlib
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from service.delivery.notices import SERVICE
from tests.serving import serve

Mood = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers a delivery in its own way."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery that came with a good signature. `at` is in monotonic seconds."""

    at: float
    webhook_id: str
    digest: bytes
    type: str
    call_id: str
    seq: int
    text: str
    skipped: frozenset[int] = frozenset()
    """Numbers of which it says that they were given up, and that they come later, if at all."""


class _Data(msgspec.Struct):
    call_id: str
    seq: int = 0
    text: str = ""


class _Event(msgspec.Struct):
    type: str
    data: _Data


_decode = msgspec.json.Decoder(_Event).decode


class Receiver:
    """What came, as often as it came. With a `mood`, that answers; `keeps` says if it counts."""

    def __init__(self, dice: random.Random) -> None:
        self.secret = "whsec_" + base64.b64encode(dice.randbytes(32)).decode()
        self.url = ""
        self.arrivals: list[Arrival] = []
        self.texts: set[str] = set()
        """The finals that came."""
        self.whole: set[str] = set()
        """The calls that are complete."""
        self.came = asyncio.Event()
        """Set whenever something comes."""
        self.forged = 0
        self.asked = 0
        """Requests, whatever became of them."""
        self.mood: Mood | None = None
        self.keeps = True
        """Whether what comes in a mood was taken all the same."""
        self._webhook = Webhook(self.secret)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take one delivery."""
        self.asked += 1
        body = await request.read()
        try:
            self._webhook.verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self.forged += 1
            return web.Response(status=401)
        if self.mood is None or self.keeps:
            self._keep(request.headers, body)
        return await self.mood(request) if self.mood else web.Response(status=204)

    def _keep(self, headers: Mapping[str, str], body: bytes) -> None:
        event = _decode(body)
        data = event.data
        if data.call_id == SERVICE:
            return  # told of endpoints: of no call
        digest = hashlib.sha256(body).digest()
        named = (event.type, data.call_id, data.seq, data.text)
        skipped = frozenset(map(int, filter(None, headers.get("x-gap-seq", "").split(","))))
        arrival = Arrival(time.monotonic(), headers["webhook-id"], digest, *named, skipped)
        self.arrivals.append(arrival)
        if event.type == "transcript.final":
            self.texts.add(data.text)
        elif event.type == "transcript.completed":
            self.whole.add(data.call_id)
        self.came.set()


@asynccontextmanager
async def open_receiver(dice: random.Random) -> AsyncIterator[Receiver]:
    """Serve a receiver on a free port of this machine."""
    receiver = Receiver(dice)
    app = web.Application()
    app.router.add_post("/hooks", receiver.receive)
    async with serve(app) as url:
        receiver.url = f"{url}/hooks"
        yield receiver


def status(code: int, **headers: str) -> Mood:
    """Return a mood that answers with a status."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=headers)

    return answer


async def nothing(_: web.Request) -> web.StreamResponse:
    """Take it, and never answer."""
    await asyncio.sleep(math.inf)  # what waits for nobody's event is collected as garbage
    raise AssertionError


async def reset(request: web.Request) -> web.StreamResponse:
    """Take it, and break the connection off instead of an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def trickle(request: web.Request) -> web.StreamResponse:
    """Answer one byte a second."""
    for byte in b"HTTP/1.1 204 No Content\r\n\r\n":
        if request.transport is None or request.transport.is_closing():
            break
        request.transport.write(bytes([byte]))
        await asyncio.sleep(1.0)
    return await reset(request)


async def gigabyte(request: web.Request) -> web.StreamResponse:
    """Answer 200 with a gigabyte."""
    response = web.StreamResponse()
    await response.prepare(request)
    piece = bytes(1 << 20)
    with contextlib.suppress(ConnectionError):  # it need not be read
        for _ in range(1 << 10):
            await response.write(piece)
    return response
