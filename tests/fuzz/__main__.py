"""`make fuzz`: fuzzes the parsers, one after the other, and says what failed."""

import argparse
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.fuzz.targets import TARGETS

FOLDER: Final = Path(__file__).parents[2] / ".fuzz"
_STATISTIC: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_COVERED: Final = re.compile(r"cov: (\d+)")


def main(arguments: argparse.Namespace) -> int:
    """Fuzz the targets, print a row for each; return the exit code."""
    if find_spec("atheris") is None:
        print("LEFT OUT: there is no atheris for this Python; nothing was fuzzed")
        return 1
    FOLDER.mkdir(exist_ok=True)
    print("target  | inputs   | branches | outcome")
    failed = [name for name in arguments.target or TARGETS if not fuzz(name, arguments.seconds)]
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target and print its row, with the trace of what failed; say whether nothing did."""
    command = [sys.executable, "-m", "tests.fuzz.one", name, str(seconds), str(FOLDER)]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    inputs, covered = _last(_STATISTIC, ended.stderr), _last(_COVERED, ended.stderr)
    outcome = "nothing raised" if ended.returncode == 0 else f"FAILED ({FOLDER.name}/{name}-*)"
    print(f"{name:<7} | {inputs:>8} | {covered:>8} | {outcome}", flush=True)
    if ended.returncode:
        print(ended.stdout + ended.stderr[-4000:], file=sys.stderr)
    return ended.returncode == 0


def _last(pattern: re.Pattern[str], text: str) -> str:
    found: list[str] = pattern.findall(text)
    return found[-1] if found else "?"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--target", action="append", choices=[*TARGETS], help="only this one")
    parser.add_argument("--seconds", type=int, default=180, help="for each (default: 180)")
    return parser


if __name__ == "__main__":
    sys.exit(main(_parser().parse_args()))
