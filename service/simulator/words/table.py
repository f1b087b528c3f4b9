"""Shows what was counted, in a table for people. Pure."""

from collections.abc import Sequence

from service.simulator.words.count import Count
from service.simulator.words.tally import Tally

_HEADS: tuple[str, ...] = (
    "words", "said", "heard", "lost", "told", "untold ms", "cut", "doubled", "wrong track",
    "unsaid", "shifted",
)  # fmt: skip


def table(tally: Tally) -> str:
    """Return a line for each call, and one for all of them."""
    rows = [_HEADS]
    rows += [_row(f"call {number:>3}", count) for number, count in tally.calls.items()]
    rows.append(_row("all", tally.total))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _row(name: str, count: Count) -> tuple[str, ...]:
    numbers = (
        count.said, count.heard, count.lost, count.told, count.untold_ms, count.cut,
        count.doubled, count.wrong_track, count.unsaid, count.shifted,
    )  # fmt: skip
    return (name, *map(str, numbers))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    return "  ".join([first, *map(str.rjust, row[1:], widths[1:])])
