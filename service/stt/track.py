"""One track over all its sessions: audio in, chunks out; results in, inputs out.

Pure: no clock, no I/O, nobody is called back. Whoever holds a track begins stints on it, one for
each session, sends their chunks to an engine, gives it the engine's results, and emits the inputs
that it returns, in order and at once. Times in seconds are arguments.

Stints may overlap, as when one session takes over from another: what the later one says waits
until the earlier one has said all.
"""

from collections import deque

from service.calls.inputs import Input
from service.calls.routes import Route
from service.ports import RecognitionPlan
from service.stt.accounts import NOT_ANSWERED
from service.stt.formats import Outlet, WireFormat
from service.stt.habits import Habits
from service.stt.headway import Headway
from service.stt.inputs import TrackInputs
from service.stt.resume import TAIL_MS, take_over_point
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import PAUSE_MS
from service.stt.stint import WORD_MS, Arrival, Stint
from service.stt.tape import Tape
from service.stt.telling import Telling
from service.stt.transcript import Transcript
from service.wire.stt import SttResult

_MAX_FILL_MS = 1000
"""Silence sent for a gap in the audio, so that the engine notices the pause; never more."""
_HALF_WORD_MS = 1000
"""Where a session is cut off in mid-speech, it owes nothing of its last word."""


class Track:
    """The audio and the words of one track, in milliseconds of the stream.

    Audio is kept until a final covers it.
    """

    def __init__(self, plan: RecognitionPlan, *, keep_ms: int) -> None:
        """Begin a track of which up to `keep_ms` are kept for a replay.

        Raises:
            ValueError: Nobody here can decode the plan's encoding.
        """
        self.inputs = TrackInputs(plan)
        self._tape = tape = Tape(plan, keep_ms=keep_ms)
        self._keep_ms = keep_ms
        self._ring, self.speech = tape.ring, tape.speech
        self._transcript = Transcript(self.inputs, self.speech)
        self._headway = Headway()
        self._telling = Telling(
            self.inputs,
            self._transcript,
            self.speech,
            self._headway,
            wants_partials=plan.route.interim_results,
        )
        self._stints: deque[Stint] = deque()
        """Those that are live, by their audio; it is the first one's turn to speak."""
        self._sent_ms = 0
        """How far the sessions got that are over."""
        self._resume_ms = 0
        """Where the next one begins."""
        self._not_before_ms = 0
        """What is before this was sent often enough."""
        self._heard_ms: int | None = 0
        """The last session heard nothing after this; None where it was lost, and who knows."""
        self._forgo_ms = 0
        """Up to where the last one lost was to be sent audio."""
        self.lost_reason = "buffer_full"
        """Why audio is lost that does not fit any more."""

    @property
    def pushed_ms(self) -> int:
        """The time of the last whole piece."""
        return self._tape.pushed_ms

    @property
    def ended(self) -> bool:
        """Whether no more audio will come."""
        return self._tape.ended

    def push(self, payload: bytes) -> bool:
        """Take the next audio; say whether there is something new for `next_chunk`."""
        came = self._tape.push(payload)
        if came:
            self._make_room()
        return came

    def skip(self, duration_ms: int, reason: str) -> bool:
        """Move the clock on over audio that never came; say whether `next_chunk` has something.

        It is lost for a reason, or was silence if that is empty.
        """
        if duration_ms <= 0 or self.ended:
            return False
        self._tape.skip(duration_ms, fill_ms=min(duration_ms, _MAX_FILL_MS))
        if reason:
            end_ms = self.pushed_ms
            self._telling.lose(Span(end_ms - duration_ms, end_ms), reason)
        self._make_room()
        return True

    def end(self) -> None:
        """Take no more audio."""
        self._tape.end()
        self._make_room()

    def begin(
        self,
        audio: WireFormat,
        now: float,
        *,
        start_ms: int | None = None,
        by: Route | None = None,
        is_utterance: bool = False,
        habits: Habits | None = None,
    ) -> tuple[Stint, list[Input]]:
        """Begin a stint whose engine takes `audio`, at `start_ms` or where the last one left off.

        `by` is whose words it gives, if not the route's own engine's, of which `habits` are known.
        """
        number = self._ring.find(self._resume_ms if start_ms is None else start_ms)
        first = self._ring.at(number)
        stint = Stint(
            self.speech,
            Outlet(self._tape.kept, audio),
            start_ms=self.pushed_ms if first is None else first.start_ms,
            number=number,
            now=now,
            by=by,
            is_utterance=is_utterance,
            habits=habits,
        )
        self._stints.append(stint)
        return stint, self._take_turn() if stint is self._stints[0] else []

    def next_chunk(self, stint: Stint, now: float) -> bytes | None:
        """Return what a session is to be sent next, or None when it was sent all there is."""
        stint.number = max(stint.number, self._ring.first)
        chunk = self._ring.at(stint.number)
        return stint.send(chunk, now) if chunk is not None and stint.wants(chunk) else None

    def has_all(self, stint: Stint) -> bool:
        """Say whether a session was sent all it will ever be."""
        chunk = self._ring.at(max(stint.number, self._ring.first))
        if chunk is not None:
            return not stint.wants(chunk)
        return self.ended or (stint.until_ms is not None and self.pushed_ms >= stint.until_ms)

    def receive(self, stint: Stint, result: SttResult, now: float) -> list[Input]:
        """Take a result of a session."""
        if stint is not self._stints[0]:
            stint.held.append(stint.arrived(result, now))
            return []
        return self._add(stint.arrived(result, now, is_owed=self._transcript.is_owed))

    @property
    def is_in_moment(self) -> bool:
        """Whether a final waits for another one of the same moment: `release` ends that."""
        return self._transcript.is_in_moment

    def hand_over(self, stint: Stint) -> int:
        """End a stint here; return where the one that takes over is to begin."""
        stint.until_ms = now_ms = self.pushed_ms
        start_ms, stint.is_cut_off = take_over_point(self.speech, now_ms)
        return max(start_ms, stint.clock.start_ms)

    def is_quiet(self, for_ms: int) -> bool:
        """Say whether nobody speaks just now, and has not for so long."""
        return not self.speech.between(self.pushed_ms - for_ms, self.pushed_ms)

    def close(self, stint: Stint) -> list[Input]:
        """End a stint that has said all it has to say."""
        stint.is_answered = True
        inputs: list[Input] = []
        while self._stints and self._stints[0].is_answered:
            inputs += self._telling.words(self._transcript.close())
            closed = self._stints.popleft()
            self._heard_ms = heard_ms = min(closed.until_ms or self.pushed_ms, self.pushed_ms)
            if not closed.is_cut_off:  # else its last word is up to the next one
                if self._ends_in_speech():
                    self._telling.lose_unanswered(heard_ms, NOT_ANSWERED)
                inputs += self._settle(heard_ms)
            self._sent_ms = max(self._sent_ms, closed.clock.position_ms)
            if self._stints:
                inputs += self._take_turn()
        return inputs

    def pass_over(self, until_ms: int) -> list[Input]:
        """Settle audio in which nobody spoke, where no session is to be sent it."""
        return [] if self._stints else self._settle(until_ms)

    def lose(self, *, is_pressed: bool = False) -> list[Input]:
        """End all stints, and go back to what a new one has to be sent again.

        Who `is_pressed` for time sends nothing twice that seems to be answered.
        """
        inputs = self._telling.words(self._transcript.end_moment())
        if self._stints:
            head = self._stints[0]
            head.lose()
            position_ms, self._forgo_ms = head.clock.position_ms, head.until_ms or self.pushed_ms
            inputs += self._get_on(head, is_pressed=is_pressed)
            self._sent_ms = max(self._sent_ms, *(s.clock.position_ms for s in self._stints))
            self._heard_ms = None
            self._stints.clear()
            gone_ms = min(self._tape.kept_from_ms(), position_ms)
            inputs += self._telling.words(self._transcript.keep_from(gone_ms))
            self._telling.lose_unanswered(
                self._transcript.before_pending(gone_ms), self.lost_reason
            )
        return inputs + self._telling.lost(self._kept_or_resume_ms(), is_losing=True)

    def forgo(self, reason: str) -> list[Input]:
        """Expect no answer any more to what the last session lost did not answer."""
        inputs = self._telling.words(self._transcript.close(is_cut_off=True))
        self._telling.lose_unanswered(self._forgo_ms, reason)
        self._resume_ms = self._forgo_ms
        return inputs + self._settle(self._forgo_ms)

    def release(self) -> list[Input]:
        """Drop the audio that no replay will want; return what is to be told by now."""
        inputs = self._telling.words(self._transcript.end_moment())
        if self._stints:
            head = self._stints[0]
            position_ms = head.clock.position_ms
            inputs += self._telling.words(self._transcript.wait_no_more(position_ms, head.quiet_ms))
            self._drop()
            until_ms = self._transcript.answered_until(position_ms)
            inputs += self._telling.lost(min(until_ms, position_ms - TAIL_MS))
        else:
            inputs += self._telling.words(self._transcript.keep_from(self._tape.kept_from_ms()))
            inputs += self._telling.lost(self._kept_or_resume_ms(), is_losing=True)
        return [*inputs, *self._telling.settled()]

    @property
    def room_ms(self) -> int:
        """How much more audio may come before the first of what is owed is not kept any more."""
        return self._keep_ms - self.pushed_ms + self._transcript.answered_until(self.pushed_ms)

    @property
    def resume_ms(self) -> int:
        """Where the next session begins."""
        return self._kept_or_resume_ms()

    def waiting_ms(self, stint: Stint) -> int:
        """Return how much audio a session was not sent yet, of what is for it."""
        until_ms = self.pushed_ms if stint.until_ms is None else stint.until_ms
        return max(0, min(until_ms, self.pushed_ms) - stint.clock.position_ms)

    def is_owed(self, stint: Stint) -> bool:
        """Say whether a session's engine still owes words for the audio it is to be sent."""
        if stint.is_utterance:
            return not stint.has_final and stint.owes_words
        if stint is not self._stints[0]:
            return not stint.has_answered
        return self._transcript.is_owed(self._due_ms(stint))

    def owes_half_word(self, stint: Stint) -> bool:
        """Say whether what it owes is no more than the beginning of a word: the track ended in it.

        No engine knows that word, and none need be asked again.
        """
        due_ms = self._due_ms(stint) - WORD_MS
        return self._ends_in_speech() and not self._transcript.is_owed(due_ms)

    def doubt_last(self, stint: Stint) -> bool:
        """Take note that a session was over before all of its last text may have been given.

        False if that is no question. It is told if no other session hears it again.
        """
        is_mine = not stint.is_utterance and stint is self._stints[0]
        return is_mine and self._transcript.placing.doubt_last()

    def may_be_owed(self, stint: Stint) -> bool:
        """Say whether it owes words, or may for all we know."""
        if stint.is_utterance or stint is not self._stints[0]:
            return self.is_owed(stint)
        return self._transcript.may_be_owed(self._due_ms(stint))

    def stretches_owed(self) -> int:
        """Return how many stretches of speech have no answer, as far as is known."""
        return sum(1 for _ in self._transcript.progress.unanswered(self.pushed_ms))

    def has_work(self) -> bool:
        """Say whether there is anything that a new session would be good for."""
        return self.pushed_ms > self._sent_ms or self._transcript.may_be_owed(self.pushed_ms)

    def is_done(self) -> bool:
        """Say whether no new session is needed any more."""
        return self.ended and not self.has_work()

    def give_up(self, reason: str) -> list[Input]:
        """Take what was said for all there is: speech that was not answered is lost."""
        inputs: list[Input] = []
        while self._stints:
            inputs += self._telling.words(self._transcript.close(is_cut_off=True))
            self._sent_ms = max(self._sent_ms, self._stints.popleft().clock.position_ms)
            self._heard_ms = None
            if self._stints:
                start_ms = self._stints[0].clock.start_ms
                self._telling.lose_unanswered(start_ms, reason)
                inputs += [*self._settle(start_ms), *self._take_turn()]
        inputs += self._telling.words(self._transcript.close(is_cut_off=True))
        self._telling.lose_unanswered(self.pushed_ms, reason)
        return [*inputs, *self._settle(self.pushed_ms)]

    def finish(self, reason: str) -> list[Input]:
        """Say that this was all; what was not answered is lost."""
        return [*self.give_up(reason), self.inputs.finished(self.pushed_ms)]

    def _take_turn(self) -> list[Input]:
        """Have the first stint speak: what it said until now, and what it will say."""
        stint = self._stints[0]
        start_ms, heard_ms = stint.clock.start_ms, self._heard_ms
        repeats = heard_ms is None or self.speech.between(start_ms, heard_ms) > 0
        inputs = self._telling.words(self._transcript.begin(stint.clock, repeats=repeats))
        self.inputs.come_from(stint.by)
        while stint.held:
            inputs += self._add(stint.held.popleft())
        return inputs

    def _add(self, at: Arrival) -> list[Input]:
        inputs = self._telling.words(self._transcript.add(at))
        if at.result.is_final:
            self._drop()
        return inputs

    def _settle(self, until_ms: int) -> list[Input]:
        """Expect nothing more of all before a time."""
        self._transcript.progress.settle(until_ms)
        self._resume_ms = max(self._resume_ms, until_ms)
        self._drop()
        return self._telling.lost(until_ms)

    def _drop(self) -> None:
        """Drop the audio that no replay will want."""
        if self._stints:
            until_ms = self._resume_from(self._stints[0])
            self._ring.release(until_ms, min(stint.number for stint in self._stints))
        else:
            self._ring.release(self._resume_ms, self._ring.end)

    def _resume_from(self, head: Stint) -> int:
        sent_ms = head.clock.position_ms
        earliest_ms = head.clock.start_ms if head.is_utterance else self._not_before_ms
        return max(earliest_ms, self._transcript.resume_from(sent_ms, quiet_ms=head.quiet_ms))

    def _get_on(self, head: Stint, *, is_pressed: bool) -> list[Input]:
        """Choose where the next session begins: further on where several got no further.

        Where even what is owed is more than they live to answer, their last partial has to do.
        """
        transcript, position_ms = self._transcript, head.clock.position_ms
        self._resume_ms = self._resume_from(head)
        if head.is_utterance or not head.has_answered:
            return []
        self._headway.lost(head.clock.start_ms)
        if not self._headway.is_stuck(self._begins_ms(self._resume_ms), is_pressed=is_pressed):
            return []
        inputs: list[Input] = []
        if self._headway.is_hopeless(self._begins_ms(transcript.owed_from(position_ms))):
            inputs += self._telling.words(transcript.finalize_pending(cut_ms=position_ms))
        self._resume_ms = max(self._resume_ms, transcript.owed_from(position_ms))
        self._not_before_ms = self._resume_ms
        transcript.progress.answer(self._resume_ms)
        inputs += self._telling.words(transcript.carry_pending(self._resume_ms))
        if transcript.progress.by is not Clue.WORDS:
            doubt_ms = transcript.progress.emitted_ms
            inputs.append(self.inputs.degraded("seam_uncertain", start_ms=doubt_ms))
        return inputs

    def _begins_ms(self, at_ms: int) -> int:
        """Return where a session from there on really begins: what stands for a hole is long."""
        first = self._ring.at(self._ring.find(at_ms))
        return at_ms if first is None else min(at_ms, first.start_ms)

    def _due_ms(self, stint: Stint) -> int:
        """Return until when a session's engine is to answer all that is said."""
        until_ms = self.pushed_ms if stint.until_ms is None else stint.until_ms
        return until_ms - _HALF_WORD_MS if stint.is_cut_off else until_ms

    def _ends_in_speech(self) -> bool:
        return self.ended and not self.is_quiet(PAUSE_MS)

    def _kept_or_resume_ms(self) -> int:
        return max(self._resume_ms, min(self._tape.kept_from_ms(), self.pushed_ms))

    def _make_room(self) -> None:
        for gone in self._tape.overflow():
            if not any(stint.clock.position_ms > gone.start_ms for stint in self._stints):
                self._telling.lose_unheard(gone, self.lost_reason)
