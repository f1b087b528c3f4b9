"""What becomes of the process: killed, stopped, started again; and a control that must lose."""

import asyncio
import signal
from pathlib import Path

from service.exits import Exit
from tests.chaos.oracle import Verdict
from tests.chaos.receiver import status
from tests.chaos.world import World, open_world

MAX_LIFE_S = 0.6
"""How long a service lives on after its first delivery."""
MAX_BIRTH_S = 1.0
"""How long it lives when it is killed while it starts."""
_FORGOTTEN = 10
"""So many finals are acknowledged before a forgetful service is killed."""
BOUNDARIES = 60
"""The writes of a start among which one is chosen, at least."""


async def killed(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Kill it at random points under load, one in four while it starts."""
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            for _ in range(rounds):
                await _live_and_die(world)
            await world.start()
        await world.settle()
        return [world.verdict("kill -9 at random", rounds)]


async def _live_and_die(world: World) -> None:
    dice = world.dice
    if dice.random() < 0.25:
        await world.start()
        await asyncio.sleep(dice.uniform(0.0, MAX_BIRTH_S))
    else:
        await world.start()
        await world.arrival()
        await asyncio.sleep(dice.uniform(0.0, MAX_LIFE_S))
    await world.service.kill()


async def killed_at_writes(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Kill it just before or just after its n-th write; every n has its turn in a long run."""
    async with open_world(folder, seed, short=short) as world:
        places = [(when, n + 1) for n in range(BOUNDARIES) for when in ("before", "after")]
        world.dice.shuffle(places)
        async with world.load():
            for number in range(rounds):
                when, write = places[number % len(places)]
                world.mark()
                await world.service.start_with("--kill-at", f"{when}:{write}")
                await _die_at(world, f"{when} write {write}")
            await world.start()
        await world.settle()
        return [world.verdict("kill -9 at writes", rounds)]


async def _die_at(world: World, place: str) -> None:
    code = await world.service.gone()
    if code != -signal.SIGKILL:
        world.problems.append(f"{place}: it ended with {code}")


async def stopped(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have it stand still, as in a machine that is suspended."""
    pause_s = 2.0 if short else 30.0
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                await asyncio.sleep(world.dice.uniform(0.1, 1.0))
                world.service.send(signal.SIGSTOP)
                await asyncio.sleep(pause_s)
                world.mark()
                world.service.send(signal.SIGCONT)
                await world.arrival()
        await world.settle()
        return [world.verdict(f"SIGSTOP for {pause_s:.0f} s", rounds)]


async def restarted(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Start it again, by SIGTERM, while a backlog waits for an endpoint that is away."""
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                world.crm.mood, world.crm.keeps = status(503), False
                await asyncio.sleep(1.0 if short else 3.0)
                world.service.send(signal.SIGTERM)
                code = await world.service.gone()
                if code not in (Exit.OK, Exit.WORK_LEFT):
                    world.problems.append(f"SIGTERM ended it with {code}")
                world.crm.mood = None
                await world.start()
                await world.arrival()
        await world.settle()
        return [world.verdict("restart in a backlog", rounds)]


async def forgetful(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Acknowledge before the commit, and kill: this must lose, or nothing here proves anything."""
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            for _ in range(rounds):
                world.mark()
                await world.service.start_with("--forget-s", "0.3")
                await world.acknowledged(_FORGOTTEN)
                await world.service.kill()
            await world.start()
        await world.settle(10.0)
        verdict = world.verdict("control: acknowledged before the commit", rounds)
        verdict.must_lose = True
        return [verdict]
