"""The power is cut, on a disk that keeps only what was synced; and controls that must lose."""

import asyncio
import itertools
import shutil
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.chaos.disk.power import PowerDisk, open_disk
from tests.chaos.disk.volatile import Cut
from tests.chaos.faults.process import MAX_BIRTH_S, MAX_LIFE_S
from tests.chaos.oracle import SkippedError, Verdict
from tests.chaos.world import World, open_world

WEAKER = ("NORMAL", "OFF")
"""Settings of SQLite's `synchronous` that are no promise when the power is cut."""
_DATABASE = "j.db"
_TAKEN = 10
"""So many finals are acknowledged before a control's power is cut."""


async def power_cut(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Cut the power at random points under load, one in four while it starts."""
    async with open_disk(folder) as disk:
        if disk is None:
            raise SkippedError("no FUSE can be mounted here")
        async with open_world(folder, seed, short=short, database=disk.place / _DATABASE) as world:
            async with world.load():
                for how in itertools.islice(itertools.cycle(Cut), rounds):
                    await world.start()
                    if world.dice.random() < 0.25:
                        await asyncio.sleep(world.dice.uniform(0.0, MAX_BIRTH_S))
                    else:
                        await world.arrival()
                        await asyncio.sleep(world.dice.uniform(0.0, MAX_LIFE_S))
                    await _cut(world, disk, how, folder)
                await world.start()
            await world.settle()
            return [world.verdict("power cut", rounds)]


async def power_cut_at_weaker_settings(
    folder: Path, seed: str, rounds: int, *, short: bool
) -> list[Verdict]:
    """Do the same to a database that syncs less: this must lose, or the disk proves nothing."""
    verdicts: list[Verdict] = []
    for level in WEAKER[:1] if short else WEAKER:
        own = folder / level
        own.mkdir()
        verdicts += await _lose(own, f"{seed} {level}", rounds, level, short=short)
        shutil.copy(own / "log.jsonl", folder / "log.jsonl")
    return verdicts


async def _lose(
    folder: Path, seed: str, rounds: int, level: str, *, short: bool
) -> Sequence[Verdict]:
    async with open_disk(folder) as disk:
        if disk is None:
            raise SkippedError("no FUSE can be mounted here")
        async with open_world(folder, seed, short=short, database=disk.place / _DATABASE) as world:
            async with world.load():
                for _ in range(rounds):
                    world.mark()
                    await world.service.start_with("--synchronous", level)
                    await world.acknowledged(_TAKEN)
                    await _cut(world, disk, Cut.NOTHING, folder)
                await world.start()
            await world.settle(10.0)
            verdict = world.verdict(f"control: power cut, synchronous = {level}", rounds)
            verdict.must_lose = True
            return [verdict]


async def _cut(world: World, disk: PowerDisk, how: Cut, folder: Path) -> None:
    """Cut the power of disk and service, look at what survived, and plug the disk in again."""
    await disk.cut(how, str(world.dice.random()))
    world.service.send(signal.SIGKILL)
    await disk.pull_out()  # a process that waits for the disk does not die before that
    await world.service.gone()
    world.problems += [f"after {how}: {line}" for line in _damage(disk.image, folder / "look")]
    if refused := await disk.plug_in():
        raise RuntimeError(refused)


def _damage(image: Path, folder: Path) -> list[str]:
    """Return what SQLite finds wrong with what survived, in a copy."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(image, folder)
    if not (folder / _DATABASE).exists():
        return []  # it had not been made when the power was cut
    try:
        with closing(sqlite3.connect(folder / _DATABASE)) as db:
            found = [line for (line,) in db.execute("PRAGMA integrity_check")]
    except sqlite3.Error as error:
        return [str(error)]
    return [] if found == ["ok"] else found
