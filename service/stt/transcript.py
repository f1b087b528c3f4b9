"""What one track's answers add up to: partials that replace each other, finals told once.

Engines differ in what they send (Telnyx STT, "Messages"; see `wire/stt.py`):

- A partial replaces the partial before it; a final commits. `speech_final` is not waited for.
- An answer without `is_final` counts as a partial. If the next one is not another state of the
  same text, the first is settled: an engine that only ever sends whole texts loses none.
- An empty text settles nothing, unless it is an utterance's end: then the last partial stands.
- What is pending when the engine is heard no more becomes a final.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto

from service.calls.inputs import Word, WordsHeard
from service.ports import RecognitionPlan
from service.stt.clock import SessionClock
from service.stt.matching import cut, revises, words_of
from service.stt.overlap import Repeats, Told
from service.stt.resume import LOOKBACK_MS, SURE_LAG_MS, replay_point
from service.stt.ring import Span
from service.stt.speech import Speech
from service.stt.timing import LAG_MS, place
from service.wire.stt import Answer

_MOST_TOLD = 64
"""Finals remembered for the next seam; a replay goes back some ten seconds."""
_LEAD_MS = 300
"""How much before the last final's end a replay begins, when the engine said when that was."""
_SPAN_SLACK_MS = 150
"""How far two sessions may disagree about where a stretch of speech ends."""
_OWED_MS = 150
"""Less speech than this after the last final is owed no answer."""


class _Clue(Enum):
    """What tells where a text was said."""

    TEXT = auto()
    """Nothing but its length and where speech was."""
    SPAN = auto()
    """The engine gave its beginning and end."""
    WORDS = auto()
    """The engine gave those of every word."""


class Transcript:
    """The words of one track over all its sessions. Pure: no clock, no I/O."""

    def __init__(self, plan: RecognitionPlan, speech: Speech) -> None:
        self._plan = plan
        self._speech = speech
        self._clock = SessionClock(0)
        self.told_ms = 0
        """Where the last final ended; an estimate unless the engine said so."""
        self._surely_ms = 0
        self._covered_ms = 0
        self._told_by = _Clue.TEXT
        self._told: deque[Told] = deque(maxlen=_MOST_TOLD)
        self._last: WordsHeard | None = None
        self._pending: WordsHeard | None = None
        self._pending_unmarked = False
        self._pending_here = False
        self._from_ms = 0
        self._seam_ms = 0
        self._seam_by = _Clue.TEXT
        self._repeats = Repeats((), 0)
        self._lag_ms = LAG_MS

    def begin(self, clock: SessionClock) -> list[WordsHeard]:
        """Expect a new session that is sent the audio from `clock.start_ms` on.

        A partial whose audio is not kept any more is settled: nobody will say it again.
        """
        start_ms = clock.start_ms
        pending = self._pending
        lost = pending is not None and start_ms > pending.start_ms + _LEAD_MS
        settled = self.settle_pending() if lost else []
        self._clock = clock
        self._pending_here = self._pending_unmarked = False
        self._from_ms = start_ms
        self._seam_ms = self.told_ms
        self._seam_by = self._told_by
        self._repeats = Repeats(self._told, start_ms)
        return settled

    def take(self, answer: Answer, *, lag_ms: int) -> list[WordsHeard]:
        """Take an answer that may be `lag_ms` behind the audio; return what to tell."""
        text = (answer.transcript or "").strip()
        self._lag_ms = lag_ms
        self._surely_ms = self._clock.position_ms - lag_ms - (SURE_LAG_MS - LAG_MS)
        if self._surely_ms > self._seam_ms:
            self._repeats.clear()
        if not text:
            ended = answer.utterance_end and self._pending_here
            return self.settle_pending() if ended else []
        unmarked = answer.is_final is None and answer.speech_final is None
        told: list[WordsHeard] = []
        if self._pending and self._pending_unmarked and self._goes_on(self._pending, text):
            told = self.settle_pending()
        heard, clue = self._heard(answer, text)
        if heard.is_final:
            return told + self._settle(heard, clue)
        return told + self._show(heard, clue, unmarked=unmarked)

    def settle_pending(self) -> list[WordsHeard]:
        """Make the last partial final, as no better text will come; empty if there is none."""
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        return self._tell(replace(pending, is_final=True))

    def owed(self, until_ms: int) -> bool:
        """Say whether the engine still owes words for the audio before `until_ms`."""
        return bool(self._pending) or self._speech.between(self.told_ms, until_ms) >= _OWED_MS

    def may_be_owed(self, until_ms: int) -> bool:
        """Say whether it owes words, or may for all we know: places are estimates."""
        since_ms = max(self._covered_ms, until_ms - LOOKBACK_MS)
        return self.owed(until_ms) or self._speech.between(since_ms, until_ms) >= _OWED_MS

    def settled_ms(self, sent_ms: int) -> int:
        """Return until when, of what was sent, nothing is owed: it was told, or quiet."""
        if self._pending:
            return max(self.told_ms, self._pending.start_ms)
        if not self.owed(sent_ms):
            return max(self.told_ms, sent_ms)
        return next(self._speech.spans(self.told_ms, sent_ms)).start_ms

    def replay_from(self) -> int:
        """Return where a new session would have to begin, in milliseconds of the stream."""
        sent_ms = self._clock.position_ms
        if self._told_by is _Clue.WORDS:
            return max(0, min(self.told_ms, sent_ms) - _LEAD_MS)
        return replay_point(
            self._speech.spans(max(0, self.told_ms - LOOKBACK_MS), sent_ms),
            told_ms=self.told_ms,
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

    def _heard(self, answer: Answer, text: str) -> tuple[WordsHeard, _Clue]:
        final = answer.is_final if answer.is_final is not None else bool(answer.speech_final)
        words = tuple(self._words(answer))
        if words:
            span = Span(words[0].start_ms, max(words[0].start_ms, words[-1].end_ms))
            clue = _Clue.WORDS
        elif answer.start_time is not None and answer.duration is not None:
            span = self._session_span(answer.start_time, answer.start_time + answer.duration)
            clue = _Clue.SPAN
        else:
            span, clue = self._estimate(text, self._from_ms), _Clue.TEXT
        heard = WordsHeard(
            leg_id=self._plan.leg_id,
            stream_id=self._plan.stream_id,
            track=self._plan.track,
            text=text,
            is_final=final,
            start_ms=span.start_ms,
            end_ms=span.end_ms,
            confidence=_confidence(answer.confidence, final=final),
            words=words or None,
            language=answer.language[:35] if answer.language else None,
        )
        return heard, clue

    def _words(self, answer: Answer) -> Iterable[Word]:
        for word in answer.words or ():
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
        return place(text, spans, from_ms=from_ms, until_ms=until_ms, lag_ms=self._lag_ms)

    def _show(self, partial: WordsHeard, clue: _Clue, *, unmarked: bool) -> list[WordsHeard]:
        shown = self._without_repeats(partial, clue)
        if shown is None:
            return []
        self._pending, self._pending_unmarked, self._pending_here = shown, unmarked, True
        return [shown]

    def _settle(self, final: WordsHeard, clue: _Clue) -> list[WordsHeard]:
        told = self._without_repeats(final, clue)
        surely_ms = self._surely_ms if clue is _Clue.TEXT else final.end_ms
        self._covered_ms = max(self._covered_ms, surely_ms)
        if told is None or (clue is not _Clue.TEXT and told == self._last):
            return []  # told before the seam, or a copy of the last one by the engine's own times
        self._from_ms = max(self._from_ms, told.end_ms)
        self._pending, self._told_by = None, clue
        return self._tell(told)

    def _tell(self, final: WordsHeard) -> list[WordsHeard]:
        self._last = final
        self.told_ms = max(self.told_ms, final.end_ms)
        self._told.append(
            Told(words_of(final.text), final.start_ms, final.end_ms, self._clock.position_ms)
        )
        return [final]

    def _without_repeats(self, heard: WordsHeard, clue: _Clue) -> WordsHeard | None:
        """Take out what was told before the seam; None if nothing is left."""
        if clue is self._seam_by is _Clue.WORDS and heard.words:
            return self._after_seam(heard, heard.words)
        if clue is self._seam_by is _Clue.SPAN:
            if heard.end_ms <= self._seam_ms + _SPAN_SLACK_MS:
                return None
            if heard.start_ms >= self._seam_ms - _SPAN_SLACK_MS:
                return heard
        return self._without_text(heard, clue) if self._repeats else heard

    def _without_text(self, heard: WordsHeard, clue: _Clue) -> WordsHeard | None:
        words = words_of(heard.text)
        count, until_ms = self._repeats.find(words, use_up=heard.is_final)
        left = _cut(heard, count, len(words))
        if count and heard.is_final:
            self._from_ms = max(self._from_ms, until_ms)
        if count and left and clue is _Clue.TEXT:
            span = self._estimate(left.text, until_ms)
            return replace(left, start_ms=span.start_ms, end_ms=span.end_ms)
        if count and left and clue is _Clue.SPAN:
            start_ms = min(max(left.start_ms, until_ms), left.end_ms)
            return replace(left, start_ms=start_ms)
        return left

    def _after_seam(self, heard: WordsHeard, words: tuple[Word, ...]) -> WordsHeard | None:
        early = [word.start_ms + word.end_ms < 2 * self._seam_ms for word in words]
        count = early.index(False) if False in early else len(early)
        return _cut(heard, count, len(words))


def _cut(heard: WordsHeard, count: int, of: int) -> WordsHeard | None:
    """Return what is left without the first `count` of its `of` words; None for nothing."""
    if count == 0:
        return heard
    if count >= of:
        return None
    words = heard.words[count:] if heard.words and len(heard.words) == of else None
    text = cut(heard.text, count)
    if words and len(words_of(heard.text)) != of:
        text = " ".join(word.text for word in words)
    start_ms = words[0].start_ms if words else heard.start_ms
    return replace(heard, text=text, words=words, start_ms=start_ms)


def _confidence(value: float | None, *, final: bool) -> float | None:
    """Return a confidence worth telling: partials come with 0.0 where there is none."""
    if value is None or not 0.0 <= value <= 1.0 or (not final and value == 0.0):
        return None
    return value
