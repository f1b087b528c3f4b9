"""The hardened HTTP server that all routes of the service are served by."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web

from service.web.answers import problem
from service.web.connections import Connection
from service.web.gate import Gate
from service.web.limits import Limits

_BACKLOG = 1024
_GREEDY = "Too many connections from this address."


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


@dataclass(frozen=True, slots=True)
class BoundAddress(ListenAddress):
    """An address that is ours already; connections are refused until somebody listens."""

    sockets: Sequence[socket.socket]


@asynccontextmanager
async def bind_address(
    host: str, port: int, *, shared: bool = False
) -> AsyncIterator[BoundAddress]:
    """Bind an address until the end of the block, so that it is known before anybody listens.

    Port 0 takes any free one; a name that has several addresses is bound on all of them. A
    `shared` address may be bound by other processes of the same user that share it as well.

    Raises:
        OSError: The address is taken, or not of this machine.
    """
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        for family, address in await _addresses(host, port):
            one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setblocking(False)
            # every family has the port that the first was given
            one.bind((address, port or (sockets[0].getsockname()[1] if sockets else 0)))
            sockets.append(one)
        name = sockets[0].getsockname()
        yield BoundAddress(str(name[0]), int(name[1]), sockets)


@asynccontextmanager
async def open_listener(
    app: web.Application, host: str, port: int, *, limits: Limits | None = None
) -> AsyncIterator[ListenAddress]:
    """Bind an address and serve `app` there; see `bind_address` and `listen`."""
    async with bind_address(host, port) as address, listen(app, address, limits=limits):
        yield ListenAddress(address.host, address.port)


@asynccontextmanager
async def listen(
    app: web.Application, address: BoundAddress, *, limits: Limits | None = None
) -> AsyncIterator[None]:
    """Serve `app` at an address until the end of the block. The address is used up then.

    At the end it stops listening, runs `app.on_shutdown`, gives requests that still run
    `limits.shutdown_s` and then cancels them, those of clients that have left as well. Drain
    first.

    Raises:
        OSError: Somebody else listens there.
    """
    limits = limits or Limits()
    runner = web.AppRunner(app, shutdown_timeout=limits.shutdown_s)
    await runner.setup()
    handlers: set[asyncio.Task[Any]] = set()
    gate = Gate(limits)
    watched = _watched(cast("web.Server", runner.server), handlers)
    servers: list[asyncio.Server] = []
    try:
        loop = asyncio.get_running_loop()
        try:
            connect = partial(Connection, gate, watched, loop)
            for one in address.sockets:  # a server closes its socket, which ends the listening
                server = await loop.create_server(connect, sock=one, backlog=_BACKLOG)
                servers.append(server)
            yield
        finally:
            for server in servers:
                server.close()
    finally:
        await runner.cleanup()
        gate.close()
        await _end(handlers, timeout_s=limits.shutdown_s)


async def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    infos = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    return list(dict.fromkeys((family, str(where[0])) for family, _, _, _, where in infos))


def _watched(server: web.Server, handlers: set[asyncio.Task[Any]]) -> web.Server:
    """Tell each connection when a request's head is read, and collect the handlers that run."""
    handle = server.request_handler

    async def watched(request: web.BaseRequest) -> web.StreamResponse:
        if not cast("Connection", request.protocol).head_read(request):
            return problem(HTTPStatus.TOO_MANY_REQUESTS, _GREEDY, headers={"Retry-After": "1"})
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
