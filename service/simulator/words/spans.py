"""Stretches of time, in milliseconds of the call's clock."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Span(NamedTuple):
    """From when to when."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How long it is; never less than nothing."""
        return max(0, self.end - self.start)

    @property
    def middle(self) -> float:
        """Return its middle: whoever has heard so much of a word knows it."""
        return (self.start + self.end) / 2

    def widened(self, by: int) -> "Span":
        """Return it, so much longer at both ends."""
        return Span(self.start - by, self.end + by)

    def cut(self, other: "Span") -> "Span":
        """Return what both have in common."""
        return Span(max(self.start, other.start), min(self.end, other.end))


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in spans that do not touch, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        elif span.length:
            joined.append(span)
    return joined


def missing(whole: Span, spans: Iterable[Span]) -> list[Span]:
    """Return what of the whole is in none of the spans."""
    left: list[Span] = []
    at = whole.start
    for span in union(spans):
        if span.start > at:
            left.append(Span(at, min(span.start, whole.end)))
        at = max(at, span.end)
    if at < whole.end:
        left.append(Span(at, whole.end))
    return [span for span in left if span.length]


def overlap(span: Span, others: Sequence[Span]) -> int:
    """Return how much of a span is in others, which do not touch."""
    return sum(span.cut(other).length for other in others)
