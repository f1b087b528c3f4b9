"""The books of one track: every millisecond is told once, in order of time.

Each is in a final, or told as lost, or was silence, once everything before some later moment is
settled. So what is lost waits here until all before it is.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from service.stt.ring import Span

NOT_ANSWERED = "not_answered"
"""Why audio is lost that an engine had, and said nothing of."""
_JOIN_MS = 1000
"""A silence within what is lost for one reason is a part of it."""
_MAX_HELD_MS = 60_000
"""A longer loss is told in pieces."""
_MAX_HOLES = 256
"""Spans that wait; where there are too many, the last two become one."""


class Lost(NamedTuple):
    """Audio that nobody will transcribe, and why."""

    span: Span
    reason: str


class Accounts:
    """What of a track is settled, and what of the rest is lost already. Times are the stream's."""

    def __init__(self) -> None:
        self.settled_ms = 0
        """Everything before this is told."""
        self.told_ms = 0
        """How far somebody was told last, by words, a loss, or that all was settled."""
        self._holes: list[Lost] = []

    def lose(self, span: Span, reason: str, *, join: bool = False) -> None:
        """Book a span as lost; to be told when all before it is settled.

        With `join` it is one with what was lost for the same reason up to a second before.
        """
        if span.end_ms <= span.start_ms:
            return
        last = self._holes[-1] if self._holes else None
        if last and (len(self._holes) >= _MAX_HOLES or _joins(last, span, reason, join=join)):
            start_ms = min(last.span.start_ms, span.start_ms)
            self._holes[-1] = Lost(Span(start_ms, max(last.span.end_ms, span.end_ms)), reason)
        else:
            self._holes.append(Lost(span, reason))

    def lose_all(self, spans: Iterable[Span], reason: str, *, apart_ms: int = 0) -> None:
        """Book what nobody answered as lost; up to `apart_ms` somebody said something meanwhile."""
        for span in spans:
            last_ms = self._holes[-1].span.end_ms if self._holes else 0
            self.lose(span, reason, join=last_ms >= apart_ms)

    def settle(self, until_ms: int, *, is_losing: bool = False) -> list[Lost]:
        """Settle everything before a time; return what of it was lost, in order.

        A hole that goes on behind that time waits, to be told in one piece. So does one that ends
        about there while `is_losing`: it may grow.
        """
        if is_losing and self._holes:
            start_ms, end_ms = max(self._holes).span
            if end_ms >= until_ms - _JOIN_MS and end_ms - start_ms < _MAX_HELD_MS:
                until_ms = min(until_ms, start_ms)
        for (start_ms, end_ms), _ in self._holes:
            if start_ms < until_ms < end_ms:
                until_ms = start_ms
        lost = list(self._take(until_ms))
        self.settled_ms = max(self.settled_ms, until_ms)
        if lost:
            self.told_ms = max(self.told_ms, lost[-1].span.end_ms)
        return lost

    def emit(self, span: Span) -> list[Lost]:
        """Settle up to a final, and over it; return what was lost before it begins."""
        lost = list(self._take(span.start_ms))
        self.settled_ms = max(self.settled_ms, span.end_ms)
        self.told_ms = max(self.told_ms, span.end_ms)
        return lost

    def _take(self, until_ms: int) -> Iterator[Lost]:
        self._holes.sort()
        kept = []
        at_ms = 0
        for (start_ms, end_ms), reason in self._holes:
            begin_ms = max(start_ms, at_ms)
            cut_ms = min(end_ms, until_ms)
            if begin_ms < cut_ms:
                yield Lost(Span(begin_ms, cut_ms), reason)
                at_ms = cut_ms
            if end_ms > max(until_ms, at_ms):
                kept.append(Lost(Span(max(begin_ms, until_ms), end_ms), reason))
        self._holes = kept


def _joins(last: Lost, span: Span, reason: str, *, join: bool) -> bool:
    apart_ms = span.start_ms - last.span.end_ms
    follows = last.span.start_ms <= span.start_ms and apart_ms <= (_JOIN_MS if join else 0)
    return follows and last.reason == reason
