"""Group commit without a thread: whatever waits is handled as one batch, by a task of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Generic, Protocol, TypeVar

import structlog

from service.errors import JournalUnavailableError
from service.journal.worker import CLOSE_TIMEOUT_S, MAX_BATCH
from service.tasks import open_tasks

_FAILED: Final = "the journal failed"

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)

log = structlog.get_logger()


class AsyncHandler(Protocol[W_contra]):
    """Handles the batches of a worker, one at a time."""

    async def handle(self, batch: Sequence[W_contra]) -> list[object]:
        """Return an outcome for each work: a result, or an exception that is raised for it."""

    async def close(self) -> None:
        """Let go of what was opened."""


class AsyncWorker(Generic[W]):
    """Handles work in batches, in order; at most `limit` may wait. Made by `open_async_worker`."""

    def __init__(self, handler: AsyncHandler[W], *, limit: int, batch_limit: int) -> None:
        self._handler = handler
        self._limit = limit
        self._batch_limit = batch_limit
        self._queue: deque[tuple[W, asyncio.Future[object]]] = deque()
        self._busy = 0
        self._closing = False
        self._changed = asyncio.Event()

    async def do(self, work: W) -> object:
        """Queue the work and return its outcome. Cancelled, it may be done all the same.

        Raises:
            JournalUnavailableError: Too much waits already, or the worker is closed.
        """
        if self._closing or len(self._queue) + self._busy >= self._limit:
            state = "closed" if self._closing else "busy: too many changes wait for the database"
            raise JournalUnavailableError(f"the journal is {state}")
        outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._queue.append((work, outcome))
        self._changed.set()
        return await outcome

    async def run(self) -> None:
        """Handle what comes until `stop`, and then what still waits."""
        while self._queue or not self._closing:
            if not self._queue:
                self._changed.clear()
                await self._changed.wait()
                continue
            count = min(len(self._queue), self._batch_limit)
            jobs = [self._queue.popleft() for _ in range(count)]
            self._busy = count
            outcomes = await self._handle([work for work, _ in jobs])
            self._busy = 0
            for (_, waiter), outcome in zip(jobs, outcomes, strict=True):
                _resolve(waiter, outcome)

    def stop(self) -> None:
        """Take no more work; what waits is still done."""
        self._closing = True
        self._changed.set()

    def give_up(self) -> None:
        """Tell all who wait that nothing comes of it."""
        while self._queue:
            _resolve(self._queue.popleft()[1], JournalUnavailableError("the journal is closed"))

    @property
    def waiting(self) -> int:
        """How much waits, or is under way."""
        return len(self._queue) + self._busy

    async def _handle(self, batch: list[W]) -> list[object]:
        try:
            return await self._handler.handle(batch)
        except Exception as error:  # whoever waits must hear of it, and the worker must live on
            log.exception("journal_worker_failed")
            return [_unavailable(error) for _ in batch]


def _resolve(waiter: asyncio.Future[object], outcome: object) -> None:
    if waiter.done():  # cancelled
        return
    if isinstance(outcome, Exception):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)


def _unavailable(error: Exception) -> JournalUnavailableError:
    unavailable = JournalUnavailableError(_FAILED)
    unavailable.__cause__ = error
    return unavailable


@asynccontextmanager
async def open_async_worker(
    handler: AsyncHandler[W],
    *,
    limit: int,
    batch_limit: int = MAX_BATCH,
    close_timeout_s: float = CLOSE_TIMEOUT_S,
) -> AsyncIterator[AsyncWorker[W]]:
    """Open a worker; on the way out it handles what still waits, for at most `close_timeout_s`.

    At most `limit` may wait; `do` refuses what is more. A batch holds up to `batch_limit`; its
    outcomes are returned together.
    """
    worker = AsyncWorker(handler, limit=limit, batch_limit=batch_limit)
    async with open_tasks() as tasks:
        running = tasks.start(worker.run(), "journal_worker")
        try:
            yield worker
        finally:
            worker.stop()
            done, _ = await asyncio.wait([running], timeout=close_timeout_s)
            if not done:
                log.warning("journal_close_timed_out", waiting=worker.waiting)
                worker.give_up()
    await handler.close()
