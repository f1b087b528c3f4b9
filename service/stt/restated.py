"""What a session says again of the same audio: finals given twice, partials their final overtook.

By the engine's own times, where it gives them; else by the words, and by whether anybody spoke
since.
"""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

from service.calls.inputs import Word, WordsHeard
from service.stt.matching import is_same
from service.stt.overlap import shared_ms
from service.stt.placing import Placed
from service.stt.progress import OWED_MS
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import PAUSE_MS, Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of
from service.words import join_words

_MAX_SPANS = 64
"""Finals remembered by the times they cover."""
_ROOM_FOR_TWO = 2.5
"""In so much of its length a text may have been said twice."""
_SWAPPED_MS = 500
"""So much more audio after a final, and an earlier state of it was overtaken by it."""
_MANY, _MANY_OTHERS = 4, 3
"""So many words are not the same by chance, nor are so many if none of them comes twice."""
_MOSTLY = 0.8
"""So much of a span emitted already, and it is no other one."""


class _Said(NamedTuple):
    """The last final of a session, as it came."""

    words: list[str]
    span: Span
    position_ms: int
    """What had been sent when it came."""


class Restated:
    """What one session after the other said, to know when it says that again. Pure."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._last: _Said | None = None
        self._restates = False
        """Whether an engine was seen to give the same final twice."""
        self._spans: deque[Span] = deque(maxlen=_MAX_SPANS)
        """What the session's finals cover, by the engine's own times."""

    def begin(self) -> None:
        """Expect the results of another session."""
        self._last = None
        self._spans.clear()

    def note(self, words: list[str], span: Span, position_ms: int) -> None:
        """Take note of a final, of what had been sent until then."""
        self._last = _Said(words, span, position_ms)

    def cover(self, span: Span) -> None:
        """Take note of what a final covers by the engine's own times."""
        self._spans.append(span)

    def is_restated(self, at: Arrival, words: list[str], placed: Placed) -> bool:
        """Whether a final says again what the session's last one said, while nobody spoke."""
        last = self._last
        if last is None or not is_same(last.words, words):
            return False
        if placed.clue is not Clue.TEXT:
            return placed.heard.start_ms == last.span.start_ms
        is_at_once = at.position_ms - last.position_ms <= _SWAPPED_MS
        # Nobody says so much again, and has it answered in the same moment.
        had_no_time = self._had_no_time(at, last, placed.heard.text)
        is_sure = had_no_time or len(words) >= _MANY or len(set(words)) >= _MANY_OTHERS
        self._restates |= is_at_once and is_sure and bool(at.result.is_final)
        return had_no_time or (is_at_once and (is_sure or self._restates))

    def is_stale(self, at: Arrival, words: list[str], placed: Placed) -> bool:
        """Whether a partial is an earlier state of the session's last final, and comes after it."""
        last = self._last
        if last is None or words != last.words[: len(words)]:
            return False
        if placed.clue is not Clue.TEXT:
            return placed.heard.end_ms <= last.span.end_ms
        is_late = at.position_ms - last.position_ms <= _SWAPPED_MS
        return is_late or self._speech.between(last.span.end_ms, at.position_ms) < OWED_MS

    def without(self, at: Arrival, placed: Placed) -> WordsHeard | None:
        """Take out what the session said before of the same audio, where the engine gives times."""
        heard, clue = placed
        if clue is Clue.TEXT or at.said is not None:
            return heard
        if heard.words is None:
            length_ms = max(1, heard.end_ms - heard.start_ms)
            shared = (shared_ms(heard, span) for span in self._spans)
            return None if any(ms >= _MOSTLY * length_ms for ms in shared) else heard
        words = tuple(word for word in heard.words if not self._is_said(word))
        if len(words) == len(heard.words):
            return heard
        if not words:
            return None
        text = join_words(word.text for word in words)
        return replace(heard, text=text, words=words, start_ms=words[0].start_ms)

    def _had_no_time(self, at: Arrival, last: _Said, text: str) -> bool:
        """Whether nobody can have said it again since a final, nor twice in what that covers.

        What is still being said is in no final yet, unless the engine was asked for one.
        """
        since = list(self._speech.spans(last.span.end_ms, at.position_ms))
        if since and not at.is_asked and at.position_ms - since[-1].end_ms < PAUSE_MS:
            since.pop()
        if sum(span.end_ms - span.start_ms for span in since) >= OWED_MS:
            return False
        return self._speech.between(*last.span) < _ROOM_FOR_TWO * duration_of(text)

    def _is_said(self, word: Word) -> bool:
        middle_ms = (word.start_ms + word.end_ms) // 2
        return any(span.start_ms <= middle_ms < span.end_ms for span in self._spans)
