"""A proxy between a worker and its database, which can be cut through without a word."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65_536


class Proxy:
    """Passes bytes on both ways. Cut, it passes nothing and tells nobody: as a firewall drops."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self._target = host, port
        self._open = asyncio.Event()
        self._open.set()

    def cut(self) -> None:
        """Pass nothing on any more."""
        self._open.clear()

    def mend(self) -> None:
        """Go on."""
        self._open.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until an end closes it."""
        try:
            await self._open.wait()
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, back), name="there")
                both.create_task(self._pass(there, writer), name="back")
        finally:
            for one in (writer, back):
                one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def open_proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    """Serve a proxy to a server on a free port of this machine."""
    proxy = Proxy(host, port)
    serving: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            serving.add(task)
        with suppress(asyncio.CancelledError):
            await proxy.take(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
