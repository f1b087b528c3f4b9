"""Clients that have left before their answer began: nothing is logged as if it were our fault."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop
from aiohttp import web
from structlog.testing import capture_logs

from service.api.outgoing import LongAnswer
from service.web.files import FileAnswer
from service.web.outlet import Outlet
from service.web.ranges import RangeAnswer
from tests.waiting import PATIENCE_S, until
from tests.web.harness import serving
from tests.web.peers import GET, connected

SIZE = 4 << 20
UPGRADE = GET.replace(
    b"\r\n\r\n",
    b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
)
Answer = Callable[[web.Request, Path], Awaitable[web.StreamResponse]]


class Pieces:
    """A source of ranges that is all zeros."""

    size_bytes, changed_ns = SIZE, 10**18

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield these bytes."""
        yield bytes(stop - start)

    def close(self) -> None:
        """Let go of nothing."""


async def outlet(request: web.Request, _: Path) -> web.StreamResponse:
    """Answer as the feed does."""
    lost = Outlet(request, lambda: None).lost
    assert lost
    return await stream(request, _)


async def stream(request: web.Request, _: Path) -> web.StreamResponse:
    """Answer piece by piece."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(bytes(SIZE))
    return answer


async def websocket(request: web.Request, _: Path) -> web.StreamResponse:
    """Answer with a handshake."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    return socket


async def file(_: web.Request, path: Path) -> web.StreamResponse:
    """Answer with a file."""
    return FileAnswer(path, size_bytes=SIZE, content_type="audio/wav")


async def ranges(_: web.Request, __: Path) -> web.StreamResponse:
    """Answer with what is made as it is read."""
    return RangeAnswer(Pieces(), content_type="audio/wav")


async def long(_: web.Request, __: Path) -> web.StreamResponse:
    """Answer with an export."""
    return LongAnswer(body=bytes(SIZE))


async def leave_before(answer: Answer, path: Path) -> list[str]:
    """Ask, and leave before the answer begins; return the events that were logged as errors."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        begun.set()
        await until(lambda: not request.protocol.connected)
        try:
            return await answer(request, path)
        finally:
            done.set()

    app = web.Application()
    app.router.add_get("/", handle)
    with capture_logs() as logs:
        async with serving(app) as (url, client), asyncio.timeout(PATIENCE_S):
            async with connected(url) as leaver:
                await leaver.send(UPGRADE if answer is websocket else GET)
                await begun.wait()
                leaver.writer.transport.abort()
                await done.wait()
            async with client.get(f"{url}/other") as other:  # the one before is over by then
                assert other.status == 404
    return [str(one["event"]) for one in logs if one["log_level"] in ("error", "critical")]


Run = Callable[[Coroutine[Any, Any, list[str]]], list[str]]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("answer", [outlet, stream, websocket, file, ranges, long])
def test_a_client_that_has_left_is_no_error(run: Run, answer: Answer, tmp_path: Path) -> None:
    """On the loop of the tests and on that of the service, whatever kind the answer is of."""
    path = tmp_path / "audio.wav"
    path.write_bytes(bytes(SIZE))

    assert run(partial(leave_before, answer, path)()) == []
