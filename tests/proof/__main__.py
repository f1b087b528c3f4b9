"""`make proof-words`: plays calls that go wrong in every way, and counts their words."""

import argparse
import sys
import time
from collections.abc import Sequence

from tests.proof.changes import BOTH, Source
from tests.proof.faults.catalogue import FAULTS, TIMED, UNDECIDABLE, UNPLACED
from tests.proof.oracle import Verdict
from tests.proof.plan import SINGLES_EACH, plan, plan_one, playable, whole_plan
from tests.proof.restarts import table as restarts_table
from tests.proof.runs import WORKERS, kill_all, make_all
from tests.proof.table import table
from tests.proof.trial import Trial

SHORT_RUNS = 80
SHORT_EVERY = 3
_MAX_TOLD = 400
_TOLD_EVERY = 100
_MISSING = "of calls in AMR-WB: apt install libvo-amrwbenc0, or brew install libvo-amrwbenc"


def main(arguments: argparse.Namespace) -> int:
    """Make the trials, print the table and what failed; return the exit code."""
    if arguments.restarts:
        return _restarts(arguments)
    began = time.monotonic()
    verdicts = []
    planned = _trials(arguments)
    trials = playable(planned)
    for verdict in make_all(trials, arguments.off, workers=arguments.workers):
        verdicts.append(verdict)
        if sys.stderr.isatty():
            print(f"\r{len(verdicts)} runs", end="\r", file=sys.stderr, flush=True)
        elif len(verdicts) % _TOLD_EVERY == 0:
            print(f"{len(verdicts)} of {len(trials)} runs", file=sys.stderr, flush=True)
    print(table(verdicts))
    if arguments.fault is None:
        for names, why in UNDECIDABLE.items():
            print(f"\nleft out: {' + '.join(sorted(names))}, {why}")
        for names, why in TIMED.items():
            print(f"\nonly with times: {' + '.join(sorted(names))}, {why}")
        for names, why in UNPLACED.items():
            print(f"\noffsets are not judged: {' + '.join(sorted(names))}, {why}")
        marked = sum(verdict.marked for verdict in verdicts)
        print(f"\nmarked as uncertain in place of a gap: {marked} of the words lost")
    if len(trials) < len(planned):
        print(f"\nLEFT OUT on this machine: {len(planned) - len(trials)} runs, {_MISSING}")
    failed = [verdict for verdict in verdicts if verdict.problems]
    _tell(failed, arguments.off)
    print(f"\n{len(verdicts)} runs in {time.monotonic() - began:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


def _restarts(arguments: argparse.Namespace) -> int:
    """Kill the service at every write, print the table and what failed; return the exit code."""
    began = time.monotonic()
    every = SHORT_EVERY if arguments.short else 1
    kills = list(kill_all(arguments.seed, every, arguments.off, workers=arguments.workers))
    print(restarts_table(kills))
    failed = [killed for killed in kills if killed.verdict.problems]
    for killed in failed:
        restart = killed.restart
        print(f"\n{restart.source}, {restart.side} write {restart.write}, {killed.write}:")
        for problem in killed.verdict.problems:
            print(f"  {problem}")
    print(f"\n{len(kills)} kills in {time.monotonic() - began:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


def _trials(arguments: argparse.Namespace) -> list[Trial]:
    if arguments.fault is None:
        runs = arguments.runs or (SHORT_RUNS if arguments.short else None)
        return plan(arguments.seed, runs) if runs else whole_plan(arguments.seed)
    sources: Sequence[Source] = (arguments.source,) if arguments.source else BOTH
    return plan_one(arguments.seed, arguments.runs or 1, arguments.fault, sources)


def _tell(failed: Sequence[Verdict], off: str) -> None:
    for verdict in failed[:_MAX_TOLD]:
        trial = verdict.trial
        print(f"\n{trial.label} on {trial.source}, seed {trial.seed}:")
        for problem in verdict.problems:
            print(f"  {problem}")
        print(f"  again: {command(trial, off)}")
    if len(failed) > _MAX_TOLD:
        print(f"\n… and {len(failed) - _MAX_TOLD} more")


def command(trial: Trial, off: str = "") -> str:
    """Return what plays a trial again."""
    which = f"--fault {'+'.join(trial.names)} --source {trial.source} --seed {trial.seed}"
    return f'make proof-words ARGS="{which}{f" --off {off}" if off else ""}"'


def _faults(text: str) -> tuple[str, ...]:
    names = tuple(text.split("+"))
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(FAULTS)}")
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make proof-words", description=__doc__)
    parser.add_argument(
        "--runs",
        type=int,
        help="how many, half of them of pairs (default: everything, each pair of faults once and"
        f" each fault by itself {SINGLES_EACH} times; with --fault: 1)",
    )
    parser.add_argument("--short", action="store_true", help=f"only {SHORT_RUNS}")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--fault", type=_faults, help="only this one, or several at once: a+b")
    parser.add_argument("--source", choices=BOTH, help="with --fault: only on this source")
    parser.add_argument(
        "--off",
        choices=["replay", "gaps", "resuming"],
        default="",
        help="with a part of the service out of order (resuming: with --restarts), to see that the"
        " proof notices",
    )
    parser.add_argument(
        "--restarts",
        action="store_true",
        help=f"kill the service at every write instead (short: at every {SHORT_EVERY}rd)",
    )
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    return parser


if __name__ == "__main__":
    sys.exit(main(_parser().parse_args()))
