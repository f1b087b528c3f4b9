"""A proxy between browser and service, whose connections can be cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class CuttableProxy:
    """Carries bytes both ways. `cut` breaks every connection, and `restore` takes new ones."""

    def __init__(self, group: asyncio.TaskGroup, host: str, port: int) -> None:
        self.url = ""
        self._group = group
        self._service = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    async def restore(self) -> None:
        """Take connections, again on the same port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    def cut(self) -> None:
        """Break every connection, and take none."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection(*self._service)
        self._group.create_task(self._pump(reader, here))
        await self._pump(there, writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # it was cut
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def open_proxy(url: str) -> AsyncIterator[CuttableProxy]:
    """Open a proxy to a service; at the end it is cut."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    async with asyncio.TaskGroup() as group:
        proxy = CuttableProxy(group, address.hostname, address.port)
        await proxy.restore()
        try:
            yield proxy
        finally:
            proxy.cut()
