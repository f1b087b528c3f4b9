"""Group commit: whatever waits is handled as one batch, in a thread of its own.

Or on the event loop, between everything else: where time is not real, nothing else goes on while
a thread works.
"""

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

import structlog

from service.errors import JournalUnavailableError

MAX_BATCH = 512
CLOSE_TIMEOUT_S = 10.0

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)
Job = tuple[W, asyncio.Future[object]]

log = structlog.get_logger()


class Handler(Protocol[W_contra]):
    """Handles the batches of a worker. Both methods run in the worker's thread, if it has one."""

    def handle(self, batch: Sequence[W_contra]) -> list[object]:
        """Return an outcome for each work: a result, or an exception that is raised for it."""

    def close(self) -> None:
        """Let go of what was opened."""


class Worker(ABC, Generic[W]):
    """Handles work in batches, in order; at most `limit` may wait.

    Made by `open_worker`, or by `open_task_worker`. What it works on is called `on` when too much
    waits for it.
    """

    def __init__(self, *, limit: int, batch_limit: int, on: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._batch_limit = batch_limit
        self._on = on
        self._waiting = 0
        self._closing = False

    async def do(self, work: W) -> object:
        """Queue the work and return its outcome. Cancelled, it may be done all the same.

        Raises:
            JournalUnavailableError: Too much waits already, or the worker is closed.
        """
        if self._closing or self._waiting >= self._limit:
            busy = f"busy: too many changes wait for the {self._on}"
            raise JournalUnavailableError(f"the journal is {'closed' if self._closing else busy}")
        outcome: asyncio.Future[object] = self._loop.create_future()
        self._waiting += 1
        self._queue_up((work, outcome))
        return await outcome

    @abstractmethod
    def _queue_up(self, job: Job[W]) -> None:
        """Have a job handled soon."""

    def _resolve(self, jobs: Sequence[Job[W]], outcomes: Sequence[object]) -> None:
        self._waiting -= len(jobs)
        for (_, waiter), outcome in zip(jobs, outcomes, strict=True):
            if waiter.done():  # cancelled
                continue
            if isinstance(outcome, Exception):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)


def failed(jobs: Sequence[Job[W]], error: Exception) -> list[object]:
    """Return the outcomes of a batch on which the handler itself failed, and log it."""
    with suppress(Exception):  # a log that fails must not end the thread of a worker either
        log.error("journal_worker_failed", exc_info=error)
    return [_unavailable(error) for _ in jobs]


class _HandlingWorker(Worker[W]):
    """A worker with a handler that keeps whoever calls it until it is done."""

    def __init__(self, handler: Handler[W], *, limit: int, batch_limit: int) -> None:
        super().__init__(limit=limit, batch_limit=batch_limit, on="disk")
        self._handler = handler

    @abstractmethod
    async def close(self) -> None:
        """Handle what waits, and close the handler."""

    def _handle(self, jobs: Sequence[Job[W]]) -> list[object]:
        try:
            return self._handler.handle([work for work, _ in jobs])
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it; the worker lives on
            return failed(jobs, error)


class _ThreadWorker(_HandlingWorker[W]):
    """Handles batches in a thread."""

    def __init__(
        self,
        name: str,
        handler: Handler[W],
        *,
        limit: int,
        batch_limit: int,
        close_timeout_s: float,
    ) -> None:
        super().__init__(handler, limit=limit, batch_limit=batch_limit)
        self._close_timeout_s = close_timeout_s
        self._queue: SimpleQueue[Job[W] | None] = SimpleQueue()
        self._ended = asyncio.Event()
        # daemon: a disk that never answers must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Handle what waits, then end the thread; leave it behind if that takes too long."""
        self._closing = True
        self._queue.put(None)
        try:
            async with asyncio.timeout(self._close_timeout_s):
                await self._ended.wait()
        except TimeoutError:
            log.warning("journal_close_timed_out", waiting=self._waiting)
        except asyncio.CancelledError:
            self._thread.join(self._close_timeout_s)
            raise

    def _queue_up(self, job: Job[W]) -> None:
        self._queue.put(job)

    def _run(self) -> None:
        more = True
        while more:
            jobs, more = self._take()
            if jobs:
                self._tell(self._resolve, jobs, self._handle(jobs))
        self._handler.close()
        self._tell(self._ended.set)

    def _take(self) -> tuple[list[Job[W]], bool]:
        jobs = [self._queue.get()]
        jobs += [self._queue.get() for _ in range(min(self._queue.qsize(), self._batch_limit - 1))]
        taken = [job for job in jobs if job is not None]
        return taken, len(taken) == len(jobs)

    def _tell(self, callback: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback, *args)


class _LoopWorker(_HandlingWorker[W]):
    """Handles batches on the event loop."""

    def __init__(self, handler: Handler[W], *, limit: int, batch_limit: int) -> None:
        super().__init__(handler, limit=limit, batch_limit=batch_limit)
        self._queue: deque[Job[W]] = deque()

    async def close(self) -> None:
        """Handle what waits."""
        self._closing = True
        while self._queue:
            self._work()
        self._handler.close()

    def _queue_up(self, job: Job[W]) -> None:
        self._queue.append(job)
        self._loop.call_soon(self._work)

    def _work(self) -> None:
        jobs = [self._queue.popleft() for _ in range(min(len(self._queue), self._batch_limit))]
        if jobs:
            self._resolve(jobs, self._handle(jobs))


def _unavailable(error: Exception) -> JournalUnavailableError:
    unavailable = JournalUnavailableError("the journal failed")
    unavailable.__cause__ = error
    return unavailable


@asynccontextmanager
async def open_worker(
    name: str,
    handler: Handler[W],
    *,
    limit: int,
    batch_limit: int = MAX_BATCH,
    close_timeout_s: float = CLOSE_TIMEOUT_S,
    threaded: bool = True,
) -> AsyncIterator[Worker[W]]:
    """Open a worker; on the way out it handles what still waits, for at most `close_timeout_s`.

    Use it from this event loop's thread only. At most `limit` may wait; `do` refuses what is more.
    A batch holds up to `batch_limit`; its outcomes are returned together. Without a thread of its
    own (`threaded`) the loop waits for each batch, however long it takes.
    """
    worker: _HandlingWorker[W] = (
        _ThreadWorker(
            name, handler, limit=limit, batch_limit=batch_limit, close_timeout_s=close_timeout_s
        )
        if threaded
        else _LoopWorker(handler, limit=limit, batch_limit=batch_limit)
    )
    try:
        yield worker
    finally:
        await worker.close()
