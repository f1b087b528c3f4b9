"""A server that answers what a test writes, in the packets that it writes it in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from tests.waiting import until


@dataclass
class RawServer:
    """Its connections stay open for as long as the other side lets them."""

    packets: Sequence[bytes]
    """What each request is answered with."""
    goes_on_with: bytes = b""
    """What follows, over and over, until the other side hangs up."""
    reads: bool = True
    answers: int | None = None
    """How many requests of a connection it answers: it hangs up over the next; None for all."""
    port: int = 0
    requests: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """Return where it is, without a slash."""
        return f"http://127.0.0.1:{self.port}"

    async def all_closed(self) -> None:
        """Wait until the other side has closed all connections."""
        await until(lambda: not self.open)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        self.open.add(writer)
        try:
            for number in count():
                await self._take(reader)
                self.requests += 1
                if number == self.answers:
                    return
                await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        if not self.reads:
            await asyncio.Event().wait()
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        for packet in self.packets:
            writer.write(packet)
            await writer.drain()
        while self.goes_on_with:
            writer.write(self.goes_on_with)
            await writer.drain()


@asynccontextmanager
async def open_raw_server(
    *packets: bytes, goes_on_with: bytes = b"", answers: int | None = None
) -> AsyncIterator[RawServer]:
    """Listen on a free port of this machine."""
    raw = RawServer(packets, goes_on_with, answers=answers)
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.port = server.sockets[0].getsockname()[1]
    async with server:
        yield raw
