"""Connections that we open: what is answered is heard, whatever it comes with."""

import asyncio
import socket
from collections.abc import Iterable
from functools import partial
from typing import Any

import aiohttp
import pytest

from service.client_connections import ClientConnector, ClientProtocol
from tests.odd_answers import ODD
from tests.raw_server import RawServer, open_raw_server

PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
BODY_BYTES = 1_000_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Cutting(ClientProtocol):
    """Takes what comes as if packets ended at these places of it, wherever they did."""

    def __init__(self, loop: asyncio.AbstractEventLoop, cuts: Iterable[int]) -> None:
        super().__init__(loop)
        self._cuts = set(cuts)
        self._came = 0

    def data_received(self, data: bytes) -> None:
        """Take it in parts."""
        start = 0
        for end in range(1, len(data) + 1):
            if self._came + end in self._cuts or end == len(data):
                super().data_received(data[start:end])
                start = end
        self._came += len(data)


class CuttingConnector(ClientConnector):
    """Makes such connections."""

    def __init__(self, cuts: Iterable[int]) -> None:
        super().__init__()
        made_by: partial[Any] = partial(Cutting, self._loop, cuts)
        self._factory = made_by


async def status_of(server: RawServer, cuts: Iterable[int] = ()) -> int:
    """Ask once, let go, and return the status; all connections must be closed in the end."""
    async with (
        aiohttp.ClientSession(connector=CuttingConnector(cuts)) as session,
        session.post(server.origin, data=b"{}", allow_redirects=False) as response,
    ):
        status = response.status
    await server.all_closed()
    return status


@pytest.mark.parametrize("name", ODD)
async def test_a_status_is_heard_whatever_comes_with_it(name: str) -> None:
    """Also if what follows in the same packet is no HTTP; nothing is left open."""
    answer, status = ODD[name]
    async with open_raw_server(answer) as server:
        assert await status_of(server) == status


@pytest.mark.parametrize("name", [one for one in ODD if b"\r\n\r\n" in ODD[one][0][:400]])
async def test_a_head_is_heard_in_whatever_pieces_it_comes(name: str) -> None:
    """Even a byte at a time."""
    answer, status = ODD[name]
    async with open_raw_server(answer[:400]) as server:
        assert await status_of(server, cuts=range(400)) == status


@pytest.mark.parametrize("before", [b"", PROCESSING, b"\r\n\r\n"])
async def test_a_head_is_heard_wherever_a_packet_ends(before: bytes) -> None:
    """What follows it is no HTTP, and has an empty line in it like the end of a head."""
    answer = before + b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\nno\r\n\r\nHTTP"
    for cut in range(len(answer)):
        async with open_raw_server(answer) as server:
            assert await status_of(server, cuts=[cut]) == 204


async def test_a_connection_is_used_again() -> None:
    """Its second answer is heard like the first."""
    async with (
        open_raw_server(PROCESSING * 16 + OK) as server,
        aiohttp.ClientSession(connector=ClientConnector()) as session,
    ):
        for _ in range(3):
            async with session.post(server.origin, data=b"{}") as response:
                assert response.status == 200
        assert len(server.open) == 1

    assert server.requests == 3


@pytest.mark.parametrize("packets", [(), (PROCESSING * 16, PROCESSING + OK)])
async def test_interim_answers_without_end_are_no_answer(packets: tuple[bytes, ...]) -> None:
    """They would keep the loop busy for as long as the attempt may take."""
    more = b"" if packets else PROCESSING * 1000
    async with open_raw_server(*packets, goes_on_with=more) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="too many interim answers"):
            await status_of(server)
        await server.all_closed()


@pytest.mark.parametrize("sent", [b"\n", b"\r\n"])
async def test_empty_lines_without_end_are_no_answer(sent: bytes) -> None:
    """The parser skips them before a head: each is looked at, so they have to end some time."""
    async with open_raw_server(goes_on_with=sent * 50_000) as server:
        with pytest.raises(aiohttp.ClientResponseError, match="too long a head"):
            await status_of(server)
        await server.all_closed()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"])
async def test_what_nobody_reads_is_not_waited_for(answer: bytes) -> None:
    """Neither without an answer in time, nor after one: what was not sent by then never is."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        connector = ClientConnector(socket_factory=small_socket)
        async with aiohttp.ClientSession(connector=connector) as session:
            posting = asyncio.create_task(post(session, url))
            link, _ = await loop.sock_accept(listener)
            with link:
                await loop.sock_sendall(link, answer)
                assert await posting == (413 if answer else None)
                received = 0
                while data := await loop.sock_recv(link, 65_536):
                    received += len(data)

    assert received < BODY_BYTES


def small_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket that takes little ahead of what is read."""
    family, kind, protocol, _, _ = info
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return made


async def post(session: aiohttp.ClientSession, url: str) -> int | None:
    """Post a large body; return the status, or None without one in time."""
    timeout = aiohttp.ClientTimeout(total=0.2)
    try:
        async with session.post(url, data=b"x" * BODY_BYTES, timeout=timeout) as response:
            return response.status
    except TimeoutError:
        return None
