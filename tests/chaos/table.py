"""The table of the chaos: a row for each fault."""

from collections.abc import Iterable, Sequence

from tests.chaos.oracle import Verdict

_HEADS = (
    "fault",
    "rounds",
    "acknowledged",
    "lost",
    "reordered",
    "doubled (same id)",
    "doubled (other id)",
    "recovery p50/p99",
    "words in gaps",
    "untold gap ms",
)


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the table as Markdown has it."""
    return as_markdown(_HEADS, map(_cells, verdicts))


def as_markdown(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as Markdown has it."""
    return "\n".join([_line(heads), _line(["---"] * len(heads)), *map(_line, rows)])


def _cells(one: Verdict) -> tuple[str, ...]:
    if one.skipped:
        return (f"{one.fault}: SKIPPED, {one.skipped}", *("-" for _ in _HEADS[1:]))
    counts = (
        one.rounds, one.acknowledged, one.lost, one.reordered, one.same_id, one.other_id
    )  # fmt: skip
    name = f"{one.fault} (must lose)" if one.must_lose else one.fault
    gaps = ("" if count is None else f"{count:,}" for count in (one.in_gaps, one.untold_ms))
    return (name, *(f"{count:,}" for count in counts), _recovery(one.recoveries), *gaps)


def _recovery(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    return f"{_percentile(seconds, 0.5):.1f} / {_percentile(seconds, 0.99):.1f} s"


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
