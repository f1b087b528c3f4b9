"""Who waits for whose threads."""

import asyncio
import threading

from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.workers import open_workers
from tests.waiting import PATIENCE_S, until


async def test_sessions_do_not_wait_behind_files(networks: Networks) -> None:
    """Files share one thread, however many they are and however long their silence."""
    begun, go_on = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        go_on.wait()

    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(workers.run_front_end(block, batch=True))
        await until(begun.is_set)
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await workers.run_front_end(lambda: "heard") == "heard"
        finally:
            go_on.set()
