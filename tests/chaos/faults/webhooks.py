"""Webhooks as Telnyx may send them at its worst: five times, shuffled, late, and stale."""

import asyncio
from http import HTTPStatus
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.telnyx import text_of
from tests.chaos.world import FINALS, World, open_world

TIMES = 5
CALLS = 12
STALE_S = 400.0
_SPREAD_S = 1.0
_LATE_S = 3.0
"""Later than the hang-up."""
_STALE = 1000
"""The number of a final whose webhook is too old to be believed."""


async def rough(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Post every final five times, at random times; late ones come after the hang-up."""
    async with open_world(folder, seed, short=short) as world:
        await world.start()
        for _ in range(rounds):
            async with asyncio.TaskGroup() as tasks:
                for _ in range(CALLS):
                    tasks.create_task(_rough_call(world))
        await world.settle()
        stale = [text for text in world.crm.texts if text.endswith(f" {_STALE}")]
        row = "webhooks five times, shuffled, late, stale"
        verdict = world.verdict(row, rounds, in_sequence=False)
        verdict.problems += [f"{len(stale)} stale webhooks were believed"] if stale else []
        return [verdict]


async def _rough_call(world: World) -> None:
    telnyx, dice = world.telnyx, world.dice
    call = await telnyx.begin()
    status = None
    while status is None:  # on a busy machine the answer may come too late, to this as to others
        status = await telnyx.post_once(telnyx.words(call, _STALE), ago_s=STALE_S)
    if status != HTTPStatus.UNAUTHORIZED:
        world.problems.append(f"a stale webhook was answered {status}")
    finals = [(text_of(call, number), telnyx.words(call, number)) for number in range(FINALS)]
    async with asyncio.TaskGroup() as tasks:
        for text, body in finals:
            for _ in range(TIMES):
                late = dice.random() < 0.1
                delay_s = dice.uniform(0.0, _LATE_S if late else _SPREAD_S)
                tasks.create_task(_post_later(world, text, call, body, delay_s))
        await asyncio.sleep(_SPREAD_S)
        await telnyx.hang_up(call)


async def _post_later(world: World, text: str, call: str, body: bytes, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    if await world.telnyx.post(body):
        world.telnyx.acknowledged[text] = call
