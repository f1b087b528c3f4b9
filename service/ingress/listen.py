"""The hardened HTTP server that all routes of the service are served by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from service.ingress.connections import Connection, Gate
from service.ingress.limits import Limits

_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a listener is to be reached."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address for a client on this machine; no slash at the end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@asynccontextmanager
async def open_listener(
    app: web.Application, host: str, port: int, *, limits: Limits | None = None
) -> AsyncIterator[Listener]:
    """Serve `app` until the end of the block; port 0 takes any free one.

    At the end it stops to listen, runs `app.on_shutdown`, gives what still runs
    `limits.shutdown_s`, and cuts it off: drain first.

    Raises:
        OSError: The address is taken, or not of this machine.
    """
    limits = limits or Limits()
    runner = web.AppRunner(app, shutdown_timeout=limits.shutdown_s)
    await runner.setup()
    gate = Gate(_watched(cast("web.Server", runner.server)), limits)
    try:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(gate.connection, host, port, backlog=_BACKLOG)
        try:
            bound = server.sockets[0].getsockname()
            yield Listener(host=str(bound[0]), port=int(bound[1]))
        finally:
            server.close()
    finally:
        await runner.cleanup()
        gate.close()


def _watched(server: web.Server) -> web.Server:
    """Have every connection told when the head of a request has been read."""
    handle = server.request_handler

    async def watched(request: web.BaseRequest) -> web.StreamResponse:
        protocol: RequestHandler = request.protocol
        if isinstance(protocol, Connection):
            protocol.head_read(request.content)
        return await handle(request)

    server.request_handler = watched
    return server
