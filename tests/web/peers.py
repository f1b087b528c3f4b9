"""Clients that do not behave: raw sockets against a listener."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.waiting import PATIENCE_S

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class RawClient:
    """One TCP connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send, and wait until the socket has taken it."""
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, *, every_s: float) -> None:
        """Send one byte at a time until all is sent or the other side has had enough."""
        for nth in range(len(data)):
            try:
                await self.send(data[nth : nth + 1])
            except ConnectionError:
                return
            await asyncio.sleep(every_s)  # the pace is the attack

    async def answer(self) -> bytes:
        """Return one answer without its headers' values: its status line."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await self.reader.readexactly(int(length or b"0"))
        return head.partition(b"\r\n")[0]

    async def rest(self) -> bytes:
        """Return all that comes until the other side closes."""
        received = bytearray()
        with suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while chunk := await self.reader.read(65_536):
                    received += chunk
        return bytes(received)

    async def rest_while_dripping(self, data: bytes) -> bytes:
        """Send slowly, and return all that comes until the other side closes."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.drip(data, every_s=0.03), name="drip")
            return await self.rest()

    async def seconds_to_close(self) -> float:
        """Return after how long the other side closes."""
        begun = asyncio.get_running_loop().time()
        await self.rest()
        return asyncio.get_running_loop().time() - begun


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[RawClient]:
    """Connect to a listener."""
    host, port = url.removeprefix("http://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield RawClient(reader, writer)
    finally:
        writer.close()
