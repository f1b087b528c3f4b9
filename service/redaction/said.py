"""A text and its circumstances, and what is found in it: groups of digits, marks in their place."""

from dataclasses import dataclass
from typing import NamedTuple

from service.redaction.labels import Label
from service.redaction.languages import Language
from service.redaction.numbers import Run


class Mark(NamedTuple):
    """A stretch of the text, what is shown in its place, and as what."""

    start: int
    end: int
    label: Label
    shown: str


@dataclass(slots=True)
class Group:
    """Runs of digits with nothing between them but fillers: they are shown or hidden together."""

    runs: list[Run]
    before: int
    """How many digits stand before it in the text."""

    @property
    def digits(self) -> str:
        """All of them."""
        return "".join(run.digits for run in self.runs)


@dataclass(slots=True)
class Said:
    """A text and its circumstances. `at` is in Unix seconds; `holds`: its end may be held."""

    text: str
    key: str
    """Whose: one for each track of a leg."""
    language: Language
    is_final: bool
    at: float
    holds: bool = True
