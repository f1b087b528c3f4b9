"""Group commit without a thread: whatever waits is handled as one batch, by a task of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import structlog

from service.errors import JournalUnavailableError
from service.journal.worker import CLOSE_TIMEOUT_S, MAX_BATCH, Job, Worker, failed
from service.tasks import open_tasks

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)

log = structlog.get_logger()


class AsyncHandler(Protocol[W_contra]):
    """Handles the batches of a worker, one at a time."""

    async def handle(self, batch: Sequence[W_contra]) -> list[object]:
        """Return an outcome for each work: a result, or an exception that is raised for it."""

    async def close(self) -> None:
        """Let go of what was opened."""


class _TaskWorker(Worker[W]):
    """Handles batches in a task: `run` it."""

    def __init__(self, handler: AsyncHandler[W], *, limit: int, batch_limit: int) -> None:
        super().__init__(limit=limit, batch_limit=batch_limit, on="database")
        self._handler = handler
        self._queue: deque[Job[W]] = deque()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Handle what comes until it is closed, and then what still waits."""
        while self._queue or not self._closing:
            if not self._queue:
                self._changed.clear()
                await self._changed.wait()
                continue
            count = min(len(self._queue), self._batch_limit)
            jobs = [self._queue.popleft() for _ in range(count)]
            self._resolve(jobs, await self._handle(jobs))

    def stop(self) -> None:
        """Take no more work; what waits is still done."""
        self._closing = True
        self._changed.set()

    def give_up(self) -> None:
        """Tell all who wait that nothing comes of it."""
        log.warning("journal_close_timed_out", waiting=self._waiting)
        left = list(self._queue)
        self._queue.clear()
        self._resolve(left, [JournalUnavailableError("the journal is closed") for _ in left])

    def _queue_up(self, job: Job[W]) -> None:
        self._queue.append(job)
        self._changed.set()

    async def _handle(self, jobs: Sequence[Job[W]]) -> list[object]:
        try:
            return await self._handler.handle([work for work, _ in jobs])
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it; the worker lives on
            return failed(jobs, error)


@asynccontextmanager
async def open_task_worker(
    handler: AsyncHandler[W],
    *,
    limit: int,
    batch_limit: int = MAX_BATCH,
    close_timeout_s: float = CLOSE_TIMEOUT_S,
) -> AsyncIterator[Worker[W]]:
    """Open a worker; on the way out it handles what still waits, for at most `close_timeout_s`.

    At most `limit` may wait; `do` refuses what is more. A batch holds up to `batch_limit`; its
    outcomes are returned together.
    """
    worker = _TaskWorker(handler, limit=limit, batch_limit=batch_limit)
    async with open_tasks() as tasks:
        running = tasks.start(worker.run(), "journal_worker")
        try:
            yield worker
        finally:
            worker.stop()
            done, _ = await asyncio.wait([running], timeout=close_timeout_s)
            if not done:
                worker.give_up()
    await handler.close()
