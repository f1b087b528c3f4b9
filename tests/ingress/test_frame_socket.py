"""Media WebSockets whose messages are taken as they are parsed: in order, and without a task."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from service.ingress.frame_socket import FrameSocket, Received
from tests.ingress.harness import send_all
from tests.waiting import PATIENCE_S, until
from tests.web.harness import serving

Handler = Callable[[FrameSocket, asyncio.Transport], Awaitable[None]]


@asynccontextmanager
async def _connected(
    handle: Handler, *, heartbeat_s: float = 15.0, autoping: bool = True
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Serve sockets with `handle`, and connect to one."""

    async def get(request: web.Request) -> web.StreamResponse:
        socket = FrameSocket(close_s=1, heartbeat_s=heartbeat_s, max_message_bytes=1024)
        await socket.prepare(request)
        assert request.transport is not None
        await handle(socket, request.transport)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", get)
    async with (
        serving(app) as (url, client),
        client.ws_connect(url, autoping=autoping) as socket,
    ):
        yield socket


class _Reader:
    """Takes what begins with an `a`; the task reads the rest, when it may, up to a `stop`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.reads = 0
        """How often the task was woken."""
        self.may_read = asyncio.Event()
        self.is_over = asyncio.Event()
        self.is_reading: Callable[[], bool] = lambda: True
        """Whether anything is read from the network."""

    def take(self, received: Received) -> bool:
        """Take one."""
        took = received.type is WSMsgType.TEXT and bytes(received.data).startswith(b"a")
        if took:
            self.heard.append(f"took {received.data.decode()}")
        return took

    async def __call__(self, socket: FrameSocket, transport: asyncio.Transport) -> None:
        """Read to the end."""
        self.is_reading = transport.is_reading
        socket.leave_to(self.take)
        while (received := await socket.receive()).type is WSMsgType.TEXT:
            self.reads += 1
            text = received.data.decode()
            if text == "stop":
                break
            self.heard.append(f"read {text}")
            await self.may_read.wait()
        socket.leave_to(None)
        self.is_over.set()


async def test_what_is_taken_wakes_nobody() -> None:
    """The reason for it all: a thousand messages, and the task has read the one that it is for."""
    reader = _Reader()
    async with _connected(reader) as socket:
        await send_all(socket, [*["a"] * 1_000, "stop"])
        async with asyncio.timeout(PATIENCE_S):
            await reader.is_over.wait()

    assert reader.heard == ["took a"] * 1_000
    assert reader.reads == 1


async def test_no_message_overtakes_another() -> None:
    """Behind one that the task is busy with all wait for it, and then they are taken again."""
    reader = _Reader()
    async with _connected(reader) as socket:
        await send_all(socket, ["a1", "b2", "a3", "b4", "a5"])
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: "read b2" in reader.heard)
            reader.may_read.set()
            await until(lambda: "read a5" in reader.heard)
            await send_all(socket, ["a6"])
            await until(lambda: len(reader.heard) == 6)

    assert reader.heard == ["took a1", "read b2", "read a3", "read b4", "read a5", "took a6"]


async def test_once_it_is_over_nothing_is_taken() -> None:
    """What comes while the socket is closed is nobody's."""
    reader = _Reader()
    async with _connected(reader) as socket:
        await send_all(socket, ["a1", "stop", "a2"])
        async with asyncio.timeout(PATIENCE_S):
            await socket.receive()

    assert reader.heard == ["took a1"]


async def test_a_peer_that_is_too_fast_for_the_task_is_held_back() -> None:
    """What waits is bounded: half a MiB, and nothing more is read until the task has read some."""
    reader = _Reader()
    async with _connected(reader) as socket:
        sending = asyncio.create_task(send_all(socket, ["b" * 1_000] * 2_000))
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: not reader.is_reading())
            assert reader.reads == 1
            reader.may_read.set()
            await sending
            await until(lambda: reader.reads == 2_000)


async def test_a_peer_that_says_nothing_is_pinged_and_dropped() -> None:
    """After the heartbeat a ping; without an answer in half that time the socket is over."""
    reader = _Reader()
    async with _connected(reader, heartbeat_s=0.2, autoping=False) as socket:
        async with asyncio.timeout(PATIENCE_S):
            ping = await socket.receive()
            await reader.is_over.wait()

    assert ping.type is WSMsgType.PING


@pytest.mark.parametrize("answer", ["a", "b"])
async def test_a_peer_that_says_anything_is_not_dropped(answer: str) -> None:
    """What it says is as good as a pong, be it taken or read."""
    reader = _Reader()
    reader.may_read.set()
    async with _connected(reader, heartbeat_s=0.2, autoping=False) as socket:
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(4):
                assert (await socket.receive()).type is WSMsgType.PING
                await socket.send_str(answer)
            await until(lambda: len(reader.heard) == 4)

    assert reader.heard[-1].endswith(answer)
