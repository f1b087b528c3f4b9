"""Survivors that a person has judged: nobody can tell them from the original, or nobody would."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutants import Place

JUDGED: Final = Path(__file__).with_name("judged.toml")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The survivors of a run beside those that were judged."""

    new: frozenset[Place]
    gone: frozenset[Place]
    """Judged, of a module that was tried, and no survivor any more: the file is to forget them."""

    @property
    def clean(self) -> bool:
        """Whether every survivor is judged, and everything judged survives."""
        return not self.new and not self.gone


def read_judged(path: Path = JUDGED) -> dict[Place, str]:
    """Return the judged survivors, each with the reason why no test tells it.

    Raises:
        ValueError: One is there twice, or has no reason.
    """
    judged: dict[Place, str] = {}
    for one in tomllib.loads(path.read_text())["survivor"]:
        reason = one.pop("reason", "")
        place = Place(**one)
        if place in judged or not reason:
            raise ValueError(f"judged twice, or without a reason: {place}")
        judged[place] = reason
    return judged


def compare(
    survivors: Iterable[Place], judged: Iterable[Place], *, tried: Iterable[str]
) -> Comparison:
    """Compare what survived in the modules that were tried with what was judged of them."""
    found, modules = frozenset(survivors), frozenset(tried)
    expected = frozenset(one for one in judged if one.module in modules)
    return Comparison(found - expected, expected - found)
