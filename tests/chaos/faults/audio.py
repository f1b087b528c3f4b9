"""The same to workers that have the audio of calls: every word is counted, and every gap.

Of these rows, what was acknowledged are the words that were said. Each round has calls of its own.
"""

import asyncio
import random
from pathlib import Path

from tests.chaos.faults.ward import Harm, Ward, open_site, pace_of, row_of
from tests.chaos.oracle import Verdict, judge
from tests.workers.audio import Studio, open_studio
from tests.workers.crew import program_of

CALLS, SHORT_CALLS = 50, 6
TALK_S, SHORT_TALK_S = 45.0, 16.0


async def with_audio(
    folder: Path, seed: str, rounds: int, *, short: bool, harm: Harm
) -> list[Verdict]:
    """Do harm once to so many lots of calls; return what came of their words."""
    dice = random.Random(seed)  # noqa: S311 - to be played again
    calls, talk_s = (SHORT_CALLS, SHORT_TALK_S) if short else (CALLS, TALK_S)
    async with open_site(folder, harm) as site:
        program = program_of(pace=pace_of(site, short=short))
        older = site.older.folder if site.older else None
        opening = open_studio(folder, site.databases, program, older=older)
        async with opening as studio:
            ward = Ward(studio, site, dice, short)
            for number in range(1, rounds + 1):
                async with studio.playing(calls, talk_s, seed=number):
                    await asyncio.sleep(dice.uniform(0.5, 3.0))
                    await harm.act(ward)
            return [ward.sum_up(_verdict(studio, f"{row_of(site, harm)}, media", rounds))]


def _verdict(studio: Studio, row: str, rounds: int) -> Verdict:
    verdict, count = Verdict(row, rounds), studio.count
    judge(verdict, {}, studio.calls, studio.receiver.arrivals, in_sequence=False)
    verdict.acknowledged = count.said
    verdict.lost += count.lost - count.told
    verdict.other_id += count.doubled + count.wrong_track
    verdict.in_gaps, verdict.untold_ms = count.told, count.untold_ms
    verdict.problems += studio.wrong
    return verdict
