"""The words of one track: partials that replace each other, finals emitted once.

Engines differ in what they send (Telnyx STT, "Messages"; see `wire/stt.py`):

- A partial replaces the partial before it; a final commits. `speech_final` is not waited for.
- A result without `is_final` counts as a partial. If the next one is not another state of the
  same text, the first becomes final: an engine that only ever sends whole texts loses none.
- An empty text finalizes nothing, unless it is an utterance's end: then the last partial stands.
- What is pending when nothing more will come becomes a final.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto

from service.calls.inputs import Word, WordsHeard
from service.stt.clock import SessionClock
from service.stt.inputs import TrackInputs
from service.stt.matching import drop_words, revises, words_of
from service.stt.overlap import Emitted, Overlap
from service.stt.resume import LOOKBACK_MS, SURE_LAG_MS, resume_point
from service.stt.ring import Span
from service.stt.speech import Speech
from service.stt.timing import LAG_MS, estimate_span
from service.wire.stt import SttResult

_MAX_EMITTED = 64
"""Finals remembered for the next overlap; a replay goes back some ten seconds."""
_LEAD_MS = 300
"""How much before the last final's end a replay begins, when the engine said when that was."""
_SPAN_SLACK_MS = 150
"""How far two sessions may disagree about where a stretch of speech ends."""
_OWED_MS = 150
"""Less speech than this after the last final is owed no result."""


class _Clue(Enum):
    """What tells when a text was said."""

    TEXT = auto()
    """Nothing but its length and where speech was."""
    SPAN = auto()
    """The engine gave its beginning and end."""
    WORDS = auto()
    """The engine gave those of every word."""


class Transcript:
    """The words of one track over all its sessions. Pure: no clock, no I/O."""

    def __init__(self, inputs: TrackInputs, speech: Speech) -> None:
        self._inputs = inputs
        self._speech = speech
        self._clock = SessionClock(0)
        self._emitted: deque[Emitted] = deque(maxlen=_MAX_EMITTED)
        self._emitted_ms = 0
        """Where the last final ended; an estimate unless the engine said so."""
        self._emitted_by = _Clue.TEXT
        self._last: WordsHeard | None = None
        self._covered_ms = 0
        """Speech before this is surely in a final."""
        self._sure_ms = 0
        """A result that comes now covers speech at least up to here."""
        self._pending: WordsHeard | None = None
        self._pending_unmarked = False
        self._pending_here = False
        self._from_ms = 0
        """No text that comes now was said before this."""
        self._lag_ms = LAG_MS
        self._overlap = Overlap((), 0)
        self._overlap_ms = 0
        """Up to where a replay can repeat what was emitted."""
        self._overlap_by = _Clue.TEXT

    def begin(self, clock: SessionClock) -> list[WordsHeard]:
        """Expect a new session that is sent the audio from `clock.start_ms` on.

        A partial whose audio is not kept any more becomes final: no session will hear it again.
        """
        start_ms = clock.start_ms
        pending = self._pending
        gone = pending is not None and start_ms > pending.start_ms + _LEAD_MS
        finals = self.finalize_pending() if gone else []
        self._clock = clock
        self._pending_here = self._pending_unmarked = False
        self._from_ms = start_ms
        self._overlap = Overlap(self._emitted, start_ms)
        self._overlap_ms, self._overlap_by = self._emitted_ms, self._emitted_by
        return finals

    def add(self, result: SttResult, *, lag_ms: int) -> list[WordsHeard]:
        """Add a result that may be `lag_ms` behind the audio sent; return what to emit."""
        text = (result.transcript or "").strip()
        self._lag_ms = lag_ms
        self._sure_ms = self._clock.position_ms - lag_ms - (SURE_LAG_MS - LAG_MS)
        if self._sure_ms > self._overlap_ms:
            self._overlap.clear()
        if not text:
            ended = result.utterance_end and self._pending_here
            return self.finalize_pending() if ended else []
        unmarked = result.is_final is None and result.speech_final is None
        before: list[WordsHeard] = []
        if self._pending and self._pending_unmarked and self._goes_on(self._pending, text):
            before = self.finalize_pending()
        heard, clue = self._heard(result, text)
        if heard.is_final:
            return before + self._final(heard, clue)
        return before + self._partial(heard, clue, unmarked=unmarked)

    def finalize_pending(self) -> list[WordsHeard]:
        """Make the last partial final, as no better text will come; empty if there is none."""
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        return self._emit(replace(pending, is_final=True))

    def is_owed(self, until_ms: int) -> bool:
        """Say whether the engine still owes words for the audio before `until_ms`."""
        return bool(self._pending) or self._speech.between(self._emitted_ms, until_ms) >= _OWED_MS

    def may_be_owed(self, until_ms: int) -> bool:
        """Say whether it owes words, or may for all we know: times are estimates."""
        since_ms = max(self._covered_ms, until_ms - LOOKBACK_MS)
        return self.is_owed(until_ms) or self._speech.between(since_ms, until_ms) >= _OWED_MS

    def transcribed_ms(self, sent_ms: int) -> int:
        """Return until when nothing is owed of what was sent: it was emitted, or silence."""
        if self._pending:
            return max(self._emitted_ms, self._pending.start_ms)
        if not self.is_owed(sent_ms):
            return max(self._emitted_ms, sent_ms)
        return next(self._speech.spans(self._emitted_ms, sent_ms)).start_ms

    def resume_from(self) -> int:
        """Return where a new session would have to begin, in milliseconds of the stream."""
        sent_ms = self._clock.position_ms
        if self._emitted_by is _Clue.WORDS:
            return max(0, min(self._emitted_ms, sent_ms) - _LEAD_MS)
        return resume_point(
            self._speech.spans(max(0, self._emitted_ms - LOOKBACK_MS), sent_ms),
            emitted_ms=self._emitted_ms,
            covered_ms=self._covered_ms,
            sent_ms=sent_ms,
            pending_ms=self._pending.start_ms if self._pending else None,
        )

    def _goes_on(self, pending: WordsHeard, text: str) -> bool:
        """Whether this text comes after a pending one, and is not another state of it."""
        before, after = words_of(pending.text), words_of(text)
        if before != after:
            return not revises(before, after)
        return self._speech.between(pending.end_ms, self._clock.position_ms) >= _OWED_MS

    def _heard(self, result: SttResult, text: str) -> tuple[WordsHeard, _Clue]:
        final = result.is_final if result.is_final is not None else bool(result.speech_final)
        words = tuple(self._words(result))
        if words:
            span = Span(words[0].start_ms, max(words[0].start_ms, words[-1].end_ms))
            clue = _Clue.WORDS
        elif result.start_time is not None and result.duration is not None:
            span = self._session_span(result.start_time, result.start_time + result.duration)
            clue = _Clue.SPAN
        else:
            span, clue = self._estimate(text, self._from_ms), _Clue.TEXT
        heard = self._inputs.words(
            text,
            span,
            is_final=final,
            confidence=_confidence(result.confidence, final=final),
            words=words or None,
            language=result.language[:35] if result.language else None,
        )
        return heard, clue

    def _words(self, result: SttResult) -> Iterable[Word]:
        for word in result.words or ():
            span = self._session_span(word.start, word.end)
            yield Word(
                text=word.word,
                start_ms=span.start_ms,
                end_ms=span.end_ms,
                confidence=_confidence(word.confidence, final=True),
            )

    def _session_span(self, start_s: float, end_s: float) -> Span:
        start_ms = self._clock.stream_ms(start_s)
        return Span(start_ms, max(start_ms, self._clock.stream_ms(end_s)))

    def _estimate(self, text: str, from_ms: int) -> Span:
        until_ms = self._clock.position_ms
        spans = self._speech.spans(from_ms, until_ms)
        return estimate_span(text, spans, from_ms=from_ms, until_ms=until_ms, lag_ms=self._lag_ms)

    def _partial(self, heard: WordsHeard, clue: _Clue, *, unmarked: bool) -> list[WordsHeard]:
        fresh = self._without_overlap(heard, clue)
        if fresh is None:
            return []
        self._pending, self._pending_unmarked, self._pending_here = fresh, unmarked, True
        return [fresh]

    def _final(self, heard: WordsHeard, clue: _Clue) -> list[WordsHeard]:
        fresh = self._without_overlap(heard, clue)
        sure_ms = self._sure_ms if clue is _Clue.TEXT else heard.end_ms
        self._covered_ms = max(self._covered_ms, sure_ms)
        if fresh is None or (clue is not _Clue.TEXT and fresh == self._last):
            return []  # emitted by an earlier session, or by the engine's own times a copy
        self._from_ms = max(self._from_ms, fresh.end_ms)
        self._pending, self._emitted_by = None, clue
        return self._emit(fresh)

    def _emit(self, final: WordsHeard) -> list[WordsHeard]:
        self._last = final
        self._emitted_ms = max(self._emitted_ms, final.end_ms)
        self._emitted.append(
            Emitted(words_of(final.text), final.start_ms, final.end_ms, self._clock.position_ms)
        )
        return [final]

    def _without_overlap(self, heard: WordsHeard, clue: _Clue) -> WordsHeard | None:
        """Take out what an earlier session emitted; None if nothing is left."""
        if clue is self._overlap_by is _Clue.WORDS and heard.words:
            return self._without_early_words(heard, heard.words)
        if clue is self._overlap_by is _Clue.SPAN:
            if heard.end_ms <= self._overlap_ms + _SPAN_SLACK_MS:
                return None
            if heard.start_ms >= self._overlap_ms - _SPAN_SLACK_MS:
                return heard
        return self._without_repeats(heard, clue) if self._overlap else heard

    def _without_early_words(self, heard: WordsHeard, words: tuple[Word, ...]) -> WordsHeard | None:
        early = [word.start_ms + word.end_ms < 2 * self._overlap_ms for word in words]
        count = early.index(False) if False in early else len(early)
        return _without_first(heard, count, len(words))

    def _without_repeats(self, heard: WordsHeard, clue: _Clue) -> WordsHeard | None:
        words = words_of(heard.text)
        count, until_ms = self._overlap.find(words, use_up=heard.is_final)
        left = _without_first(heard, count, len(words))
        if count and heard.is_final:
            self._from_ms = max(self._from_ms, until_ms)
        if count and left and clue is _Clue.TEXT:
            span = self._estimate(left.text, until_ms)
            return replace(left, start_ms=span.start_ms, end_ms=span.end_ms)
        if count and left and clue is _Clue.SPAN:
            start_ms = min(max(left.start_ms, until_ms), left.end_ms)
            return replace(left, start_ms=start_ms)
        return left


def _without_first(heard: WordsHeard, count: int, of: int) -> WordsHeard | None:
    """Return what is left without the first `count` of its `of` words; None for nothing."""
    if count == 0:
        return heard
    if count >= of:
        return None
    words = heard.words[count:] if heard.words and len(heard.words) == of else None
    text = drop_words(heard.text, count)
    if words and len(words_of(heard.text)) != of:
        text = " ".join(word.text for word in words)
    start_ms = words[0].start_ms if words else heard.start_ms
    return replace(heard, text=text, words=words, start_ms=start_ms)


def _confidence(value: float | None, *, final: bool) -> float | None:
    """Return a confidence worth emitting: partials come with 0.0 where there is none."""
    if value is None or not 0.0 <= value <= 1.0 or (not final and value == 0.0):
        return None
    return value
