"""Mutants of a small module; and, of one of ours, what becomes of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import targets
from tests.mutants.judged import compare, read_judged
from tests.mutants.mutants import Place, mutants_of
from tests.mutants.targets import TARGETS

SOURCE = '''"""A module."""

MAX: int = 3


class Counter:
    @property
    def full(self) -> bool:
        return self.count >= MAX and not self.closed

    def add(self, more):
        self.count += more
        for one in self.others:
            if one.wants(more):
                continue
            one.add(min(more, 2.5))
        self.last, self.closed = more, False
        return [one for one in self.others if one.full]
'''


def after(where: str) -> list[str]:
    """Return the lines that stand in a function's or class's place of others, in order."""
    return [one.place.after for one in mutants_of("m", SOURCE) if one.place.where == where]


def test_a_condition_is_moved_turned_around_and_cut_short() -> None:
    """In functions with a decorator as well."""
    assert after("Counter.full") == [
        "return None",
        "return self.count >= MAX or not self.closed",
        "return not self.closed",
        "return self.count >= MAX",
        "return self.count > MAX and not self.closed",
        "return self.count < MAX and not self.closed",
        "return self.count >= MAX and self.closed",
    ]


def test_statements_are_left_out_and_numbers_changed() -> None:
    """One at a time; what is only said of types is let be."""
    assert after("") == ["MAX: int = 4"]
    assert after("Counter.add") == [
        "self.count -= more",
        "pass",
        "if not one.wants(more):",
        "pass",
        "pass",
        "one.add(max(more, 2.5))",
        "one.add(min(more, 5.0))",
        "pass",
        "self.closed, = (False,)",
        "self.last, = (more,)",
        "self.last, self.closed = more, True",
        "return None",
        "return [one for one in self.others if True]",
    ]


def test_a_mutant_has_one_change_and_says_which() -> None:
    """All else is as it was written."""
    first = mutants_of("m", SOURCE)[0]

    assert first.source == SOURCE.replace("= 3", "= 4")
    assert first.diff() == "m:3\n \n-MAX: int = 3\n+MAX: int = 4\n "


@pytest.mark.parametrize("module", TARGETS)
def test_every_target_has_mutants_and_tests(module: str) -> None:
    """And what was judged of it is among them, whatever it has become."""
    mutants = mutants_of(module, targets.source_of(module).read_text())
    places = [one.place for one in mutants]

    assert mutants
    assert len(set(places)) == len(places)
    assert all(Path(one).exists() for one in targets.tests_of(module))
    assert {one for one in read_judged() if one.module == module} <= set(places)


def place(after: str) -> Place:
    """Return a place of a module."""
    return Place("m", "f", "before", after)


def test_survivors_that_nobody_judged_are_told() -> None:
    """And those that do not survive any more, of the modules that were tried."""
    elsewhere = Place("other", "f", "before", "c")
    compared = compare([place("a")], [place("b"), elsewhere], tried=["m"])

    assert compared.new == frozenset([place("a")])
    assert compared.gone == frozenset([place("b")])
    assert not compared.clean
    assert compare([place("a")], [place("a"), elsewhere], tried=["m"]).clean


def test_a_judgement_without_a_reason_is_none(tmp_path: Path) -> None:
    """Nor is one that is there twice."""
    one = '[[survivor]]\nmodule = "m"\nwhere = "f"\nbefore = "a"\nafter = "b"\n'
    for text in (one, (one + 'reason = "r"\n') * 2):
        (tmp_path / "judged.toml").write_text(text)
        with pytest.raises(ValueError, match="judged twice, or without a reason"):
            read_judged(tmp_path / "judged.toml")


def test_mutants_are_killed_by_their_tests_or_survive() -> None:
    """The whole way: what nobody can tell from the original is shown with its judgement."""
    source = targets.source_of("service.delivery.record").read_text().splitlines()
    (line,) = [n for n, text in enumerate(source, 1) if "failing_s = 0.0 if" in text]
    command = ("-m", "tests.mutants", "--module", "service.delivery.record", "--line", str(line))
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=targets.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "+        failing_s = 1.0 if self.failing_since is None" in ended.stdout
    assert "judged: an outage is five seconds" in ended.stdout
    assert "|       3 |      2 |               0 |        1 |  66.7%" in ended.stdout
