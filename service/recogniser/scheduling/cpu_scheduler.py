"""Who may use a processor core next: finals, then partials, then files; first come first served."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from service.recogniser.scheduling.load import Load
from service.recogniser.scheduling.priority import Priority

T = TypeVar("T")


class CpuClaim:
    """One claim on a core, made by `CpuScheduler.claim`. Wait for `granted`, then `run` once."""

    def __init__(self, scheduler: "CpuScheduler", priority: Priority) -> None:
        loop = asyncio.get_running_loop()
        self.priority = priority
        """As it was asked for."""
        self.asked_at = loop.time()
        self.granted: asyncio.Future[None] = loop.create_future()
        self._scheduler = scheduler
        self._running = False

    def hurry(self) -> None:
        """Queue a partial's claim as a final's from now on; others stay as they are."""
        self._scheduler.promote(self)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread. If cancelled, the core stays taken until `work` is done."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        future = self._scheduler.pool.submit(work)
        self._running = True
        future.add_done_callback(
            lambda _: loop.call_soon_threadsafe(self._scheduler.give_back, self)
        )
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._scheduler.load.worked(self.priority, loop.time() - began)

    def end(self) -> None:
        """Leave the queue, or give the core back unless a thread is still at work on it."""
        if not self.granted.done() or self.granted.cancelled():
            self._scheduler.withdraw(self)
        elif not self._running:
            self._scheduler.give_back(self)


class CpuScheduler:
    """Hands out `cores` threads, one claim at a time.

    The queue is as long as there are sessions and files: each has one claim at a time. Claims of
    `Priority.BATCH` leave one core of several to the others, who then wait for no more than each
    other.
    """

    def __init__(self, pool: ThreadPoolExecutor, cores: int, load: Load) -> None:
        self.pool = pool
        self.load = load
        self._free = cores
        self._free_for_batch = max(1, cores - 1)
        # Dicts for their order: the first key is served next, and any can be taken out.
        self._queues: dict[Priority, dict[CpuClaim, None]] = {one: {} for one in Priority}

    @property
    def waiting(self) -> int:
        """How many claims wait for a core."""
        return sum(map(len, self._queues.values()))

    @property
    def idle(self) -> bool:
        """Whether a claim would be granted at once."""
        return self._free > 0

    @asynccontextmanager
    async def claim(self, priority: Priority) -> AsyncIterator[CpuClaim]:
        """Ask for a core; leaving the context gives it up."""
        claim = CpuClaim(self, priority)
        self._queues[priority][claim] = None
        self._grant()
        try:
            yield claim
        finally:
            claim.end()

    def promote(self, claim: CpuClaim) -> None:
        """Put a partial's claim that waits at the end of the finals'."""
        if claim in self._queues[Priority.PARTIAL]:
            del self._queues[Priority.PARTIAL][claim]
            self._queues[Priority.FINAL][claim] = None

    def withdraw(self, claim: CpuClaim) -> None:
        """Take a claim that waits out of the queue."""
        for queue in self._queues.values():
            queue.pop(claim, None)

    def give_back(self, claim: CpuClaim) -> None:
        """The core of this claim is free again."""
        self._free += 1
        self._free_for_batch += claim.priority is Priority.BATCH
        self._grant()

    def _grant(self) -> None:
        while self._free and (queue := self._next_queue()):
            claim = next(iter(queue))
            del queue[claim]
            if not claim.granted.done():
                self._free -= 1
                self._free_for_batch -= claim.priority is Priority.BATCH
                claim.granted.set_result(None)
                waited_s = asyncio.get_running_loop().time() - claim.asked_at
                self.load.waited(claim.priority, waited_s)

    def _next_queue(self) -> dict[CpuClaim, None]:
        for priority, queue in self._queues.items():
            if queue and (priority is not Priority.BATCH or self._free_for_batch):
                return queue
        return {}


@asynccontextmanager
async def open_cpu_scheduler(cores: int, load: Load | None = None) -> AsyncIterator[CpuScheduler]:
    """Open a pool of `cores` threads; on exit wait for the work that is running."""
    pool = ThreadPoolExecutor(cores, thread_name_prefix="recogniser-decode")
    try:
        yield CpuScheduler(pool, cores, load or Load())
    finally:
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)
