"""One call: what it is told, what it remembers, what it wants done.

A session is driven by turns (`receive`): with the inputs that came since the last one, or with
none when the time has come that it asked for (`wake_at`). That the process which held it is gone
is an input, too (`ServiceRestarted`). Webhooks first pass the waiting room (`ordering.py`), so
the cases here see them in the order in which they occurred; words of a recognition are in order
already and go straight through.
"""

from collections.abc import Sequence
from typing import assert_never

from service.calls import (
    controls,
    erasure,
    gaps,
    ordering,
    pauses,
    recordings,
    streams,
    transcription,
    transcripts,
)
from service.calls.commands import Answer, Reply
from service.calls.coverage import balance
from service.calls.events import (
    CallAnswered,
    CallEnded,
    CallStarted,
    Coverage,
    TranscriptCompleted,
)
from service.calls.inputs import (
    AudioLost,
    AudioSettled,
    CommandDone,
    CommandFailed,
    ControlAsked,
    EraseAsked,
    Input,
    LegAnswered,
    LegHungUp,
    LegInitiated,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    OwnInput,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    RecognitionRecovered,
    RecordingWritten,
    ServiceRestarted,
    ServiceStopping,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    Webhook,
    WebhookInput,
    WordsHeard,
    WordsReported,
)
from service.calls.routes import Route, choose_route
from service.calls.state import CallState, Desired, Ledger, Leg, OpenGap, Phase
from service.calls.turn import UNROUTED, Outcome, Turn
from service.ids import InputId

HAND_OVER_S = 2.0
"""How long after the transcribed leg hung up another one takes over: by then, if the call is
ending, its other legs have hung up as well."""
GRACE_S = 5.0
"""How long late in-call words are waited for after the last leg hung up."""
FINISH_S = 15.0
"""How long the recognitions of an ended call may take for their tail."""
SILENT_S = 6 * 3600.0
"""A call nobody said anything about for so long has ended; its hang-up was lost."""


_OPEN = frozenset({Phase.UNKNOWN, Phase.RINGING, Phase.TALKING})
"""The phases in which a call waits for something that may never come."""


class CallSession:
    """The state machine of one call. Not thread-safe; times are in Unix seconds.

    Late, repeated and disordered inputs are normal, so none raises: a case that has nothing
    to do says why. A session whose outcome could not be committed must be thrown away and
    made again from the stored state.
    """

    def __init__(self, state: CallState, routes: Sequence[Route]) -> None:
        self.state = state
        self._routes = routes

    @property
    def wake_at(self) -> float | None:
        """When the next turn is due, whatever comes; None when nothing is waited for."""
        state = self.state
        times = [
            state.finish_by,
            state.hand_over_at,
            transcription.restart_at(state),
            ordering.next_release(state.waiting, lacks_predecessor=self._lacks),
        ]
        if state.phase in _OPEN:
            times.append(state.last_input_at + SILENT_S)
        return min((at for at in times if at is not None), default=None)

    def receive(self, items: Sequence[Input], *, now: float) -> Outcome:
        """Take the inputs of one turn, in order; do what was waiting for `now` as well."""
        turn = Turn(self.state, now, self.state.route or UNROUTED)
        input_ids: list[InputId] = []
        replies: list[Reply | None] = []
        for item in items:
            turn.reply = None
            self._take(turn, item)
            self._release(turn)
            replies.append(turn.reply)
            if _must_survive(item, turn.reply):
                turn.durable = True
                if isinstance(item, Webhook):
                    input_ids.append(item.input_id)
        wake_at = self.wake_at if items else now
        if wake_at is not None and now >= wake_at:
            self._wake(turn)
            wake_at = self.wake_at
        return turn.outcome(
            replies=replies,
            input_ids=input_ids,
            transcription=transcription.current(self.state),
            wake_at=wake_at,
        )

    def _take(self, turn: Turn, item: Input) -> None:
        if self.state.erased:
            erasure.ignore(turn, item)
            return
        self.state.last_input_at = turn.now
        if isinstance(item, Webhook):
            self._admit(turn, item)
        elif isinstance(item, ControlAsked):
            controls.control(turn, item)
        elif isinstance(item, EraseAsked):
            erasure.erase(turn, item)
        elif isinstance(item, ServiceRestarted):
            self._restarted(turn, item)
        elif isinstance(item, ServiceStopping):
            self._stopping(turn, item)
        elif self.state.route is not None:
            self._take_own(turn, item)

    def _wake(self, turn: Turn) -> None:
        """Do what was waiting for this moment."""
        self._release(turn)
        state, now = self.state, turn.now
        if state.phase in _OPEN and now >= state.last_input_at + SILENT_S:
            self._end_unheard(turn)
        transcription.start_again(turn)
        if state.hand_over_at is not None and now >= state.hand_over_at:
            self._hand_over(turn)
        if state.finish_by is not None and now >= state.finish_by:
            self._complete(turn)

    # --- webhooks, in their order ---

    def _admit(self, turn: Turn, item: WebhookInput) -> None:
        if isinstance(item, WordsReported) and pauses.covers(self.state, item.occurred_at):
            return  # not even to wait
        if not (isinstance(item, WordsReported) and item.is_final is False):
            ordering.admit(self.state.waiting, item, turn.now)
        elif self.state.route:  # an interim is worthless late: it does not wait
            transcripts.show(turn, item)

    def _release(self, turn: Turn) -> None:
        room = self.state.waiting
        while webhook := ordering.release(room, turn.now, lacks_predecessor=self._lacks):
            turn.durable = True
            self._apply(turn, webhook)

    def _lacks(self, item: WebhookInput) -> bool:
        """Whether a webhook that must have occurred before `item` is missing."""
        leg = self.state.legs.get(item.leg_id)
        if isinstance(item, LegInitiated):
            return False
        return leg is None or (isinstance(item, WordsReported) and not leg.answered)

    def _apply(self, turn: Turn, item: WebhookInput) -> None:
        if item.leg_id not in self.state.legs:
            self._introduce(turn, item)
        match item:
            case LegInitiated() | StreamingStarted() | StreamingStopped():
                pass  # the leg is known now; media speaks for itself when it comes and goes
            case LegAnswered():
                self._answered(turn, item)
            case WordsReported():
                if self.state.route:
                    transcripts.settle(turn, item)
                    self._reopen(turn)
            case StreamingFailed():
                if self.state.route:
                    transcription.streaming_failed(turn, item)
            case LegHungUp():
                self._hung_up(turn, item)
            case _:
                assert_never(item)

    def _introduce(self, turn: Turn, item: WebhookInput) -> None:
        """Note a new leg. If its `call.initiated` was lost, `item` has to stand for it."""
        state = self.state
        state.legs[item.leg_id] = Leg(number=len(state.legs))
        turn.legs.append(item.leg_id)
        if state.phase is not Phase.UNKNOWN:
            return
        route = choose_route(self._routes, item)
        if route is None:
            return
        state.route = turn.route = route
        state.phase = Phase.RINGING
        state.routed = state.primary = item.leg_id
        turn.record(
            CallStarted(
                leg=item.leg_id,
                direction=item.direction,
                from_=item.from_number,
                to=item.to_number,
                connection_id=item.connection_id,
            ),
            item.occurred_at,
        )
        if isinstance(item, LegInitiated) and item.direction == "incoming" and turn.route.answer:
            turn.ask(Answer(leg_id=item.leg_id))

    def _answered(self, turn: Turn, item: LegAnswered) -> None:
        state, leg = self.state, self.state.legs[item.leg_id]
        if leg.answered or leg.hung_up or state.route is None:
            return  # carriers repeat themselves, and answers can come after the hang-up
        leg.answered = True
        if state.primary is not None and state.legs[state.primary].hung_up:
            state.primary, state.hand_over_at = item.leg_id, None
        if item.leg_id != state.primary:
            return  # the primary leg carries this leg's voice as well
        if state.phase is Phase.RINGING:
            state.phase, state.answered_at = Phase.TALKING, item.occurred_at
            turn.record(CallAnswered(leg=item.leg_id), item.occurred_at)
            if turn.route.source == "media":
                late = "media_started_late"
                state.open_gaps = {track: OpenGap(0, late) for track in turn.route.heard_tracks}
        if state.phase is Phase.TALKING and state.desired is Desired.ON:
            transcription.start(turn, item.leg_id)

    def _hung_up(self, turn: Turn, item: LegHungUp) -> None:
        state, leg = self.state, self.state.legs[item.leg_id]
        if leg.hung_up:
            return  # carriers repeat hang-ups
        leg.hung_up = True
        if state.route is None:
            if all(leg.hung_up for leg in state.legs.values()):
                self._leave()
            return
        if not state.streams:
            transcription.stopped(turn, item.leg_id, reason="leg_hung_up", at=item.occurred_at)
        if all(leg.hung_up for leg in state.legs.values()):
            self._end(turn, item)
        elif item.leg_id == state.primary:
            state.hand_over_at = turn.now + HAND_OVER_S

    def _hand_over(self, turn: Turn) -> None:
        """Transcribing another leg that talks, now that the primary one is gone (a transfer)."""
        state = self.state
        state.hand_over_at = None
        talking = [i for i, leg in state.legs.items() if leg.answered and not leg.hung_up]
        if talking and state.phase is Phase.TALKING:
            state.primary = talking[0]
            if state.desired is Desired.ON:
                transcription.start(turn, talking[0])

    # --- the end ---

    def _end(self, turn: Turn, item: LegHungUp) -> None:
        state = self.state
        if state.phase not in (Phase.RINGING, Phase.TALKING):
            return
        state.phase, state.ended_at = Phase.ENDING, item.occurred_at
        state.hand_over_at = None
        event = CallEnded(
            leg=item.leg_id,
            cause=item.cause,
            ended_by=item.source,
            sip_code=item.sip_code,
            duration_ms=state.clock_ms(item.occurred_at),
        )
        turn.record(event, item.occurred_at)
        turn.keep_for(turn.route.retention, item.occurred_at)
        for leg_id in state.legs:
            streams.finish_streams(turn, leg_id, reason="call_ended", at_ms=event.duration_ms or 0)
        state.finish_by = turn.now + self._patience_s(turn)

    def _patience_s(self, turn: Turn) -> float:
        if self.state.streams:
            return FINISH_S
        return GRACE_S if turn.route.source == "in_call" else 0.0

    def _end_unheard(self, turn: Turn) -> None:
        """End a call whose hang-up was lost."""
        if self.state.route is None or self.state.primary is None:
            self._leave()
            return
        for leg in self.state.legs.values():
            leg.hung_up = True
        hang_up = LegHungUp(
            input_id=InputId(""),
            call_id=self.state.call_id,
            leg_id=self.state.primary,
            occurred_at=turn.now,
            cause="hang_up_never_seen",
        )
        self._end(turn, hang_up)

    def _leave(self) -> None:
        """Leave a call alone that no route wanted, now that it is over."""
        self.state.phase = Phase.COMPLETE

    def _complete(self, turn: Turn) -> None:
        """Close the books. Words that come later still are recorded, and it is done again."""
        state, now = self.state, turn.now
        state.phase, state.finish_by = Phase.COMPLETE, None
        duration_ms = state.clock_ms(state.ended_at or now)
        coverage = self._balance(turn, duration_ms)  # this may tell of gaps
        recordings.tell(turn, at=now)
        event = TranscriptCompleted(
            duration_ms=duration_ms,
            utterances=state.utterances,
            words=state.words,
            gaps=state.gaps,
            coverage=coverage,
        )
        turn.record(event, now)

    def _reopen(self, turn: Turn) -> None:
        """Have a complete call completed again after words that came too late for it."""
        if self.state.phase is Phase.COMPLETE:
            self.state.finish_by = turn.now + GRACE_S

    def _balance(self, turn: Turn, duration_ms: int | None) -> dict[str, Coverage] | None:
        if turn.route.source != "media" or duration_ms is None:
            return None
        state, tracks = self.state, turn.route.heard_tracks
        paused_ms = pauses.total_ms(state, duration_ms)
        for track in tracks:
            gaps.close_gap(turn, track, until_ms=duration_ms)
        return {
            track: balance(state.ledgers.setdefault(track, Ledger()), duration_ms, paused_ms)
            for track in tracks
        }

    def _take_own(self, turn: Turn, item: OwnInput) -> None:
        match item:
            case WordsHeard():
                transcripts.heard(turn, item)
            case MediaStarted() | MediaRefused() | MediaStopped():
                transcription.media(turn, item)
            case RecognitionFinished():
                transcription.recognition_finished(turn, item)
                if self.state.phase is Phase.ENDING and not self.state.streams:
                    self._complete(turn)
            case RecordingWritten():
                recordings.written(turn, item)
            case AudioLost() | AudioSettled():
                transcripts.accounted(turn, item)
            case RecognitionDegraded() | RecognitionFailed() | RecognitionRecovered():
                transcripts.troubled(turn, item)
            case CommandDone():
                transcription.command_done(turn, item)
            case CommandFailed():
                transcription.command_failed(turn, item)
            case _:
                assert_never(item)

    def _restarted(self, turn: Turn, item: ServiceRestarted) -> None:
        state = self.state
        if state.route is None:
            return
        if state.phase in (Phase.RINGING, Phase.TALKING):
            transcription.restarted(turn, at=item.at)
        elif state.phase is Phase.ENDING:
            streams.abandon_streams(state)
            state.finish_by = item.at

    def _stopping(self, turn: Turn, item: ServiceStopping) -> None:
        if self.state.phase is Phase.TALKING:
            transcription.stopping(turn, at=item.at)


def _must_survive(item: Input, reply: Reply | None) -> bool:
    """Whether what an input changed has to be in the journal: all but partials and progress.

    Of what people ask for, the reply says whether it changed anything.
    """
    if isinstance(item, WordsHeard | WordsReported):
        return item.is_final is not False
    if isinstance(item, AudioSettled):
        return False  # it goes with the next that must
    if isinstance(item, ControlAsked | EraseAsked):
        return reply is not None and reply.changed
    return True
