"""Bodies that do not come: whoever closed the connection, it is no fault of ours."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from service.web.bodies import read_body
from service.web.connections import Connection
from service.web.limits import Limits
from tests.waiting import until
from tests.web.harness import serving
from tests.web.peers import connected

QUICK = Limits(head_s=5, body_s=0.1, idle_s=5, shutdown_s=0.2, max_connections=8)
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
Read = Callable[[web.Request], Awaitable[object]]


async def read_in_pieces(request: web.Request) -> None:
    """Read as handlers of forms do."""
    while not request.content.at_eof():
        await request.content.readany()


async def read_lines(request: web.Request) -> None:
    """Read as the parts of a form are."""
    while await request.content.readline():
        pass


READS: list[Read] = [partial(read_body, max_bytes=1000), read_in_pieces, read_lines]


class Handler:
    """Reads the first piece, has something happen, and reads on."""

    def __init__(self, read: Read, happens: Callable[[Connection], None]) -> None:
        self._read = read
        self._happens = happens
        self.begun = 0
        self.failures: list[BaseException] = []

    async def has_begun(self, times: int) -> None:
        """Wait until it has the first pieces of so many bodies."""
        await until(lambda: self.begun == times)

    async def has_failed(self, times: int) -> None:
        """Wait until it could not read on so often."""
        await until(lambda: len(self.failures) == times)

    async def post(self, request: web.Request) -> web.Response:
        """Read a body."""
        await request.content.readany()
        self.begun += 1
        connection = cast(Connection, request.protocol)
        asyncio.get_running_loop().call_soon(self._happens, connection)
        try:
            await self._read(request)
        except Exception as error:
            self.failures.append(error)
            raise
        return web.Response()


def room_is_made(connection: Connection) -> None:
    """Close it as a full gate does."""
    connection.make_room()


def room_is_made_while_it_reads(connection: Connection) -> None:
    """Close it right after the end of a chunk came, which wakes the reader."""
    connection.data_received(b"\r\n")
    connection.make_room()


def time_is_up(connection: Connection) -> None:
    """Close it as the gate does with who took too long."""
    connection.data_received(b"\r\n")
    connection.expire(asyncio.get_running_loop().time())


@pytest.mark.parametrize("happens", [room_is_made, room_is_made_while_it_reads, time_is_up])
@pytest.mark.parametrize("read", READS, ids=["body", "pieces", "lines"])
async def test_a_connection_that_the_gate_closes_is_no_fault_of_ours(
    read: Read, happens: Callable[[Connection], None]
) -> None:
    """Nothing of it is logged as one, wherever its handler was in the body."""
    handler, app = Handler(read, happens), web.Application()
    app.router.add_post("/", handler.post)
    with capture_logs() as lines:
        async with serving(app) as (url, _), connected(url) as client:
            await client.send(HEAD + b"4\r\nhalf")
            await client.rest()
            await handler.has_failed(1)

    assert [line for line in lines if line["log_level"] in {"error", "critical"}] == []


@pytest.mark.parametrize("read", READS, ids=["body", "pieces", "lines"])
async def test_who_leaves_in_the_middle_of_a_body_is_no_fault_of_ours(read: Read) -> None:
    """Nor is who sends what are no chunks, or nothing more in time."""
    handler, app = Handler(read, lambda _: None), web.Application()
    app.router.add_post("/", handler.post)
    with capture_logs() as lines:
        async with serving(app, limits=QUICK) as (url, _):
            for number, sent in enumerate((None, b"\r\nzz\r\n", b""), start=1):
                async with connected(url) as client:
                    await client.send(HEAD + b"4\r\nhalf")
                    await handler.has_begun(number)
                    if sent is not None:
                        await client.send(sent)
                        answer = await client.rest()
                        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 "))
                await handler.has_failed(number)

    assert [line for line in lines if line["log_level"] in {"error", "critical"}] == []


@pytest.mark.parametrize("error", [ConnectionResetError("a database"), RuntimeError("ours")])
async def test_a_connection_of_ours_that_breaks_is_a_fault_of_ours(error: Exception) -> None:
    """A handler that lost its database is not what a stranger sent."""

    async def post(request: web.Request) -> web.Response:
        await request.read()
        raise error

    app = web.Application()
    app.router.add_post("/", post)
    with capture_logs() as lines:
        async with serving(app) as (url, client), client.post(url, data=b"{}") as answer:
            assert answer.status == 500

    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["request_failed"]
