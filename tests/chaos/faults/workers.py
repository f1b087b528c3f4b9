"""Three workers on one PostgreSQL come to harm while words are said in the call.

A row's recoveries are take-overs: from what happened until no call is left to who is gone.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.chaos.faults.ward import Harm, Ward, open_site, pace_of, row_of
from tests.chaos.oracle import Verdict
from tests.workers.fleet import Fleet, open_fleet

CALLERS, SHORT_CALLERS = 50, 9
FINALS, SHORT_FINALS = 40, 15
PAUSE_S = 0.4
_END_S, _LOST_S = 180.0, 15.0
"""How long calls, and then deliveries, may take to come to their end; where some are to be lost."""


async def in_calls(
    folder: Path, seed: str, rounds: int, *, short: bool, harm: Harm
) -> list[Verdict]:
    """Do harm so many times while calls go on; return what came of their words."""
    dice = random.Random(seed)  # noqa: S311 - to be played again
    async with (
        open_site(folder, harm) as site,
        open_fleet(
            folder,
            len(site.databases),
            pace=pace_of(site, short=short),
            fenced=not harm.unfenced,
            databases=site.databases,
            older=site.older.folder if site.older else None,
        ) as fleet,
    ):
        ward = Ward(fleet, site, dice, short)
        end_s = _LOST_S if harm.unfenced else _END_S
        async with _load(ward, fleet, end_s):
            await asyncio.sleep(1.0)
            for _ in range(rounds):
                await harm.act(ward)
                await asyncio.sleep(dice.uniform(0.2, 1.0))
        await _settle(fleet, end_s)
        verdict = ward.sum_up(fleet.verdict(row_of(site, harm)))
        verdict.rounds, verdict.must_lose = rounds, harm.unfenced
        return [verdict]


@asynccontextmanager
async def _load(ward: Ward, fleet: Fleet, end_s: float) -> AsyncIterator[None]:
    """Have calls made until the end of the block; then each is made to its end."""
    stop = asyncio.Event()
    finals = SHORT_FINALS if ward.short else FINALS
    calling = [
        asyncio.create_task(
            fleet.telnyx.keep_calling(stop, finals=finals, pause_s=PAUSE_S), name="caller"
        )
        for _ in range(SHORT_CALLERS if ward.short else CALLERS)
    ]
    try:
        yield
        stop.set()
        _, unfinished = await asyncio.wait(calling, timeout=FINALS * PAUSE_S + end_s)
        if unfinished:
            ward.problems.append(f"{len(unfinished)} callers did not come to their end")
    finally:
        for task in calling:
            task.cancel()
        ends = await asyncio.gather(*calling, return_exceptions=True)
        ward.problems += [f"a caller: {end!r}" for end in ends if isinstance(end, Exception)]


async def _settle(fleet: Fleet, timeout_s: float) -> None:
    """Return once everything that was acknowledged has come, or a while later."""
    telnyx, receiver = fleet.telnyx, fleet.receiver
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not (
                telnyx.completed <= receiver.whole and telnyx.acknowledged.keys() <= receiver.texts
            ):
                receiver.came.clear()
                await receiver.came.wait()
