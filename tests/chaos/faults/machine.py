"""What the machine runs out of: descriptors, disk, and places for connections."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.world import World, open_world
from tests.small_disk import fill, small_disk

_CROWD = 200
_DISK = "12m"
_DRIP_S = 0.5


async def without_descriptors(
    folder: Path, seed: str, rounds: int, *, short: bool
) -> list[Verdict]:
    """Have the process open nothing more, neither connections nor files."""
    if sys.platform != "linux":
        print("EMFILE: SKIPPED, it needs prlimit and /proc", file=sys.stderr)
        return []
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                with world.service.without_descriptors():
                    async with _crowd(world, _CROWD):
                        await asyncio.sleep(2.0 if short else 10.0)
                world.mark()
                await world.arrival()
        await world.settle()
        return [world.verdict("EMFILE", rounds)]


async def slow_clients(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have hundreds hold connections open, with a byte now and then; recovery is while they do."""
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                async with _crowd(world, 200 if short else 600):
                    world.mark()
                    await world.arrival()
                    await asyncio.sleep(2.0 if short else 20.0)
        await world.settle()
        return [world.verdict("slow-loris clients", rounds)]


async def full_disk(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Fill the disk that has the journal and the log, and kill the service while it is full."""
    with small_disk(folder, _DISK) as disk:
        if disk is None:
            print("disk full: SKIPPED, no tmpfs can be mounted here", file=sys.stderr)
            return []
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


@asynccontextmanager
async def _crowd(world: World, number: int) -> AsyncIterator[None]:
    """Have so many connect, begin a request and go on with a byte now and then."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        dripping = [tasks.create_task(_drip(world.service.port)) for _ in range(number)]
        yield
        for task in dripping:
            task.cancel()


async def _drip(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.closing(writer):
                writer.write(b"POST /webhooks/telnyx HTTP/1.1\r\nX-Slow: ")
                while not writer.is_closing():
                    writer.write(b"z")
                    await writer.drain()
                    await asyncio.sleep(_DRIP_S)
        await asyncio.sleep(_DRIP_S)
