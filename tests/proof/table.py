"""The table of the proof: a row for each fault, and one for the pairs of each two rooms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.proof.faults.catalogue import room_of
from tests.proof.oracle import Verdict

_HEADS = ("fault", "runs", "words", "lost", "doubled", "shifted", "untold ms", "gap error p99")
_PERCENTILE = 0.99


@dataclass(slots=True)
class Row:
    """What came of the trials of one kind."""

    runs: int = 0
    words: int = 0
    lost: int = 0
    doubled: int = 0
    shifted: int = 0
    untold_ms: int = 0
    gap_errors_ms: list[int] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self.runs += 1
        self.words += verdict.words
        self.lost += verdict.lost
        self.doubled += verdict.doubled
        self.shifted += verdict.shifted
        self.untold_ms += verdict.untold_ms
        self.gap_errors_ms += verdict.gap_errors_ms

    def cells(self, name: str) -> tuple[str, ...]:
        """Return it as the table shows it."""
        counts = (
            self.runs, self.words, self.lost, self.doubled, self.shifted, self.untold_ms
        )  # fmt: skip
        error = f"{p99(self.gap_errors_ms)} ms" if self.gap_errors_ms else "-"
        return (name, *map(str, counts), error)


def p99(values: Sequence[int]) -> int:
    """Return the value that one in a hundred exceeds."""
    return sorted(values)[min(len(values) - 1, int(_PERCENTILE * len(values)))]


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the table as Markdown has it; the last row is the sum."""
    rows: dict[str, Row] = {}
    total = Row()
    for verdict in verdicts:
        rows.setdefault(_kind(verdict.trial.names), Row()).add(verdict)
        total.add(verdict)
    cells = [row.cells(name) for name, row in sorted(rows.items(), key=lambda item: "+" in item[0])]
    return as_markdown(_HEADS, [*cells, total.cells("all")])


def as_markdown(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as Markdown has it."""
    return "\n".join(map(_line, [heads, ["---"] * len(heads), *rows]))


def _kind(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else " + ".join(sorted(room_of(name) for name in names))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
