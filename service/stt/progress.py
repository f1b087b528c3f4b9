"""How far the audio of a track is answered: by finals, and by silence where nobody spoke."""

from collections.abc import Iterator
from typing import NamedTuple

from service.stt.resume import LOOKBACK_MS, ONSET_MS, resume_point
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import WINDOW_MS, Speech

LEAD_MS = 300
"""How much before the last final's end a replay begins, when the engine said when that was."""
OWED_MS = 150
"""Less speech than this after the last final is owed no result."""
_SLOW_PACE, _SLACK_MS = 2, 300
"""So much longer than expected a text may have taken to say."""
_TAIL_MS = 300
"""So much of a stretch of speech may be left when its last word has ended."""
_WITHIN_MS = 400
"""A longer pause is not within an utterance."""
_PROVEN_MS = 500
"""So much more was sent to an engine after a final, and that was not the last it could say."""
_MIN_QUIET_MS = 4_000
"""Where nobody spoke, a silence this long has nothing in it that an engine may still answer."""


class _Claim(NamedTuple):
    """What a text may cover."""

    sure_ms: int
    sent_ms: int
    """What had been sent when it came."""


class Progress:
    """What of a track is answered. Times are milliseconds of the stream. Pure."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self.emitted_ms = 0
        """Where the last final ended; an estimate unless the engine said so."""
        self.by = Clue.TEXT
        """What the estimate is made from."""
        self.answered_ms = 0
        """Speech before this is in a final, as far as we can tell."""
        self._covered_ms = 0
        """Speech before this is in one surely."""
        self._claim = _Claim(0, 0)
        """What the last text may cover."""
        self._breath_ms = 0
        """How much longer than its last word the stretch of speech is that the last final ends."""

    def note(self, span: Span, clue: Clue, *, sure_ms: int, sent_ms: int) -> None:
        """Take note of a final, emitted or not: it answers all that was said before it ended.

        A text that is the last of its session may end in the midst of that: `sure_ms` tells what it
        covers only once the session goes on.
        """
        if clue is Clue.TEXT:
            self._cover(min(self._claim.sure_ms, span.start_ms))
            self._claim = _Claim(sure_ms, sent_ms)
        else:
            self._cover(span.end_ms)

    def emit(self, span: Span, clue: Clue, *, expected_ms: int, until_ms: int) -> None:
        """Take note of a final that is emitted, of what had been sent until then.

        A text that is a part of what is being said covers nothing behind it: `expected_ms` is 0.
        One of a session that was lost may end behind what the next one was sent.
        """
        until_ms = max(until_ms, span.end_ms)
        self.emitted_ms, self.by = max(self.emitted_ms, span.end_ms), clue
        if not expected_ms:
            end_ms = span.end_ms
        elif clue is Clue.TEXT:
            end_ms = self._explained(span, expected_ms, until_ms)
        else:
            end_ms = self._with_tail(span.end_ms, until_ms)
        self.answered_ms = max(self.answered_ms, end_ms)
        breath_ms = 0 if clue is Clue.TEXT else end_ms - self.emitted_ms
        self._breath_ms = breath_ms if 0 <= breath_ms < OWED_MS else 0

    def answer(self, until_ms: int) -> None:
        """Take note that there are no words before a time that are not in a final."""
        self.answered_ms = max(self.answered_ms, until_ms)
        self._cover(until_ms)

    def settle(self, until_ms: int) -> None:
        """Take note that no answer is to be expected any more for what is before a time."""
        self.answer(until_ms)
        if until_ms > self.emitted_ms:
            self.emitted_ms, self._breath_ms = until_ms, 0

    def unanswered(self, until_ms: int) -> Iterator[Span]:
        """Yield the speech before a time that no final covers."""
        return self._speech.spans(self.answered_ms, until_ms)

    def unanswered_ms(self, until_ms: int) -> int:
        """Return how much speech before a time no final covers."""
        return self._speech.between(self.answered_ms, until_ms)

    def is_owed(self, until_ms: int, *, since_ms: int = 0) -> bool:
        """Say whether speech before a time has no answer, and is not before `since_ms` either."""
        since_ms = max(self.answered_ms, since_ms)
        return self._speech.between(since_ms, until_ms) >= OWED_MS

    def may_be_owed(self, until_ms: int) -> bool:
        """Say whether it has none for all we know: times are estimates."""
        since_ms = max(self._covered_ms, until_ms - LOOKBACK_MS)
        return self.is_owed(until_ms) or self._speech.between(since_ms, until_ms) >= OWED_MS

    def answered_until(self, sent_ms: int) -> int:
        """Return until when all is answered of what was sent."""
        if not self.is_owed(sent_ms):
            return max(self.emitted_ms, sent_ms)
        return max(self.emitted_ms, next(self.unanswered(sent_ms)).start_ms)

    def owed_from(self, sent_ms: int, *, pending_ms: int | None) -> int:
        """Return where the first speech begins that is owed, a little before it.

        As far as we can tell: by times that are estimates unless the engine gave them. In the midst
        of speech as well: else the word that is said just then is in neither of two sessions.
        """
        first = next((span for span in self.unanswered(sent_ms) if not self._is_rest(span)), None)
        owed_ms = sent_ms if first is None else self._begun(first.start_ms)
        if pending_ms is not None:
            owed_ms = min(owed_ms, pending_ms)
        before = list(self._speech.spans(owed_ms - LOOKBACK_MS, owed_ms))
        quiet_ms = before[-1].end_ms if before else 0
        if quiet_ms >= owed_ms:
            return max(0, owed_ms - ONSET_MS)
        return max(0, owed_ms - ONSET_MS, min((quiet_ms + owed_ms) // 2, owed_ms))

    def resume_from(self, sent_ms: int, *, pending_ms: int | None, quiet_ms: int | None) -> int:
        """Return where a new session would have to begin.

        `quiet_ms` is how long a silence must be for the engine to have answered all before it;
        None if it does not answer.
        """
        is_proven = self._claim.sent_ms <= self._speech.back(sent_ms, _PROVEN_MS)
        if is_proven:
            self._cover(self._claim.sure_ms)
        if not any(self._speech.sounds(self._covered_ms, sent_ms)):
            quiet_ms = _MIN_QUIET_MS if quiet_ms is None else quiet_ms
        if pending_ms is not None or self.is_owed(sent_ms) or not is_proven:
            quiet_ms = None
        if quiet_ms is not None:
            quiet_ms = sent_ms - self._speech.back(sent_ms, quiet_ms)
        sure_ms = min(self.emitted_ms, self._covered_ms)
        point_ms = resume_point(
            self._speech.sounds(max(0, sure_ms - LOOKBACK_MS), sent_ms),
            sure_ms=sure_ms + self._breath_ms,
            sent_ms=sent_ms,
            quiet_ms=quiet_ms,
            pending_ms=pending_ms,
        )
        if self.by is Clue.WORDS:
            return max(0, min(self.emitted_ms, sent_ms) - LEAD_MS, point_ms)
        return point_ms

    def _begun(self, at_ms: int) -> int:
        """Return when the speech began that goes on then, if all of it is behind the last final.

        That it is the rest of that is a guess: who is sent all of it hears no half word.
        """
        for stretch in self._speech.spans(self.emitted_ms, at_ms):
            if stretch.end_ms == at_ms and stretch.start_ms > self.emitted_ms:
                return stretch.start_ms
        return at_ms

    def _is_rest(self, span: Span) -> bool:
        """Say whether it is too little to be owed: of an answered stretch, or before a hole."""
        is_cut = any(abs(hole.start_ms - span.end_ms) <= WINDOW_MS for hole in self._speech.holes)
        is_part = span.start_ms == self.answered_ms or is_cut
        return is_part and span.end_ms - span.start_ms < OWED_MS

    def _cover(self, until_ms: int) -> None:
        self._covered_ms = max(self._covered_ms, until_ms)

    def _with_tail(self, end_ms: int, until_ms: int) -> int:
        """Return where the breath after a last word ends, which is speech as far as we can tell."""
        rest = next(self._speech.spans(end_ms, until_ms), None)
        if rest is None or rest.start_ms > end_ms or rest.end_ms > end_ms + _TAIL_MS:
            return end_ms
        return rest.end_ms

    def _explained(self, span: Span, expected_ms: int, until_ms: int) -> int:
        """Return until when what was said is the rest of a text that was said slowly.

        Behind a pause it is not, where that is as long without it as it should be.
        """
        end_ms, said_ms = span.end_ms, 0
        for stretch in self._speech.spans(span.start_ms, until_ms):
            is_whole = said_ms >= expected_ms and stretch.start_ms > end_ms
            said_ms += stretch.end_ms - stretch.start_ms
            is_too_long = said_ms > _SLOW_PACE * expected_ms + _SLACK_MS
            if is_whole or is_too_long or stretch.start_ms > end_ms + _WITHIN_MS:
                break
            end_ms = max(end_ms, stretch.end_ms)
        return end_ms
