"""What it costs to pass webhooks on to an application that is slow, beside passing none on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from tests.bench.carrier import Signed, open_telnyx
from tests.bench.processes import Program, started
from tests.bench.table import Row, median
from tests.bench.webhooks import beginnings, finals, post_all, settings_for

ANSWERS_AFTER_S = 0.1
"""How long the application takes for each; 32 are under way at once."""
_PAUSE_S = 0.05
_PATIENCE_S = 300.0


@dataclass(slots=True)
class Figures:
    """What was measured of a service, round by round."""

    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)


async def measure(*, webhooks: int, rounds: int) -> list[Row]:
    """Post finals of 200 live calls to a service with a tee and to one without, in turn.

    CPU time is counted until the last of them was passed on.
    """
    with TemporaryDirectory() as folder:
        async with (
            open_telnyx() as telnyx,
            started("tests.bench.slow_ivr", str(ANSWERS_AFTER_S)) as ivr,
        ):
            plain = settings_for(telnyx, Path(folder) / "plain.db")
            forward = {"url": f"{ivr.url}/", "allow_private": True}
            tee = settings_for(telnyx, Path(folder) / "tee.db") | {"forward": forward}
            async with (
                started("tests.bench.ours", msgspec.json.encode(plain).decode()) as without,
                started("tests.bench.ours", msgspec.json.encode(tee).decode()) as with_tee,
            ):
                for program in (without, with_tee):
                    await post_all(program, beginnings(telnyx))
                await _passed_on(ivr, passed := len(beginnings(telnyx)))
                beside, ours = Figures(), Figures()
                for _ in range(rounds):
                    said = finals(telnyx, webhooks)
                    await _round(without, beside, said, None, 0)
                    passed += webhooks
                    await _round(with_tee, ours, said, ivr, passed)
    return _rows(ours, beside)


async def _round(
    program: Program, figures: Figures, said: Sequence[Signed], ivr: Program | None, passed: int
) -> None:
    began_s = program.cpu_s
    spent_s, _ = await post_all(program, said)
    if ivr is not None:
        await _passed_on(ivr, passed)
    figures.rates.append(len(said) / spent_s)
    figures.cpu_us.append((program.cpu_s - began_s) / len(said) * 1e6)


async def _passed_on(ivr: Program, count: int) -> None:
    """Wait until so many came to the application."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(_PATIENCE_S):
        while True:
            async with session.get(ivr.url) as answer:
                if int(await answer.text()) >= count:
                    return
            await asyncio.sleep(_PAUSE_S)


def _rows(ours: Figures, beside: Figures) -> list[Row]:
    rate, plain = median(ours.rates), median(beside.rates)
    cpu_us, plain_us = median(ours.cpu_us), median(beside.cpu_us)
    return [
        Row(
            "webhooks acknowledged, tee to a slow IVR; bare: no tee",
            f"{rate:,.0f}/s",
            f"{plain:,.0f}/s",
            rate / plain,
            "",
        ),
        Row(
            "CPU of a webhook until the IVR has it; bare: no tee",
            f"{cpu_us:,.0f} us",
            f"{plain_us:,.0f} us",
            cpu_us / plain_us,
            "",
        ),
    ]
