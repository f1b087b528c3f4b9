"""`make bench`: everything measured in one run. `--short` is a smoke test."""

import argparse
import platform

import uvloop

from tests.bench import (
    codecs,
    deliveries,
    exports,
    feed,
    growth,
    library,
    media,
    memory,
    startup,
    webhooks,
)
from tests.bench.hearing import section
from tests.bench.table import Row, show


async def main(*, short: bool, only: str | None) -> None:
    """Measure, and print the tables."""
    print(f"Python {platform.python_version()}, {platform.machine()}")
    if only != "hearing":
        show(await _costs(short=short))
    if only != "costs":
        await section.measure(short=short)


async def _costs(*, short: bool) -> list[Row]:
    rows: list[Row] = []
    rows += await startup.measure(rounds=1 if short else 5)
    for calls in [4] if short else [50, 100]:
        rows += await media.measure(
            calls=calls, seconds=2 if short else 10, rounds=1 if short else 3
        )
    rows += codecs.measure(frames=2_000 if short else 20_000, rounds=1 if short else 5)
    rows += await webhooks.measure(webhooks=400 if short else 8_000, rounds=1 if short else 5)
    rows += await deliveries.measure(finals=400 if short else 8_000, rounds=1 if short else 5)
    rows += await feed.measure(
        watchers=20 if short else 1_000,
        stuck=2 if short else 100,
        finals=10 if short else 100,
        rounds=1 if short else 3,
    )
    rows += await library.measure(finals=2_000 if short else 200_000, rounds=20 if short else 1_000)
    rows += await growth.measure(finals=20_000 if short else 200_000, rounds=20 if short else 200)
    rows += await memory.measure(calls=400 if short else 50_000, batch=200 if short else 2_500)
    rows += await exports.measure(utterances=500 if short else 10_000, rounds=1 if short else 3)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="a few seconds of everything")
    parser.add_argument("--only", choices=["costs", "hearing"], help="one half of it")
    arguments = parser.parse_args()
    uvloop.run(main(short=arguments.short, only=arguments.only))
