"""The supervisor: as many workers as it takes behind one port, started, watched and stopped.

Each worker is `callscribe serve` in a process of its own. They share the port (`SO_REUSEPORT`: the
kernel deals connections out) and the database; a worker that dies is started anew. The supervisor
holds the port and takes no connection itself. A worker whose supervisor is gone drains and stops:
its standard input is a pipe that ends then.
"""

import asyncio
import signal
import tempfile
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from service.exits import HELD_BACK, Exit
from service.pool.seat import Seat
from service.tasks import first_of
from service.web.listen import bind_address

START_S: Final = 10.0
"""If one fails so soon after the first start, whatever it says is wrong would be so again."""
STEADY_S: Final = 60.0
"""A worker that ran so long was sound: the back-off begins anew."""
BACKOFF_S: Final = (0.1, 0.5, 2.0, 10.0, 30.0)
"""Before a worker that died is started anew, each time in a row; the last one stays."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRAVITY: Final = (Exit.OK, Exit.WORK_LEFT, Exit.INTERRUPTED, Exit.FAILED, Exit.USAGE)
"""Of several exit codes, the one that stands last here is that of all."""

log = structlog.get_logger()

Command = Callable[[Seat], Sequence[str]]
"""Returns the program and the arguments of the worker in a seat."""


class Pool:
    """The workers of one port. Use from the event loop only."""

    def __init__(self, command: Command, backoff_s: Sequence[float] = BACKOFF_S) -> None:
        self._command = command
        self._backoff_s = backoff_s
        self._running: dict[Seat, Process] = {}
        self._stopping = asyncio.Event()
        self._rotations = 0
        """How often all were told to read their secrets anew."""

    @property
    def running(self) -> dict[int, int]:
        """The process ids of those who run, by the numbers of their seats."""
        return {seat.number: worker.pid for seat, worker in self._running.items()}

    def tell(self, number: signal.Signals) -> None:
        """Pass a signal on to all workers; after one that stops them, none is started anew."""
        log.info("signal_passed_on", signal=number.name, workers=len(self._running))
        if number == signal.SIGHUP:
            self._rotations += 1
        else:
            self._stopping.set()
        for worker in self._running.values():
            with suppress(ProcessLookupError):  # it has just ended by itself
                worker.send_signal(number)

    async def run(self, seats: Sequence[Seat]) -> int:
        """Keep a worker in each seat until they are told to stop; return the exit code of all."""
        async with asyncio.TaskGroup() as group:
            keeping = [group.create_task(self._keep(seat), name="keep_worker") for seat in seats]
        return max((one.result() for one in keeping), key=_GRAVITY.index)

    async def _keep(self, seat: Seat) -> Exit:
        """Keep a worker in a seat; return how the last one ended."""
        loop, died = asyncio.get_running_loop(), 0
        opened_at = loop.time()
        while True:
            began_at = loop.time()
            code = await self._run_one(seat)
            if self._stopping.is_set():
                return _exit(code)
            at_start = loop.time() - opened_at < START_S
            if code == Exit.USAGE or (code == Exit.FAILED and at_start):  # so it would be again
                log.error("workers_not_started", worker=seat.number, code=code)
                self.tell(signal.SIGTERM)
                return Exit(code)
            died = 1 if loop.time() - began_at >= STEADY_S else died + 1
            delay_s = self._backoff_s[min(died, len(self._backoff_s)) - 1]
            log.error("worker_died", worker=seat.number, code=code, again_in_s=delay_s)
            if await first_of(asyncio.sleep(delay_s), self._stopping.wait()) == 1:
                return Exit.FAILED

    async def _run_one(self, seat: Seat) -> int:
        """Run a worker; return its exit code, which is below zero if a signal killed it."""
        rotations = self._rotations
        with _held_back():
            worker = await create_subprocess_exec(
                *self._command(seat), stdin=PIPE, start_new_session=True
            )  # Ctrl-C reaches it through us, once
        self._running[seat] = worker
        log.info("worker_started", worker=seat.number, process=worker.pid)
        try:
            if self._stopping.is_set():
                with suppress(ProcessLookupError):
                    worker.terminate()
            elif self._rotations != rotations:  # it may have read the old ones already
                with suppress(ProcessLookupError):
                    worker.send_signal(signal.SIGHUP)
            return await worker.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()
            raise
        finally:
            del self._running[seat]


async def supervise(command: Command, host: str, port: int, *, workers: int) -> int:
    """Run this many workers on an address until a signal; return the exit code of all.

    Raises:
        OSError: The address is taken, or not of this machine.
    """
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="callscribe-workers-") as folder:
        async with bind_address(host, port, shared=True) as address:
            pool = Pool(command)
            for one in _SIGNALS:
                loop.add_signal_handler(one, pool.tell, one)
            log.info("workers_started", url=address.url, workers=workers)
            numbers = range(1, workers + 1)
            return await pool.run([Seat(n, workers, address.port, Path(folder)) for n in numbers])


@contextmanager
def _held_back() -> Iterator[None]:
    """Have what is started here inherit that signals wait until it heeds them: they would end it.

    Ours come a moment later. A process is forked before its start first waits for anything, so
    that several may be started at once.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)


def _exit(code: int) -> Exit:
    return Exit(code) if code in set(Exit) else Exit.FAILED
