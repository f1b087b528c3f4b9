"""The clock of the machine steps while calls go on, and between two starts."""

import asyncio
import signal
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.receiver import status
from tests.chaos.world import open_world

AHEAD_S = 250.0
"""From so far ahead to so far behind, and back. Webhooks are believed for 300 s."""
_RESTART_EVERY = 3


async def clock_steps(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Step while deliveries wait to be tried again; every third time it is killed, and steps."""
    ahead_s = AHEAD_S
    async with open_world(folder, seed, short=short) as world:
        async with world.load():
            world.mark()
            await world.service.start_with("--clock-ahead-s", str(ahead_s))
            await world.arrival()
            world.marks.clear()
            for number in range(1, rounds + 1):
                world.crm.mood, world.crm.keeps = status(500), False
                await asyncio.sleep(world.dice.uniform(0.2, 1.0))
                world.crm.mood = None
                ahead_s = -ahead_s
                if number % _RESTART_EVERY:
                    world.mark()
                    world.service.send(signal.SIGUSR1)
                else:
                    await world.service.kill()
                    world.mark()
                    await world.service.start_with("--clock-ahead-s", str(ahead_s))
                    await world.service.ready()  # before that, the next step would end it
                await world.arrival()
        await world.settle()
        return [world.verdict(f"clock steps by {2 * AHEAD_S:.0f} s, to and fro", rounds)]
