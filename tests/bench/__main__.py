"""`make bench`: everything measured in one run. `--short` is a smoke test."""

import argparse
import logging
import platform
import sys

import uvloop

from service.logs import set_up_logs
from tests.bench import (
    archive,
    backlog,
    bloat,
    codecs,
    crowd,
    deliveries,
    exports,
    feed,
    growth,
    library,
    media,
    memory,
    outage,
    redaction,
    seams,
    startup,
    tee,
    webhooks,
    workers,
)
from tests.bench.hearing import section
from tests.bench.table import Row, show


async def main(*, short: bool, only: str | None, apart: bool, finals: int) -> None:
    """Measure, and print the tables."""
    print(f"Python {platform.python_version()}, {platform.machine()}")
    if only in (None, "costs"):
        show(await _costs(short=short))
    if only in (None, "costs", "endpoints"):
        show(await _endpoints(short=short, apart=apart))
    if only in (None, "workers"):
        show(await _workers(short=short))
    if only in (None, "archive"):
        show(await bloat.measure(updates=5_000 if short else 1_000_000))
        finals = 10_000 if short else finals
        show(await archive.measure(finals=finals, rounds=3 if short else 100))
    if only in (None, "hearing", "seams"):
        show(
            await seams.measure(rounds=1 if short else 5, real=(True,) if short else (False, True))
        )
    if only in (None, "hearing"):
        await section.measure(short=short)


async def _costs(*, short: bool) -> list[Row]:
    rows: list[Row] = []
    rows += await startup.measure(rounds=1 if short else 5)
    for calls in [4] if short else [50, 100]:
        rows += await media.measure(
            calls=calls, seconds=2 if short else 10, rounds=1 if short else 3
        )
    rows += codecs.measure(frames=2_000 if short else 20_000, rounds=1 if short else 5)
    rows += redaction.measure(texts=400 if short else 8_000, rounds=1 if short else 5)
    rows += await webhooks.measure(webhooks=400 if short else 8_000, rounds=1 if short else 5)
    rows += await tee.measure(webhooks=400 if short else 4_000, rounds=1 if short else 3)
    rows += await deliveries.measure(finals=400 if short else 8_000, rounds=1 if short else 5)
    rows += await feed.measure(
        watchers=20 if short else 1_000,
        stuck=2 if short else 100,
        finals=10 if short else 100,
        rounds=1 if short else 3,
    )
    rows += await library.measure(finals=2_000 if short else 200_000, rounds=20 if short else 1_000)
    rows += await growth.measure(finals=5_000 if short else 200_000, rounds=10 if short else 200)
    rows += await memory.measure(calls=400 if short else 50_000, batch=200 if short else 2_500)
    rows += await exports.measure(utterances=500 if short else 10_000, rounds=1 if short else 3)
    return rows


async def _endpoints(*, short: bool, apart: bool) -> list[Row]:
    """Measure what endpoints that are not there, and what they did not get, cost the others."""
    load = crowd.Load(
        endpoints=30 if short else 200,
        calls=10 if short else 200,
        calls_per_s=5 if short else 4,
        rounds=1 if short else 3,
        apart=apart,
    )
    rows = await crowd.measure(load)
    rows += await backlog.measure(lanes=4_000 if short else 200_000, rounds=1 if short else 5)
    rows += await outage.measure(
        endpoints=20 if short else 200, outage_s=30 if short else outage.OUTAGE_S
    )
    return rows


async def _workers(*, short: bool) -> list[Row]:
    """Measure several workers on PostgreSQL, beside one on SQLite."""
    load = workers.Load(
        workers=(1, 2) if short else (1, 2, 4),
        webhooks=400 if short else 6_000,
        rounds=1 if short else 3,
        steady_s=2 if short else 20,
        partials_s=2 if short else 10,
        calls=4 if short else 50,
        finals=(2_000, 4_000) if short else (200_000, 2_000_000),
    )
    return await workers.measure(load)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="a few seconds of everything")
    parser.add_argument(
        "--only",
        choices=["costs", "endpoints", "workers", "archive", "hearing", "seams"],
        help="a part of it",
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="take all endpoints for one host with few places, to see what it is worth",
    )
    parser.add_argument("--finals", type=int, default=2_000_000, help="of the whole archive")
    arguments = parser.parse_args()
    set_up_logs(sys.stderr, level=logging.ERROR)
    uvloop.run(
        main(
            short=arguments.short,
            only=arguments.only,
            apart=not arguments.together,
            finals=arguments.finals,
        )
    )
