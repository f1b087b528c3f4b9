"""`make bench`: everything measured in one run, in one table. `--short` is a smoke test."""

import argparse
import platform

import uvloop

from tests.bench import deliveries, media, startup, webhooks
from tests.bench.table import Row, show


async def main(*, short: bool) -> None:
    """Measure, and print the table."""
    rows: list[Row] = []
    rows += await startup.measure(rounds=1 if short else 5)
    for calls in [4] if short else [50, 100]:
        rows += await media.measure(
            calls=calls, seconds=2 if short else 10, rounds=1 if short else 3
        )
    rows += await webhooks.measure(webhooks=400 if short else 8_000, rounds=1 if short else 5)
    rows += await deliveries.measure(finals=400 if short else 8_000, rounds=1 if short else 5)
    print(f"Python {platform.python_version()}, {platform.machine()}")
    show(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="a few seconds of everything")
    uvloop.run(main(short=parser.parse_args().short))
