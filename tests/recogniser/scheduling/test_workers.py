"""Who waits for whose ears."""

import asyncio
import threading

from service.recogniser.models.networks import Networks
from service.recogniser.scheduling.workers import open_workers


async def test_sessions_do_not_wait_behind_files(networks: Networks) -> None:
    """Files have one ear among them, however many they are and however long their silence."""
    go_on = threading.Event()
    async with open_workers(networks, 1) as workers, asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(workers.listen(go_on.wait, spare=True))
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(5):
                assert await workers.listen(lambda: "heard") == "heard"
        finally:
            go_on.set()
