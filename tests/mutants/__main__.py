"""`make mutants`: changes one thing at a time, and says which changes no test notices."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence

from tests.mutants.judged import compare, read_judged
from tests.mutants.mutants import Mutant, mutants_of
from tests.mutants.runner import Fate, Runner, preload
from tests.mutants.targets import TARGETS, source_of, tests_of

Outcomes = Mapping[Mutant, Fate]


def main(arguments: argparse.Namespace) -> int:
    """Try the mutants, print what became of them; return the exit code."""
    began = time.monotonic()
    modules = arguments.module or list(TARGETS)
    preload(sorted({test for module in modules for test in tests_of(module)}))
    outcomes = {module: _try(module, arguments) for module in modules}
    survivors = [
        mutant for one in outcomes.values() for mutant in one if one[mutant] is Fate.SURVIVED
    ]
    judged = read_judged()
    compared = compare([one.place for one in survivors], judged, tried=modules)
    for mutant in survivors:
        print(f"\n{mutant.diff()}")
        print(f"judged: {judged.get(mutant.place, 'not yet')}")
    for place in compared.gone:
        print(f"\njudged, but it is killed now, or there is none such: {place}")
    print(f"\n{table(outcomes)}")
    took_s = time.monotonic() - began
    print(f"\n{took_s:.0f} s, {len(compared.new)} survivors are not judged")
    partial = arguments.line is not None
    return 0 if compared.clean or (partial and not compared.new) else 1


def table(outcomes: Mapping[str, Outcomes]) -> str:
    """Return a row for each module, and one for all."""
    rows = [_row(module, list(one.values())) for module, one in outcomes.items()]
    rows.append(_row("all", [fate for one in outcomes.values() for fate in one.values()]))
    head = f"{'module':<28} | mutants | killed | of them by time | survived | killed"
    return "\n".join([head, *rows])


def _row(name: str, fates: Sequence[Fate]) -> str:
    survived, late = fates.count(Fate.SURVIVED), fates.count(Fate.TIMED_OUT)
    killed = len(fates) - survived
    share = killed / max(len(fates), 1)
    return f"{name:<28} | {len(fates):7} | {killed:6} | {late:15} | {survived:8} | {share:6.1%}"


def _try(module: str, arguments: argparse.Namespace) -> dict[Mutant, Fate]:
    mutants = mutants_of(module, source_of(module).read_text())
    if arguments.line is not None:
        mutants = [one for one in mutants if one.line in arguments.line]
    runner = Runner(module, tests_of(module))
    took_s = runner.measure()
    _tell(f"{module}: {len(mutants)} mutants; the tests take {took_s:.0f} s")
    outcomes: dict[Mutant, Fate] = {}
    for mutant, fate in runner.fates(mutants, jobs=arguments.jobs):
        outcomes[mutant] = fate
        if fate is Fate.SURVIVED:
            _tell(f"  survived: line {mutant.line}: {mutant.place.before} -> {mutant.place.after}")
    runner.measure()  # whoever changed the tests meanwhile has killed what they did not
    return {mutant: outcomes[mutant] for mutant in mutants}


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--module", action="append", choices=[*TARGETS], help="only this one")
    parser.add_argument("--line", action="append", type=int, help="only what begins in this line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time")
    return parser


if __name__ == "__main__":
    sys.exit(main(_parser().parse_args()))
