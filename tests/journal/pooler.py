"""A pooler between a service and PostgreSQL.

One that shares sessions, as PgBouncer may be told to, has nobody hear anything: when something is
to be told, the session is somebody else's.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_CHUNK = 65_536
_HEAD = struct.Struct("!ci")
_KEY = struct.Struct("!ii")
_OWN_NUMBER = 7


class Pooler:
    """Passes everything on, and makes up numbers of its own for sessions.

    Notifications it passes on unless it shares sessions.
    """

    def __init__(self, host: str, port: int, *, shares: bool) -> None:
        self._target = host, port
        self._shares = shares

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until an end closes it."""
        there, back = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, back), name="there")
                both.create_task(self._pass_on(there, writer), name="back")
        finally:
            for one in (writer, back):
                one.close()

    async def _pass_on(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                kind, length = _HEAD.unpack(head := await server.readexactly(_HEAD.size))
                body = await server.readexactly(length - 4)
                if kind == b"A" and self._shares:
                    continue
                if kind == b"K":
                    body = _KEY.pack(_OWN_NUMBER, _KEY.unpack(body[: _KEY.size])[1])
                client.write(head + body)
                await client.drain()
        client.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def open_pooler(url: str, *, shares: bool = True) -> AsyncIterator[str]:
    """Serve a pooler to the server of this URL; yield the URL that goes through it."""
    parts = urlsplit(url)
    pooler = Pooler(parts.hostname or "127.0.0.1", parts.port or 5432, shares=shares)
    serving: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            serving.add(task)
        with suppress(asyncio.CancelledError):
            await pooler.take(reader, writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    place = f"{parts.username or 'postgres'}@127.0.0.1:{port}"
    query = "&".join(filter(None, (parts.query, "sslmode=disable")))
    try:
        yield urlunsplit(parts._replace(netloc=place, query=query))
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
