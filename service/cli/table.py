"""Tables on a terminal: a header, then a line for each row, in columns as wide as they need."""

from collections.abc import Iterable, Sequence

from service.wire.shown import in_place
from service.words import pad, width_of


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print the rows under their header, or `empty` if there are none."""
    lines = [[_cell(cell) for cell in row] for row in rows]
    if not lines:
        print(empty)
        return
    lines.insert(0, list(header))
    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (pad(cell, width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    """Write a value; what a stranger put into it moves no cursor."""
    text = in_place(str(value))
    return text or "-"
