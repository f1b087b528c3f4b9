"""`make chaos`: does harm to the whole service, and counts what arrives."""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.faults.catalogue import FAULTS, Fault
from tests.chaos.oracle import SkippedError, Verdict
from tests.chaos.table import table


def main(arguments: argparse.Namespace) -> int:
    """Play the faults, print the table and what failed; return the exit code."""
    began = time.monotonic()
    names = arguments.fault or list(FAULTS)
    verdicts = asyncio.run(play_all(names, arguments))
    print(table(verdicts))
    failed = [verdict for verdict in verdicts if verdict.failed]
    for verdict in failed:
        print(f"\n{verdict.fault}: not as it has to be")
        for problem in verdict.problems:
            print(f"  {problem}")
    took_s = time.monotonic() - began
    print(f"\nseed {arguments.seed}, {took_s:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


async def play_all(
    names: Sequence[str], arguments: argparse.Namespace, faults: Mapping[str, Fault] = FAULTS
) -> list[Verdict]:
    """Play faults, so many at a time; the rows are in the order of the names.

    One that breaks off has failed, and ends no other.
    """
    places = asyncio.Semaphore(arguments.workers)

    async def one(name: str) -> list[Verdict]:
        async with places:
            try:
                rows = await play(
                    name, arguments.seed, arguments.rounds, short=arguments.short, faults=faults
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                traceback.print_exception(error)
                rows = [Verdict(name, 0, problems=[f"it broke off: {error!r}"])]
            print(table(rows).splitlines()[-1], file=sys.stderr)
            return rows

    async with asyncio.TaskGroup() as tasks:
        playing = [tasks.create_task(one(name)) for name in names]
    return [verdict for task in playing for verdict in task.result()]


async def play(
    name: str,
    seed: int,
    rounds: int | None,
    *,
    short: bool,
    faults: Mapping[str, Fault] = FAULTS,
) -> list[Verdict]:
    """Play one fault in a folder of its own; what failed leaves its log.

    What cannot be played here is a row that says so.
    """
    fault = faults[name]
    number = rounds or (fault.short_rounds if short else fault.rounds)
    with tempfile.TemporaryDirectory(prefix="callscribe-chaos-") as kept:
        try:
            verdicts = await fault.play(Path(kept), f"{name} {seed}", number, short=short)
        except SkippedError as reason:
            return [Verdict(name, 0, skipped=str(reason))]
        if any(verdict.failed for verdict in verdicts):
            log = _keep_logs(Path(kept), f"callscribe-chaos-{name}-{seed}.jsonl")
            verdicts[0].problems.append(f"log: {log}, again: {_command(name, seed, number)}")
    return verdicts


def _keep_logs(folder: Path, name: str) -> Path:
    """Keep what the processes of a fault said, one after the other."""
    log = Path(tempfile.gettempdir()) / name
    log.write_bytes(b"".join(one.read_bytes() for one in sorted(folder.rglob("log.jsonl"))))
    return log


def _command(name: str, seed: int, rounds: int) -> str:
    return f'make chaos ARGS="--fault {name} --seed {seed} --rounds {rounds}"'


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, help="of each fault (default: its own number)")
    parser.add_argument("--short", action="store_true", help="few rounds, short pauses")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random here")
    parser.add_argument("--fault", action="append", choices=[*FAULTS], help="only this one")
    parser.add_argument("--workers", type=int, default=2, help="faults at a time")
    return parser


if __name__ == "__main__":
    sys.exit(main(_parser().parse_args()))
