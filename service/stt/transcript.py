"""The words of one track: partials that replace each other, finals emitted once and in order.

Engines differ in what they send (Telnyx STT, "Messages"; see `wire/stt.py`):

- A partial replaces the partial before it; a final commits. `speech_final` is not waited for.
- A result without `is_final` counts as a partial. If the next one is not another state of the
  same text, the first becomes final: an engine that only ever sends whole texts loses none.
- An empty text finalizes nothing, unless it is an utterance's end: then the last partial stands.
- A final that says again what the session said of the same audio is the same final.
- A final whose time says that another one is missing before it waits a moment for that.
- What is pending when nothing more will come becomes a final. So does what is pending where the
  next session begins further on, as several got no further, unless that one says it again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from service.calls.inputs import WordsHeard
from service.stt.clock import SessionClock
from service.stt.inputs import TrackInputs
from service.stt.matching import find_overlap, revises, words_of
from service.stt.moments import Moment, is_order_unknown
from service.stt.overlap import Emitted
from service.stt.placing import Ahead, Carried, Placed, Placing, spare_ms
from service.stt.progress import OWED_MS, Progress
from service.stt.restated import Restated
from service.stt.ring import Span
from service.stt.seam import Clue, Seam, without_half_words
from service.stt.speech import PAUSE_MS, Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of
from service.stt.unmarked import Unmarked
from service.wire.stt import SttResult

_MAX_EMITTED = 64
"""Finals remembered for the next overlap; a replay goes back half a minute at most."""
_AHEAD_MS = 1000
"""How much more audio a final that came too early waits for the one before it."""
_MISSING_MS = 400
"""So much speech without an answer before a final, and another one may be missing."""


_NOTHING = Arrival(SttResult(), 0, 0, 0, 0)


class Transcript:
    """The words of one track over all its sessions, one at a time. Pure: no clock, no I/O."""

    def __init__(self, inputs: TrackInputs, speech: Speech) -> None:
        self.progress = Progress(speech)
        self._speech = speech
        self.placing = Placing(inputs, speech)
        self._moment = Moment(speech, self.placing)
        self._clock = SessionClock(0)
        self._seam = Seam((), 0, 0, Clue.TEXT)
        self._emitted: deque[Emitted] = deque(maxlen=_MAX_EMITTED)
        self._pending: Placed | None = None
        self._pending_unmarked = False
        self._pending_here = False
        self._pending_came_ms = 0
        """What had been sent when it came."""
        self._carried: Carried | None = None
        self._unmarked: Unmarked | None = None
        """The session's last text, if it came without `is_final`."""
        self._doubt_ms: int | None = None
        self._from_ms = 0
        """No text that comes now was said before this."""
        self._restated = Restated(speech)
        self._ahead: list[Ahead] = []
        self._at = _NOTHING
        """The result that is looked at."""

    def begin(self, clock: SessionClock, *, repeats: bool = True) -> list[WordsHeard]:
        """Expect the results of a session that is sent the audio from `clock.start_ms` on.

        It `repeats` what was said before, unless all its speech is new. A partial whose audio is
        not kept any more becomes final: no session will hear it again.
        """
        start_ms = clock.start_ms
        finals = self.keep_from(start_ms)
        if self._seam.is_in_doubt:
            self._doubt_ms = self._seam.until_ms
        self._clock = clock
        self.placing.begin(clock)
        self._pending_here = self._pending_unmarked = False
        self._unmarked = None
        self._from_ms = start_ms
        self._restated.begin()
        self._ahead.clear()
        if repeats:
            self._seam = Seam(self._emitted, start_ms, self.progress.emitted_ms, self.progress.by)
        else:
            self._seam = Seam((), start_ms, 0, Clue.TEXT)
        return finals

    def add(self, at: Arrival) -> list[WordsHeard]:
        """Add a result; return what to emit."""
        return self._add_all(self._moment.take(at, from_ms=self._from_ms))

    def end_moment(self) -> list[WordsHeard]:
        """Wait for no other final in the moment of the last one; return what to emit."""
        return self._add_all(self._moment.end())

    @property
    def is_in_moment(self) -> bool:
        """Whether a final waits for another one of the same moment."""
        return self._moment.is_open

    def _add_all(self, arrivals: Iterable[Arrival]) -> list[WordsHeard]:
        return [said for at in arrivals for said in self._add(at)]

    def _add(self, at: Arrival) -> list[WordsHeard]:
        self._at, result = at, at.result
        text = (result.transcript or "").strip()
        self._seam.close(at.sure_ms)
        if not text:
            return self._add_nothing(at)
        unmarked = result.is_final is None and result.speech_final is None and at.said is None
        before = self._end_unmarked() if self._is_unmarked_over(text) else []
        heard, clue = self._anchored(self.placing.place(at, text, from_ms=self._from_ms))
        whole = without_half_words(heard, at.cut_ms)
        if whole is None:
            return before
        placed = Placed(whole, clue)
        said = self._final(placed) if whole.is_final else self._partial(placed, unmarked=unmarked)
        end_ms = said[-1].end_ms if said else whole.end_ms
        self._unmarked = Unmarked.of(at, placed, end_ms) if unmarked else None
        return before + said

    def _is_unmarked_over(self, text: str) -> bool:
        last = self._unmarked
        timed = self.placing.timed(self._at.result)
        return last is not None and last.is_over(self._at, text, timed, self._speech)

    def _end_unmarked(self) -> list[WordsHeard]:
        """Take the last text, which came without `is_final`, for one: what comes is another one."""
        last, self._unmarked = self._unmarked, None
        if last is not None:
            self._seam.use_up()
            at = last.at
            self.progress.note(last.span, last.clue, sure_ms=at.sure_ms, sent_ms=at.position_ms)
        return self.finalize_pending() if self._pending_unmarked else []

    def _add_nothing(self, at: Arrival) -> list[WordsHeard]:
        if at.result.utterance_end:
            return self.finalize_pending() if self._pending_here else []
        if at.result.is_final and self._pending is None:
            self.progress.answer(at.sure_ms)  # it heard all that, and no words
        return []

    def finalize_pending(
        self, *, cut_ms: int | None = None, is_part: bool = False, is_cut_off: bool = False
    ) -> list[WordsHeard]:
        """Make the last partial final, as no better text will come; empty if there is none.

        A word that ends at `cut_ms` is left out, for another session to hear the whole of it. With
        `is_part` more was said without a pause than is in the text. If it `is_cut_off`, that is in
        doubt unless it is known where it ends.
        """
        pending, self._pending = self._pending, None
        if self._pending_unmarked:
            self._seam.use_up()
        finals = self._overtaken(None)
        heard = pending and without_half_words(pending.heard, cut_ms)
        if pending is not None and heard is not None:
            final = Placed(replace(heard, is_final=True), pending.clue)
            is_part |= cut_ms is not None or (is_cut_off and pending.clue is not Clue.TEXT)
            if is_cut_off and not (self._pending_unmarked or self.placing.knows_end(pending)):
                self._doubt_ms = heard.end_ms
            finals += self._emit(
                final, self._pending_came_ms, until_ms=self._clock.position_ms, is_part=is_part
            )
        return finals or self._not_said_again([])

    def carry_pending(self, until_ms: int) -> list[WordsHeard]:
        """Have what is pending become final unless it is said again from `until_ms` on.

        Several sessions got no further, so that the next one begins where the first speech seems to
        be that is in no final. Where texts have no times it may seem to be too late. A text without
        `is_final` becomes final anyhow once another one comes.
        """
        pending = self._pending if self._pending_here else None
        if pending is None:
            return []  # it said nothing of its own, be it this or another text
        finals = self._not_said_again(words_of(pending.heard.text))
        if pending.clue is Clue.TEXT and not self._pending_unmarked:
            self._carried = Carried(pending, self._pending_came_ms, until_ms)
        return finals

    def close(self, *, is_cut_off: bool = False) -> list[WordsHeard]:
        """Expect no more of what was said, which is all as far as is known: else it is in doubt."""
        finals = self.end_moment()
        self._doubt_ms, self.placing.lacking_ms = self.placing.lacking_ms, None
        pending = self._pending if is_cut_off and self._pending_here else None
        if pending and self._seam.has_piece(*pending):
            self._pending = None
        return finals + self.finalize_pending(is_cut_off=is_cut_off)

    def keep_from(self, kept_ms: int) -> list[WordsHeard]:
        """Make a partial final whose audio is not kept: no better text will come of it."""
        pending = self._pending
        if pending is None or kept_ms <= pending.heard.start_ms + spare_ms(pending.heard):
            return []
        cut_off = pending if self._pending_unmarked else self.placing.cut_off(pending)
        self._pending = cut_off
        is_part = cut_off != pending or self.placing.goes_on(cut_off, self._clock.position_ms)
        return self.finalize_pending(is_part=is_part, is_cut_off=True)

    def before_pending(self, until_ms: int) -> int:
        """Return a time, or where the words begin that are pending, if that is earlier."""
        return until_ms if self._pending is None else min(until_ms, self._pending.heard.start_ms)

    def heard_until(self) -> int:
        """Return how far the words that there are go, be they final or not."""
        return max(self.progress.answered_ms, self.pending_end_ms)

    @property
    def pending_end_ms(self) -> int:
        """Where the words end that are pending; 0 if there are none."""
        return self._pending.heard.end_ms if self._pending else 0

    def wait_no_more(self, position_ms: int, quiet_ms: int | None) -> list[WordsHeard]:
        """Return finals that came too early, and have waited long enough for those before them.

        And a text without `is_final`, once it was quiet for so long that no better one will come.
        """
        pending = self._pending
        if not (pending and self._pending_unmarked and self._pending_here) or quiet_ms is None:
            return self._overtaken(position_ms)
        end_ms = pending.heard.end_ms
        is_quiet = end_ms <= self._speech.back(position_ms, quiet_ms)
        if not is_quiet or self._speech.between(end_ms, position_ms) >= OWED_MS:
            return self._overtaken(position_ms)
        self._restated.note(
            words_of(pending.heard.text), Span(pending.heard.start_ms, end_ms), position_ms
        )
        return self._end_unmarked()

    def take_doubt(self) -> int | None:
        """Return from where on words may be there twice, or lost, if that is new: once a seam."""
        if self._seam.is_in_doubt:
            self._seam.is_in_doubt = False
            return self._seam.until_ms
        doubt_ms, self._doubt_ms = self._doubt_ms, None
        return doubt_ms

    def is_owed(self, until_ms: int) -> bool:
        """Say whether the engine still owes words for the audio before `until_ms`.

        A text without `is_final` is an answer: it will not be said again with one.
        """
        if self._pending and self._pending_unmarked:
            return self.progress.is_owed(until_ms, since_ms=self._pending.heard.end_ms)
        return bool(self._pending) or self.progress.is_owed(until_ms)

    def may_be_owed(self, until_ms: int) -> bool:
        """Say whether it owes words, or may for all we know: times are estimates."""
        return bool(self._pending) or self.progress.may_be_owed(until_ms)

    def answered_until(self, sent_ms: int) -> int:
        """Return until when nothing is owed of what was sent: it was emitted, or silence."""
        answered_ms = self.progress.answered_until(sent_ms)
        return min(answered_ms, self._pending.heard.start_ms) if self._pending else answered_ms

    def resume_from(self, sent_ms: int, *, quiet_ms: int | None) -> int:
        """Return where a new session would have to begin, in milliseconds of the stream."""
        return self.progress.resume_from(sent_ms, pending_ms=self._pending_ms, quiet_ms=quiet_ms)

    def owed_from(self, sent_ms: int) -> int:
        """Return where one would have to begin if all is as it seems."""
        return self.progress.owed_from(sent_ms, pending_ms=self._pending_ms)

    @property
    def _pending_ms(self) -> int | None:
        return self._pending.heard.start_ms if self._pending else None

    def _anchored(self, placed: Placed) -> Placed:
        """Have a text begin where its first state did, by speech that passes for none by now."""
        heard, clue = placed
        pending = self._pending if self._pending_here else None
        if pending is None or clue is not Clue.TEXT or pending.clue is not Clue.TEXT:
            return placed
        start_ms = pending.heard.start_ms
        if any(self._speech.spans(start_ms, start_ms + 1)):
            return placed  # it is still there, and was passed over
        is_gone = self._speech.between(start_ms, heard.start_ms) < OWED_MS
        is_later = self._from_ms <= start_ms < heard.start_ms
        if is_gone and is_later and revises(words_of(pending.heard.text), words_of(heard.text)):
            return Placed(replace(heard, start_ms=start_ms), clue)
        return placed

    def _partial(self, placed: Placed, *, unmarked: bool) -> list[WordsHeard]:
        words = words_of(placed.heard.text)
        restated = self._restated
        was_said = restated.is_restated if unmarked else restated.is_stale
        if was_said(self._at, words, placed) and not (unmarked and self._pending):
            return []
        fresh = self._cut(placed, is_whole=unmarked)
        if fresh is None:
            return []
        self._pending = Placed(fresh, placed.clue)
        self._pending_unmarked, self._pending_here = unmarked, True
        self._pending_came_ms = self._at.position_ms
        return [fresh]

    def _final(self, placed: Placed) -> list[WordsHeard]:
        heard, clue = placed
        words, span = words_of(heard.text), Span(heard.start_ms, heard.end_ms)
        if self._restated.is_restated(self._at, words, placed):
            return []
        self._restated.note(words, span, self._at.position_ms)
        from_ms, fresh = self._from_ms, self._cut(placed)
        may_lack = self.placing.note_final(self._at, placed)
        if fresh is heard and not may_lack:
            self.placing.learn(self._at, placed, from_ms=from_ms)
        sure_ms, sent_ms = self._at.sure_ms, self._at.position_ms
        self.progress.note(span, clue, sure_ms=sure_ms, sent_ms=sent_ms)
        fresh = fresh and self._restated.without(self._at, Placed(fresh, clue))
        if fresh is None:  # emitted before
            self._pending = None if self._pending_here else self._pending
            return []
        if clue is not Clue.TEXT:
            self._restated.cover(span)
            if self._is_ahead(fresh):
                self._ahead.append(Ahead(Placed(fresh, clue), self._at.position_ms))
                return []
        self._pending = None
        self._doubt_ms = self.placing.split_ms
        finals = self._emit(Placed(fresh, clue), sent_ms, until_ms=sent_ms)
        return finals + self._overtaken(self._at.position_ms)

    def _overtaken(self, position_ms: int | None) -> list[WordsHeard]:
        """Emit finals that nothing is missing before any more, or have waited long enough."""
        finals: list[WordsHeard] = []
        for ahead in sorted(self._ahead, key=lambda ahead: ahead.placed.heard.start_ms):
            waits = position_ms is not None and position_ms < ahead.came_ms + _AHEAD_MS
            if waits and self._is_ahead(ahead.placed.heard):
                break
            self._ahead.remove(ahead)
            self._pending = None
            finals += self._emit(ahead.placed, ahead.came_ms, until_ms=self._clock.position_ms)
        return finals

    def _is_ahead(self, heard: WordsHeard) -> bool:
        return self.progress.unanswered_ms(heard.start_ms - PAUSE_MS) >= _MISSING_MS

    def _emit(
        self, placed: Placed, came_ms: int, *, until_ms: int, is_part: bool = False
    ) -> list[WordsHeard]:
        """Emit a text, that came when so much had been sent; by now it is up to `until_ms`."""
        final, clue = placed
        before = self._not_said_again(words_of(final.text))
        last = self._emitted[-1] if self._emitted else None
        if last and clue is Clue.TEXT and is_order_unknown(self._at, last, came_ms):
            self._doubt_ms = last.end_ms
        self._from_ms = max(self._from_ms, final.end_ms)
        self.progress.emit(
            Span(final.start_ms, final.end_ms),
            clue,
            expected_ms=0 if is_part else duration_of(final.text),
            until_ms=until_ms,
        )
        self._emitted.append(Emitted(words_of(final.text), final.start_ms, final.end_ms, came_ms))
        return [*before, final]

    def _not_said_again(self, words: list[str]) -> list[WordsHeard]:
        """Emit what was carried over, unless it is what was said now."""
        carried, self._carried = self._carried, None
        if carried is None or find_overlap(words_of(carried.placed.heard.text), words).taken:
            return []
        heard = self.placing.before(carried.placed.heard, carried.until_ms)
        final = Placed(replace(heard, is_final=True), Clue.TEXT)
        self._doubt_ms = heard.end_ms
        return self._emit(final, carried.came_ms, until_ms=carried.until_ms, is_part=True)

    def _cut(self, placed: Placed, *, is_whole: bool = False) -> WordsHeard | None:
        """Take out what an earlier session emitted; None if nothing is left.

        What comes after a text that is whole, or final, was said after it.
        """
        left, repeats, until_ms = self._seam.cut(*placed)
        if repeats and (is_whole or placed.heard.is_final):
            self._from_ms = max(self._from_ms, until_ms)
        if repeats and left and placed.clue is Clue.TEXT:
            span = self.placing.rest(self._at, placed.heard, left.text, from_ms=until_ms)
            return replace(left, start_ms=span.start_ms, end_ms=span.end_ms)
        if repeats and left and placed.clue is Clue.SPAN:
            return replace(left, start_ms=min(max(left.start_ms, until_ms), left.end_ms))
        return left
