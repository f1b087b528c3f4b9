"""The hardened HTTP server that all routes of the service are served by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from service.web.connections import Connection, Gate
from service.web.limits import Limits

_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address that a listener is bound to."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL for a client on this machine; no slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@asynccontextmanager
async def open_listener(
    app: web.Application, host: str, port: int, *, limits: Limits | None = None
) -> AsyncIterator[ListenAddress]:
    """Serve `app` until the end of the block; port 0 takes any free one.

    At the end it stops listening, runs `app.on_shutdown`, gives requests that still run
    `limits.shutdown_s` and then cancels them, those of clients that have left as well. Drain
    first.

    Raises:
        OSError: The address is taken, or not of this machine.
    """
    limits = limits or Limits()
    runner = web.AppRunner(app, shutdown_timeout=limits.shutdown_s)
    await runner.setup()
    handlers: set[asyncio.Task[Any]] = set()
    gate = Gate(_watched(cast("web.Server", runner.server), handlers), limits)
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(gate.connection, host, port, backlog=_BACKLOG)
        try:
            bound = server.sockets[0].getsockname()
            yield ListenAddress(host=str(bound[0]), port=int(bound[1]))
        finally:
            server.close()
    finally:
        await runner.cleanup()
        gate.close()
        await _end(handlers, timeout_s=limits.shutdown_s)


def _watched(server: web.Server, handlers: set[asyncio.Task[Any]]) -> web.Server:
    """Tell each connection when a request's head is read, and collect the handlers that run."""
    handle = server.request_handler

    async def watched(request: web.BaseRequest) -> web.StreamResponse:
        cast("Connection", request.protocol).head_read(request.content)
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        handlers.add(task)
        try:
            return await handle(request)
        finally:
            handlers.discard(task)

    server.request_handler = watched
    return server


async def _end(handlers: set[asyncio.Task[Any]], *, timeout_s: float) -> None:
    """Wait for handlers that aiohttp has let go of, because their clients had left."""
    if not handlers:
        return
    _, late = await asyncio.wait(set(handlers), timeout=timeout_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=timeout_s)
