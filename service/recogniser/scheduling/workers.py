"""What all sessions of a process share: the networks, and the threads they run on."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.cpu_scheduler import Turns, open_turns
from service.recogniser.scheduling.load import Load

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Workers:
    """The threads: `turns` for decoding, `ears` for voice detection.

    Ears have threads of their own, so that the end of speech is noticed on time even while
    every core decodes. Files share one ear, so that no session waits behind their silence.
    """

    networks: Networks
    turns: Turns
    ears: ThreadPoolExecutor
    spare_ear: ThreadPoolExecutor

    async def listen(self, work: Callable[[], T], *, spare: bool = False) -> T:
        """Run a `Listener`'s method off the event loop; `spare` is for files."""
        ears = self.spare_ear if spare else self.ears
        return await asyncio.get_running_loop().run_in_executor(ears, work)


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
    ears = ThreadPoolExecutor(cores, thread_name_prefix="recogniser-ears")
    spare_ear = ThreadPoolExecutor(1, thread_name_prefix="recogniser-spare-ear")
    async with open_turns(cores, load) as turns:
        try:
            yield Workers(networks, turns, ears, spare_ear)
        finally:
            await asyncio.to_thread(ears.shutdown, cancel_futures=True)
            await asyncio.to_thread(spare_ear.shutdown, cancel_futures=True)
