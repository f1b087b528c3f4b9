"""What the machine runs out of: descriptors and disk."""

import asyncio
import shutil
import sys
from pathlib import Path

from tests.chaos.faults.slow import crowd
from tests.chaos.oracle import SkippedError, Verdict
from tests.chaos.world import open_world
from tests.small_disk import fill, small_disk

_CROWD = 200
_DISK = "12m"


async def without_descriptors(
    folder: Path, seed: str, rounds: int, *, short: bool
) -> list[Verdict]:
    """Have the process open nothing more, neither connections nor files."""
    if sys.platform != "linux":
        raise SkippedError("it needs prlimit and /proc")
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                with world.service.without_descriptors():
                    async with crowd(world.service.port, _CROWD):
                        await asyncio.sleep(2.0 if short else 10.0)
                world.mark()
                await world.arrival()
        await world.settle()
        return [world.verdict("EMFILE", rounds)]


async def full_disk(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Fill the disk that has the journal and the log, and kill the service while it is full."""
    with small_disk(folder, _DISK) as disk:
        if disk is None:
            raise SkippedError("no tmpfs can be mounted here")
        async with open_world(disk, seed, short=short) as world:
            async with world.load():
                await world.begin()
                for number in range(rounds):
                    fill(disk / "full")
                    await asyncio.sleep(2.0 if short else 5.0)
                    if number % 2:
                        await world.service.kill()
                    (disk / "full").unlink()
                    world.mark()
                    if not world.service.runs:
                        await world.service.start()
                    await world.service.ready()  # what was under way to the receiver arrives, too
                    await world.arrival()
            await world.settle()
            if not world.telnyx.repeats:
                world.problems.append("the disk was full, and all was acknowledged")
            shutil.copy(disk / "log.jsonl", folder / "log.jsonl")
            return [world.verdict("disk full, log on it", rounds)]
