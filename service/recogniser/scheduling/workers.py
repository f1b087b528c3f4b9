"""What all sessions of a process share: the networks, and the threads they run on."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.cpu_scheduler import CpuScheduler, open_cpu_scheduler
from service.recogniser.scheduling.load import Load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workers:
    """The threads: those of `cpu` decode, the others run front ends.

    Front ends have threads of their own, so that the end of speech is noticed on time even while
    every core decodes. Files share one thread, so that no session waits behind their silence.
    """

    networks: Networks
    cpu: CpuScheduler
    live_pool: ThreadPoolExecutor
    batch_pool: ThreadPoolExecutor

    async def run_front_end(self, work: Callable[[], T], *, batch: bool = False) -> T:
        """Run a `FrontEnd`'s method off the event loop; `batch` is for files."""
        pool = self.batch_pool if batch else self.live_pool
        return await asyncio.get_running_loop().run_in_executor(pool, work)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@asynccontextmanager
async def open_workers(
    networks: Networks, cores: int, load: Load | None = None
) -> AsyncIterator[Workers]:
    """Open threads for `cores` cores; on exit wait for what is running."""
    live_pool = ThreadPoolExecutor(cores, thread_name_prefix="recogniser-front-end")
    batch_pool = ThreadPoolExecutor(1, thread_name_prefix="recogniser-batch-front-end")
    async with open_cpu_scheduler(cores, load) as cpu:
        try:
            yield Workers(networks, cpu, live_pool, batch_pool)
        finally:
            await asyncio.to_thread(live_pool.shutdown, cancel_futures=True)
            await asyncio.to_thread(batch_pool.shutdown, cancel_futures=True)
