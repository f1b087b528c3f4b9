"""One table for everything that was measured in one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.table import Table

__all__ = ["Row", "median", "show"]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside that of its bare peer; `ratio` is ours over theirs."""

    what: str
    ours: str
    bare: str
    ratio: float | None
    aim: str


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table(title="Callscribe beside bare peers, from this run")
    for heading in ("", "ours", "bare", "ours/bare", "aim"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.ours, row.bare, ratio, row.aim)
    Console(width=100).print(table)
