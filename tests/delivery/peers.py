"""The other ends: a real receiver of webhooks, a sink by script, and a journal that can fail."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName
from service.ports import BacklogPage, Delivery, Journal, LaneUpdate, StoredEvent

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    target: str
    """Path and query, to the letter."""


@dataclass
class Receiver:
    """What came, and what to reply next; 200 when the script has run out."""

    port: int = 0
    replies: deque[Reply] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where to post; the path and query must never show up in a log."""
        return f"http://127.0.0.1:{self.port}/hooks/secret-path?token=secret-query"

    def saw(self, delivery_id: str) -> bool:
        """Return whether a request with this id came in."""
        return any(one.headers["webhook-id"] == delivery_id for one in self.received)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and follow the script."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.received.append(
            Received(request.method, request.path, headers, body, request.raw_path)
        )
        return await (self.replies.popleft() if self.replies else reply(200))(request)


def reply(status: int, **headers: str) -> Reply:
    """Answer with a status; `_` in a header's name is written as `-`."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named, text="secret-answer")

    return answer


async def stall(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer 200, begin a body, and never end it."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x")
    await asyncio.Event().wait()
    return response


async def flood(request: web.Request) -> web.StreamResponse:
    """Answer 200 with a body that goes on until the other side hangs up."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def reset(request: web.Request) -> web.StreamResponse:
    """Cut the connection with a TCP reset instead of an answer."""
    assert request.transport is not None
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


async def garbage(request: web.Request) -> web.StreamResponse:
    """Answer with what is no HTTP."""
    assert request.transport is not None
    request.transport.write(b"\x00\xff secret-answer \r\n\r\n")
    await asyncio.Event().wait()
    raise AssertionError


async def upgrade(request: web.Request) -> web.StreamResponse:
    """Answer as to a WebSocket's handshake, and say no more."""
    assert request.transport is not None
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    request.transport.write(head)
    await asyncio.Event().wait()
    raise AssertionError


async def processing(request: web.Request) -> web.StreamResponse:
    """Say without end that it is at work."""
    assert request.transport is not None
    while not request.transport.is_closing():
        if not request.transport.get_write_buffer_size():
            request.transport.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000)
        await asyncio.sleep(0)
    raise ConnectionResetError


@asynccontextmanager
async def open_receiver(*replies: Reply) -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine and reply by the script."""
    receiver = Receiver(replies=deque(replies))
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", receiver.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    assert runner.server is not None
    make_protocol = runner.server

    def accept() -> asyncio.BaseProtocol:
        receiver.connections += 1
        return make_protocol()

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await runner.cleanup()
        await server.wait_closed()


@dataclass
class ScriptedSink:
    """A sink that raises or takes what comes, by a script and then by a rule."""

    script: deque[Exception | None] = field(default_factory=deque)
    rule: Callable[[Delivery], Exception | None] = lambda _: None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    hangs: Callable[[Delivery], bool] = lambda _: False
    tried: list[Delivery] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)
    answers: list[tuple[Delivery, Exception | None]] = field(default_factory=list)
    flying: set[str] = field(default_factory=set)
    overlaps: int = 0
    """How often a second attempt of the same call began before the first ended."""

    def __post_init__(self) -> None:
        """Begin with an open gate."""
        self.gate.set()

    async def deliver(self, delivery: Delivery) -> None:
        """Take it, or fail as told; wait while the gate is closed."""
        of = delivery.id.split("_")[1]
        self.overlaps += of in self.flying
        self.flying.add(of)
        try:
            await self._decide(delivery)
        finally:
            self.flying.discard(of)

    async def _decide(self, delivery: Delivery) -> None:
        self.tried.append(delivery)
        if self.hangs(delivery):
            await asyncio.Event().wait()
        await self.gate.wait()
        failure = self.script.popleft() if self.script else self.rule(delivery)
        self.answers.append((delivery, failure))
        if failure is not None:
            raise failure
        self.taken.append(delivery)

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, without the part all of them share."""
        return [one.id.removeprefix("evt_") for one in self.taken]


class FaultyJournal:
    """A journal whose database can be switched off, break, or be without an erased call."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.off = False
        self.broken: set[str] = set()
        """Methods that raise what nobody foresees, the next time."""
        self.erased: set[str] = set()
        self.refused = asyncio.Event()
        self.reading = asyncio.Event()
        self.read_gate = asyncio.Event()
        self.read_gate.set()
        self.listing = asyncio.Event()
        self.list_gate = asyncio.Event()
        self.list_gate.set()
        self.failing: set[str] = set()
        """Methods that the database does not take, the next time."""
        self.noting = asyncio.Event()
        self.noted = asyncio.Event()
        self.noting_gate = asyncio.Event()
        self.noting_gate.set()
        self.asking = asyncio.Event()
        self.asking_gate = asyncio.Event()
        self.asking_gate.set()
        self.settling = asyncio.Event()
        self.settling_gate = asyncio.Event()
        self.settling_gate.set()
        self.settled: list[Sequence[LaneUpdate]] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a journal
        self._check(name)
        return getattr(self._journal, name)

    async def read(self, call_id: CallId, *, after_seq: int, limit: int) -> list[StoredEvent]:
        """Find nothing of a call that was erased; answer when the gate is open."""
        self._check("read")
        if call_id in self.erased:
            return []
        found = await self._journal.read(call_id, after_seq=after_seq, limit=limit)
        self.reading.set()
        await self.read_gate.wait()
        return found

    async def backlog_page(self, after: tuple[int, str] | None) -> BacklogPage:
        """Answer what is so now, when the gate is open."""
        self._check("backlog")
        page = await self._journal.backlog_page(after)
        self.listing.set()
        await self.list_gate.wait()
        return page

    async def disable(self, endpoint: EndpointName, reason: str, at: float) -> None:
        """Note it when the gate is open."""
        self._check("disable")
        self.noting.set()
        await self.noting_gate.wait()
        await self._journal.disable(endpoint, reason, at)
        self.noted.set()

    async def disabled(self) -> dict[EndpointName, str]:
        """Answer what is so now, when the gate is open."""
        self._check("disabled")
        found = await self._journal.disabled()
        self.asking.set()
        await self.asking_gate.wait()
        return found

    async def settle(self, updates: Sequence[LaneUpdate]) -> None:
        """Note and pass on, when the gate is open."""
        self._check("settle")
        self.settled.append(updates)
        self.settling.set()
        await self.settling_gate.wait()
        await self._journal.settle(updates)

    def _check(self, name: str) -> None:
        if self.off:
            self.refused.set()
            raise JournalUnavailableError("switched off")
        if name in self.broken:
            self.broken.discard(name)
            raise RuntimeError("nobody foresaw this")
        if name in self.failing:
            self.failing.discard(name)
            raise JournalUnavailableError("not this time")
