"""A real receiver of webhooks on port 0 that does what its script says."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

WAIT_S = 10.0
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and what to reply next; 200 when the script has run out."""

    port: int = 0
    replies: deque[Reply] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    arrival: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """Where to post; the path and query must never show up in a log."""
        return f"http://127.0.0.1:{self.port}/hooks/secret-path?token=secret-query"

    async def until(self, count: int) -> list[Received]:
        """Wait until so many requests came in."""
        async with asyncio.timeout(WAIT_S), self.arrival:
            await self.arrival.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def until_seen(self, delivery_id: str) -> None:
        """Wait until a request with this id came in."""
        async with asyncio.timeout(WAIT_S), self.arrival:
            await self.arrival.wait_for(
                lambda: any(one.headers["webhook-id"] == delivery_id for one in self.received)
            )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note the request and follow the script."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        self.received.append(Received(request.method, request.path, headers, body))
        async with self.arrival:
            self.arrival.notify_all()
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
