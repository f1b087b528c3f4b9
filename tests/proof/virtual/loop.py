"""An event loop in virtual time: when there is nothing to do, the clock jumps to the next timer.

Nothing waits, and nothing is concurrent but what the seed makes so: the same program with the same
seed does the same things in the same order, at the same times.
"""

import asyncio
import heapq
import socket
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from tests.proof.virtual.network import Network, VirtualServer
from tests.proof.virtual.process import Process, owner_of

BEGINS_AT_S = 1_000.0
"""The loop's clock at the start: a machine that has run for a while."""
TURN_S = 1e-7
"""What a turn of the loop takes."""


class DeadlockError(RuntimeError):
    """Everything waits for something that nothing will ever do."""


class _Jump:
    """Stands where the selector stands: instead of waiting, it moves the clock on.

    A turn of the loop takes some time, as it does elsewhere: whoever looks at the clock until it
    is late enough comes to an end.
    """

    def __init__(self) -> None:
        self.now = BEGINS_AT_S

    def select(self, timeout_s: float | None) -> Sequence[object]:
        if timeout_s is None:
            raise DeadlockError("nothing is due, ever")
        self.now += timeout_s + TURN_S
        return ()


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop of a machine. What would run in a thread runs at once, in its place."""

    _ready: Any
    _scheduled: list[Any]

    def __init__(self, seed: int | str = 0) -> None:
        super().__init__()
        self._jump = self._selector = _Jump()
        self._clock_resolution = 1e-9
        self._dialled: dict[int, tuple[str, int]] = {}
        self._stopped: set[Process] = set()
        self.network = Network(self, seed)

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._jump.now

    def stand_still(self, seconds: float) -> None:
        """Have this turn of the loop take so long."""
        self._jump.now += seconds

    def stop_process(self, process: Process) -> None:
        """Have a process stand still (SIGSTOP): nothing of it runs, and its peers see nothing."""
        self._stopped.add(process)
        for index, handle in enumerate(self._ready):
            if process.owns(handle):
                process.parked.append(handle)
                self._ready[index] = _nothing(self)  # the loop has counted what is ready
        timers = [handle for handle in self._scheduled if process.owns(handle)]
        process.parked += sorted(timers)
        self._scheduled[:] = [handle for handle in self._scheduled if not process.owns(handle)]
        heapq.heapify(self._scheduled)

    def continue_process(self, process: Process) -> None:
        """Let a process go on where it stood; its timers that are due ring at once."""
        self._stopped.discard(process)
        parked, process.parked = process.parked, []
        for handle in parked:
            if isinstance(handle, asyncio.TimerHandle):
                heapq.heappush(self._scheduled, handle)
            else:
                self._ready.append(handle)

    def kill_process(self, process: Process) -> None:
        """Have a process stand still, and cut it off: its peers see that it is gone (SIGKILL)."""
        self.stop_process(process)
        self.network.cut(process)

    # --- what BaseEventLoop asks for ---------------------------------------------------------

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback; if its process stands still, it waits for that to end."""
        handle = super().call_soon(callback, *args, context=context)
        if self._stopped:
            process = owner_of(handle)
            if process is not None and process in self._stopped:
                process.parked.append(self._ready.pop())
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule a callback: there is one thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self, executor: object, func: Callable[..., Any], *args: object
    ) -> "asyncio.Future[Any]":
        """Run a function at once, whoever was to run it."""
        del executor
        future: asyncio.Future[Any] = self.create_future()
        try:
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    def _process_events(self, event_list: Sequence[object]) -> None:
        del event_list

    def _write_to_self(self) -> None:
        """Wake nobody: there is one thread."""

    # --- the network -------------------------------------------------------------------------

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:  # noqa: ANN401 - as asyncio has it
        """Connect a socket: only note where to, `create_connection` does it."""
        host, port = str(address[0]), int(address[1])
        self.network.find(host, port)
        self._dialled[sock.fileno()] = host, port

    async def create_connection(  # type: ignore[override] # there is no TLS and no Unix socket
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        **_options: object,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect to a listener of this machine."""
        if sock is not None:
            host, port = self._dialled.pop(sock.fileno())
            sock.close()
        return await self.network.connect(str(host), int(port or 0), protocol_factory)

    async def create_server(  # type: ignore[override] # as above
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        **_options: object,
    ) -> VirtualServer:
        """Listen. A bound socket lends its address, and is closed with the server."""
        if sock is not None:
            host, port = sock.getsockname()[:2]
        return self.network.listen(protocol_factory, str(host), int(port or 0), sock)


def _nothing(loop: asyncio.AbstractEventLoop) -> asyncio.Handle:
    """Return a callback that was cancelled."""
    handle = asyncio.Handle(lambda: None, (), loop)
    handle.cancel()
    return handle
