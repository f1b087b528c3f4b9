"""The network of the virtual machine: listeners, and connections in memory with a latency."""

import asyncio
import errno
import random
import socket
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import count

from tests.proof.virtual.process import Process, running_process
from tests.proof.virtual.transport import Link, VirtualTransport

FIRST_PORT = 20_000
LATENCY_S = (0.0002, 0.004)
"""Of a connection, each way: drawn once for each, so that what is sent in order comes in order."""

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


@dataclass(frozen=True, slots=True)
class _Name:
    """Stands for a server's socket, which is asked for its address."""

    address: tuple[str, int]

    def getsockname(self) -> tuple[str, int]:
        return self.address


@dataclass(slots=True, eq=False)
class VirtualServer(asyncio.AbstractServer):
    """A listener."""

    network: "Network"
    address: tuple[str, int]
    factory: ProtocolFactory
    context: Context
    process: Process | None
    sock: socket.socket | None = None
    sockets: tuple[_Name, ...] = field(default=())

    def __post_init__(self) -> None:
        self.sockets = (_Name(self.address),)

    def close(self) -> None:
        """Refuse connections from now on; those that are made live on."""
        self.network.unlisten(self)
        self.sockets = ()
        if self.sock is not None:
            self.sock.close()

    async def wait_closed(self) -> None:
        """Return: there is nothing to wait for."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return asyncio.get_running_loop()

    def is_serving(self) -> bool:
        """Say whether it takes connections."""
        return bool(self.sockets)

    async def start_serving(self) -> None:
        """Return: it serves from the beginning."""

    async def serve_forever(self) -> None:
        """Wait until somebody cancels this."""
        await self.get_loop().create_future()


class Network:
    """Finds listeners and makes connections to them. `seed` decides the latencies."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int | str) -> None:
        self._loop = loop
        self._rng = random.Random(f"network {seed}")  # noqa: S311 - repeatable is what it is for
        self._ports = count(FIRST_PORT)
        self._listeners: dict[tuple[str, int], VirtualServer] = {}
        self._links: list[Link] = []
        self._gone: set[Process] = set()

    def listen(
        self, factory: ProtocolFactory, host: str, port: int, sock: socket.socket | None
    ) -> VirtualServer:
        """Open a listener; port 0 is the next free one.

        Raises:
            OSError: Somebody listens there.
        """
        address = host, port or next(self._ports)
        if address in self._listeners:
            raise OSError(errno.EADDRINUSE, "address already in use")
        server = VirtualServer(self, address, factory, copy_context(), running_process(), sock)
        self._listeners[address] = server
        return server

    def unlisten(self, server: VirtualServer) -> None:
        """Close a listener."""
        if self._listeners.get(server.address) is server:
            del self._listeners[server.address]

    def find(self, host: str, port: int) -> VirtualServer:
        """Return the listener at an address.

        Raises:
            ConnectionRefusedError: Nobody listens there, or the caller has no network any more.
        """
        server = self._listeners.get((host, port))
        if server is None or running_process() in self._gone:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "connection refused")
        return server

    async def connect(
        self, host: str, port: int, factory: ProtocolFactory
    ) -> tuple[VirtualTransport, asyncio.BaseProtocol]:
        """Connect to a listener; takes a round trip.

        Raises:
            ConnectionRefusedError: See `find`; also if it went away meanwhile.
        """
        self.find(host, port)
        latency_s = self._rng.uniform(*LATENCY_S)
        await asyncio.sleep(2 * latency_s)
        server = self.find(host, port)
        protocol = factory()
        link = Link(self._loop, latency_s, (running_process(), server.process))
        here = ("127.0.0.1", next(self._ports))
        near, far = link.ends(here, server.address, server.context)
        self._links = [each for each in self._links if not each.over]
        self._links.append(link)
        near.begin(protocol)
        far.serve(server.factory)
        return near, protocol

    def forget_busiest(self, process: Process) -> None:
        """Have the busiest connection to a process carry nothing more, and tell neither end."""
        mine = [link for link in self._links if link.processes[1] is process and not link.over]
        if mine:
            max(mine, key=lambda link: link.carried_bytes).is_dead = True

    def cut(self, process: Process) -> None:
        """Take the network away from a process: its peers are reset, its listeners are gone."""
        self._gone.add(process)
        for server in [each for each in self._listeners.values() if each.process is process]:
            server.close()
        for link in self._links:
            if process in link.processes:
                link.reset()
