"""Puts what an engine says on the stream: when it was said, by its own times or by our estimate."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from service.calls.inputs import Word, WordsHeard
from service.stt.clock import SessionClock
from service.stt.growth import Growth
from service.stt.inputs import TrackInputs
from service.stt.matching import revises, words_of
from service.stt.pace import Pace
from service.stt.progress import LEAD_MS
from service.stt.resume import LOOKBACK_MS
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import LAG_MS, Estimate, divide, duration_of, estimate, reach_of, said_by
from service.wire.stt import SttResult

_MAX_LANGUAGE = 35
"""Characters that the code of a language may have (BCP 47)."""
_MORE_MS = 400
"""So much speech, without a pause, is more than the rest of a word."""
_LACKS = 1.6
"""Somebody spoke for so much longer than a text takes that is about half of what he said."""
_LITTLE_MS = 150
"""So little speech is no word."""
_KEPT = 0.5
"""Two texts must fit better by so much of the shorter one not to be in the order they came in."""


class Placed(NamedTuple):
    """A text on the stream."""

    heard: WordsHeard
    clue: Clue


class Ahead(NamedTuple):
    """A final that came before another one of earlier speech."""

    placed: Placed
    came_ms: int
    """What had been sent when it came."""


class Carried(NamedTuple):
    """A partial that the next session may say again, or not: its place is an estimate."""

    placed: Placed
    came_ms: int
    """What had been sent when it came."""
    until_ms: int
    """Where the next session begins: what that does not say again was said before."""


class Placing:
    """Places the results of one session after the other. Pure."""

    def __init__(self, inputs: TrackInputs, speech: Speech) -> None:
        self._inputs = inputs
        self._speech = speech
        self._clock = SessionClock(0)
        self._pace = Pace()
        self._growth = Growth(speech)
        self._words_before: list[str] = []
        self._reached_ms = 0
        """The last words of the text before were said in speech that went on after this."""
        self.lacking_ms: int | None = None
        """Where a final ends that there may be more behind, until that is heard again."""
        self._late_end_ms: int | None = None
        """Where the session's last final ends, if its engine is late, and gives no times."""
        self.split_ms: int | None = None
        """Where a hole begins of which nobody knows on what side of it the last text was said."""

    def begin(self, clock: SessionClock) -> None:
        """Expect the results of a session with this clock."""
        self._clock = clock
        self._words_before, self._reached_ms = [], 0
        self._late_end_ms = None

    def place(self, at: Arrival, text: str, *, from_ms: int) -> Placed:
        """Place a result with a text that was said no earlier than `from_ms`."""
        result, self.split_ms = at.result, None
        self._follow(at, text)
        words = tuple(self._words(result))
        timed = self.timed(result)
        if timed is not None:
            span, clue = timed, Clue.WORDS if words else Clue.SPAN
        elif at.said is not None:
            span, clue = at.said, Clue.SPAN
        else:
            estimated = self._estimate(at, text, from_ms=from_ms)
            span, clue, self.split_ms = estimated.span, Clue.TEXT, estimated.split_ms
        final = _is_final(at)
        heard = self._inputs.words(
            text,
            span,
            is_final=final,
            confidence=_confidence(result.confidence, final=final),
            words=words or None,
            language=result.language[:_MAX_LANGUAGE] if result.language else None,
        )
        return Placed(heard, clue)

    def timed(self, result: SttResult) -> Span | None:
        """Return when a result was said by the engine's own times; None if it gives none."""
        if result.words:
            span = self._span(result.words[0].start, result.words[-1].end)
        elif result.start_time is not None and result.duration is not None:
            span = self._span(result.start_time, result.start_time + result.duration)
        else:
            span = None
        return span

    def learn(self, at: Arrival, placed: Placed, *, from_ms: int) -> None:
        """Learn the speaker's pace of a final that is no repeat, said no earlier than `from_ms`."""
        if placed.clue is Clue.TEXT and not at.queue_ms:  # else more was sent than is answered
            spoken = list(self._speech.spans(from_ms, at.position_ms))
            self._pace.learn(duration_of(placed.heard.text), spoken)

    def _estimate(self, at: Arrival, text: str, *, from_ms: int) -> Estimate:
        """Estimate when a text was said, by its length and by where speech was."""
        expected_ms = round(duration_of(text) * self._pace.factor)
        until_ms = at.position_ms if at.before_ms is None else at.before_ms
        return estimate(
            expected_ms,
            self._speech.spans(from_ms, until_ms),
            from_ms=from_ms,
            until_ms=until_ms,
            lag_ms=at.lag_ms,
            queue_ms=at.queue_ms,
            slack_ms=round(expected_ms * self._pace.slack),
            holes=self._speech.holes,
            cut_ms=self._speech.cut_ms,
            reached_ms=self._reached_ms,
            is_whole=bool(at.result.is_final) and not at.is_asked,
            is_late=at.gives_partials_late,
        )

    def in_order(self, one: Arrival, other: Arrival, *, from_ms: int) -> tuple[Arrival, Arrival]:
        """Return two finals of the same moment in the order in which they were said, most likely.

        As they came, unless they fit much better the other way round. Neither was said before
        `from_ms`, and the first not where the second one begins.
        """
        spans = list(self._speech.spans(from_ms, one.position_ms))
        until_ms, holes = one.position_ms, self._speech.holes
        mine, his = (self._lengths(at.result.transcript or "") for at in (one, other))
        kept = divide(mine, his, spans, from_ms=from_ms, until_ms=until_ms, holes=holes)
        swapped = divide(his, mine, spans, from_ms=from_ms, until_ms=until_ms, holes=holes)
        if kept is None or swapped is None:
            return one, other
        if swapped.cost + _KEPT * min(sum(mine), sum(his)) / 2 < kept.cost:
            return other._replace(before_ms=swapped.second_ms), one
        return one._replace(before_ms=kept.second_ms), other

    def _lengths(self, text: str) -> Span:
        """Return how long a text takes to say, at least and at most."""
        expected_ms = round(duration_of(text) * self._pace.factor)
        slack_ms = round(expected_ms * self._pace.slack)
        return Span(expected_ms - slack_ms, expected_ms + slack_ms)

    def rest(self, at: Arrival, whole: WordsHeard, text: str, *, from_ms: int) -> Span:
        """Estimate when the last words of a text were said, whose first ones are emitted already.

        Those end at `from_ms`; but where the whole text does not go on behind that, they were put
        there although they were a part of it.
        """
        if whole.end_ms >= from_ms + _LITTLE_MS:
            return self._estimate(at, text, from_ms=from_ms).span
        spans = list(self._speech.spans(whole.start_ms, whole.end_ms))
        share = 1 - duration_of(text) / duration_of(whole.text)
        spoken_ms = sum(span.end_ms - span.start_ms for span in spans)
        start_ms = reach_of(spans, round(share * spoken_ms)) if spans else whole.end_ms
        return Span(min(start_ms, whole.end_ms), whole.end_ms)

    def before(self, heard: WordsHeard, until_ms: int) -> WordsHeard:
        """Put a text into the last speech before a time, although it seemed to be a later one."""
        expected_ms = round(duration_of(heard.text) * self._pace.factor)
        spans = list(self._speech.spans(until_ms - LOOKBACK_MS, until_ms))
        while len(spans) > 1 and sum(end_ms - at_ms for at_ms, end_ms in spans[1:]) >= expected_ms:
            del spans[0]
        if not spans:
            return replace(heard, start_ms=until_ms, end_ms=until_ms)
        end_ms = said_by(spans, expected_ms)
        return replace(heard, start_ms=spans[0].start_ms, end_ms=end_ms)

    def cut_off(self, placed: Placed) -> Placed:
        """Have a text that was cut off in mid-speech end where its length says, and its growth."""
        heard, clue = placed
        spans = list(self._speech.spans(heard.start_ms, heard.end_ms))
        if clue is not Clue.TEXT or not spans:
            return placed
        spans[0] = Span(heard.start_ms, spans[0].end_ms)  # what is not kept is forgotten
        grown = self._growth.of(heard.text)
        factor = (grown and grown.factor) or self._pace.factor
        end_ms = said_by(spans, round(duration_of(heard.text) * factor))
        if grown is not None:
            end_ms = max(end_ms, grown.reached_ms)
        return Placed(replace(heard, end_ms=min(end_ms, heard.end_ms)), clue)

    def knows_end(self, placed: Placed) -> bool:
        """Say whether it is known where a text ends that is cut off: by times, or by its growth.

        Else it may be all of what was said there, or half of it.
        """
        grown = self._growth.of(placed.heard.text)
        return placed.clue is not Clue.TEXT or (grown is not None and grown.factor is not None)

    def note_final(self, at: Arrival, placed: Placed) -> bool:
        """Take note of a final; say whether it may be half of what was said."""
        heard, clue = placed
        is_late = clue is Clue.TEXT and at.lag_ms > LAG_MS
        self._late_end_ms = heard.end_ms if is_late else None
        may_lack = is_late and at.is_asked and self._may_lack(heard)
        if may_lack:
            self.lacking_ms = heard.end_ms
        elif self.lacking_ms is not None and heard.end_ms >= self.lacking_ms:
            self.lacking_ms = None
        return may_lack

    def doubt_last(self) -> bool:
        """Take note that the session was over before all of its last final may have been given.

        False if that is no question: by its times, or as the engine is prompt.
        """
        self.lacking_ms = self._late_end_ms or self.lacking_ms
        return self._late_end_ms is not None

    def _may_lack(self, heard: WordsHeard) -> bool:
        """Say whether a final that a late engine was asked for may be half of what was said.

        Nobody can see whether it gave the rest, or the session was over before. But somebody spoke
        for longer than this text takes, at his pace.
        """
        expected_ms = duration_of(heard.text) * self._pace.factor
        spoken_ms = self._speech.between(heard.start_ms, heard.end_ms)
        return spoken_ms > max(expected_ms * _LACKS, expected_ms + _MORE_MS)

    def goes_on(self, placed: Placed, until_ms: int) -> bool:
        """Say whether more was said behind a text that is cut off, as it was spoken when it came.

        So it is as an engine is prompt, and gave no more of it.
        """
        heard, clue = placed
        if clue is not Clue.TEXT or self._growth.of(heard.text) is None:
            return False
        rest = next(self._speech.spans(heard.end_ms, until_ms), None)
        if rest is None or rest.start_ms > heard.end_ms:
            return False
        return rest.end_ms - rest.start_ms >= _MORE_MS

    def _follow(self, at: Arrival, text: str) -> None:
        """Note in which speech a text grew: an engine that is prompt has only just heard that.

        What was longer once and is so again has not grown: a state of it came out of its order.
        """
        before, words = self._words_before, words_of(text)
        goes_on = before == words or revises(before, words)
        if not goes_on:
            self._reached_ms = 0
        if not (before and goes_on):
            self._growth.end()
        if goes_on and len(words) <= len(before):
            return
        self._words_before = words
        self._growth.add(at, text)
        if at.prompt_ms is None:
            return
        # in the first of it: the last may have begun since
        since_ms = self._speech.back(at.position_ms, at.prompt_ms)
        heard = next(self._speech.spans(since_ms, at.position_ms), None)
        if heard is not None:
            self._reached_ms = heard.start_ms

    def _words(self, result: SttResult) -> Iterator[Word]:
        for word in result.words or ():
            span = self._span(word.start, word.end)
            yield Word(
                text=word.word,
                start_ms=span.start_ms,
                end_ms=span.end_ms,
                confidence=_confidence(word.confidence, final=True),
            )

    def _span(self, start_s: float, end_s: float) -> Span:
        start_ms = self._clock.stream_ms(start_s)
        return Span(start_ms, max(start_ms, self._clock.stream_end_ms(end_s)))


def spare_ms(heard: WordsHeard) -> int:
    """Return how much of a text's audio may be missing with its first word heard all the same."""
    if heard.words:
        return min(LEAD_MS, (heard.words[0].end_ms - heard.words[0].start_ms) // 2)
    return min(LEAD_MS, duration_of(heard.text.partition(" ")[0]) // 2)


def _is_final(at: Arrival) -> bool:
    """Say whether a result is final; an engine that answers once need not say so."""
    result = at.result
    if result.is_final is not None:
        return result.is_final
    return bool(result.speech_final) or at.said is not None


def _confidence(value: float | None, *, final: bool) -> float | None:
    """Return a confidence worth emitting: partials come with 0.0 where there is none."""
    if value is None or not 0.0 <= value <= 1.0 or (not final and value == 0.0):
        return None
    return value
