"""Texts without `is_final`: whether one is another state of the last one, or was said after it."""

from typing import NamedTuple

from service.stt.matching import revises, words_of
from service.stt.placing import Placed
from service.stt.progress import OWED_MS
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of

_APART_MS = 500
"""A pause after which a text without `is_final` may be the next one, though it begins alike."""


class Unmarked(NamedTuple):
    """A text that came without `is_final`, as it came."""

    at: Arrival
    words: list[str]
    span: Span
    """It ends where what is new in it does."""
    clue: Clue

    @classmethod
    def of(cls, at: Arrival, placed: Placed, end_ms: int) -> "Unmarked":
        """Take a text which ends then."""
        heard, clue = placed
        return cls(at, words_of(heard.text), Span(heard.start_ms, end_ms), clue)

    def is_over(self, at: Arrival, text: str, span: Span | None, speech: Speech) -> bool:
        """Say whether the next text comes after this one, and is not another state of it.

        `span` is when that was said by the engine's own times, if it gives any.
        """
        if span is not None and self.clue is not Clue.TEXT:
            return not self._shares(span)
        before, after = self.words, words_of(text)
        if before != after and not revises(before, after):
            return True
        spoken_ms = speech.between(self.span.end_ms, at.position_ms)
        if before == after:
            return spoken_ms >= OWED_MS
        first = next(speech.spans(self.span.end_ms, at.position_ms), None)
        is_apart = first is not None and first.start_ms - self.span.end_ms >= _APART_MS
        return is_apart and 4 * spoken_ms >= 3 * duration_of(text)

    def _shares(self, span: Span) -> bool:
        """Say whether they are of the same audio: either lies on the other's middle."""
        mine_ms, other_ms = sum(self.span) // 2, sum(span) // 2
        is_within = span.start_ms <= mine_ms <= span.end_ms
        return is_within or self.span.start_ms <= other_ms <= self.span.end_ms
