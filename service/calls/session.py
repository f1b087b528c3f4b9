"""One call: what it is told, what it remembers, what it wants done.

Three things drive a session: a webhook or result (`receive`), a timer (`wake`), and the restart
of the process that holds it (`ServiceRestarted`). Webhooks first pass the waiting room
(`ordering.py`), so the cases here see them in the order in which they occurred; words of a
recognition are in order already and go straight through.
"""

from collections.abc import Sequence
from typing import assert_never

from service.calls import (
    controls,
    erasure,
    forks,
    losses,
    ordering,
    quiet,
    recordings,
    streams,
    words,
)
from service.calls.clock import on_call_clock
from service.calls.commands import Answer, Command, ForgetCall
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
    CommandDone,
    CommandFailed,
    ControlAsked,
    EraseAsked,
    HeardInput,
    Input,
    LegAnswered,
    LegHungUp,
    LegInitiated,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
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
from service.calls.outbox import Outbox
from service.calls.routes import Route, choose_route
from service.calls.state import CallState, Hole, Ledger, Leg, Phase, Wish
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
    """The state machine of one call. Not thread-safe; `now` is in Unix seconds throughout.

    Late, repeated and disordered inputs are normal, so none raises: a case that has nothing
    to do says why. A session whose commands could not be committed must be thrown away and
    made again from the stored state.
    """

    def __init__(self, state: CallState, routes: Sequence[Route]) -> None:
        self.state = state
        self._routes = routes
        self._out = Outbox(state)
        self.wake_at = self._next_wake()
        """When `wake` is to be called next; None when nothing is waited for."""

    def _next_wake(self) -> float | None:
        state = self.state
        times = [
            state.finish_by,
            state.hand_over_at,
            forks.restart_at(state),
            ordering.next_release(state.waiting, lacks_predecessor=self._lacks),
        ]
        if state.phase in _OPEN:
            times.append(state.last_input_at + SILENT_S)
        return min((at for at in times if at is not None), default=None)

    def receive(self, item: Input, *, now: float) -> list[Command]:
        """Take one input and return what to do about it, in order."""
        if self.state.erased:
            erasure.ignore(self._out, item)
            return self._done(now)
        self.state.last_input_at = now
        if isinstance(item, Webhook):
            self._admit(item, now)
        elif isinstance(item, ControlAsked):
            controls.control(self.state, self._out, item)
        elif isinstance(item, EraseAsked):
            erasure.erase(self.state, self._out, item)
        elif isinstance(item, ServiceRestarted):
            self._restarted(item)
        elif isinstance(item, ServiceStopping):
            self._stopping(item)
        elif self.state.route is not None:
            self._hear(item, self.state.route, now)
        return self._done(now)

    def wake(self, *, now: float) -> list[Command]:
        """Do what was waiting for `now`."""
        self._release(now)
        state = self.state
        if state.phase in _OPEN and now >= state.last_input_at + SILENT_S:
            self._end_unheard(now)
        if state.route:
            forks.start_again(state, self._out, state.route, now=now)
        if state.hand_over_at is not None and now >= state.hand_over_at:
            self._hand_over()
        if state.route and state.finish_by is not None and now >= state.finish_by:
            self._complete(state.route, now)
        return self._done(now)

    def _done(self, now: float) -> list[Command]:
        self._release(now)
        self.wake_at = self._next_wake()
        return self._out.take()

    # --- webhooks, in their order ---

    def _admit(self, item: WebhookInput, now: float) -> None:
        if isinstance(item, WordsReported) and quiet.covers(self.state, item.occurred_at):
            return  # not even to wait
        if not (isinstance(item, WordsReported) and item.is_final is False):
            ordering.admit(self.state.waiting, item, now)
        elif self.state.route:  # an interim is worthless late: it does not wait
            words.show(self.state, self._out, self.state.route, item)

    def _release(self, now: float) -> None:
        while webhook := ordering.release(self.state.waiting, now, lacks_predecessor=self._lacks):
            self._apply(webhook, now)

    def _lacks(self, item: WebhookInput) -> bool:
        """Whether a webhook that must have occurred before `item` is missing."""
        leg = self.state.legs.get(item.leg_id)
        if isinstance(item, LegInitiated):
            return False
        return leg is None or (isinstance(item, WordsReported) and not leg.answered)

    def _apply(self, item: WebhookInput, now: float) -> None:
        if item.leg_id not in self.state.legs:
            self._introduce(item)
        match item:
            case LegInitiated() | StreamingStarted() | StreamingStopped():
                pass  # the leg is known now; media speaks for itself when it comes and goes
            case LegAnswered():
                self._answered(item)
            case WordsReported():
                if self.state.route:
                    words.settle(self.state, self._out, self.state.route, item)
                    self._reopen(now)
            case StreamingFailed():
                if self.state.route:
                    forks.streaming_failed(self.state, self._out, self.state.route, item, now=now)
            case LegHungUp():
                self._hung_up(item, now)
            case _:
                assert_never(item)

    def _introduce(self, item: WebhookInput) -> None:
        """Note a new leg. If its `call.initiated` was lost, `item` has to stand for it."""
        state = self.state
        state.legs[item.leg_id] = Leg(number=len(state.legs))
        if state.phase is not Phase.UNKNOWN:
            return
        state.route = choose_route(self._routes, item)
        if state.route is None:
            return
        state.phase = Phase.RINGING
        state.routed = state.primary = item.leg_id
        self._out.record(
            CallStarted(
                leg=item.leg_id,
                direction=item.direction,
                from_=item.from_number,
                to=item.to_number,
                connection_id=item.connection_id,
            ),
            item.occurred_at,
        )
        if isinstance(item, LegInitiated) and item.direction == "incoming" and state.route.answer:
            self._out.ask(Answer(leg_id=item.leg_id))

    def _answered(self, item: LegAnswered) -> None:
        state, leg = self.state, self.state.legs[item.leg_id]
        if leg.answered or leg.hung_up or state.route is None:
            return  # carriers repeat themselves, and answers can come after the hang-up
        leg.answered = True
        if state.primary is not None and state.legs[state.primary].hung_up:
            state.primary, state.hand_over_at = item.leg_id, None
        if item.leg_id != state.primary:
            return  # the primary leg's fork carries this leg's voice as well
        if state.phase is Phase.RINGING:
            state.phase, state.answered_at = Phase.TALKING, item.occurred_at
            self._out.record(CallAnswered(leg=item.leg_id), item.occurred_at)
            if state.route.source == "media":
                late = "media_started_late"
                state.holes = {track: Hole(0, late) for track in state.route.heard_tracks}
        if state.phase is Phase.TALKING and state.wish is Wish.ON:
            forks.start(state, self._out, state.route, item.leg_id)

    def _hung_up(self, item: LegHungUp, now: float) -> None:
        state, leg = self.state, self.state.legs[item.leg_id]
        if leg.hung_up:
            return  # carriers repeat hang-ups
        leg.hung_up = True
        if state.route is None:
            if all(leg.hung_up for leg in state.legs.values()):
                self._leave()
            return
        if not state.streams:
            reason = "leg_hung_up"
            forks.stopped(
                state, self._out, state.route, item.leg_id, reason=reason, at=item.occurred_at
            )
        if all(leg.hung_up for leg in state.legs.values()):
            self._end(item, now)
        elif item.leg_id == state.primary:
            state.hand_over_at = now + HAND_OVER_S

    def _hand_over(self) -> None:
        """Fork another leg that talks, now that the primary one is gone (a transfer)."""
        state = self.state
        state.hand_over_at = None
        talking = [i for i, leg in state.legs.items() if leg.answered and not leg.hung_up]
        if talking and state.route and state.phase is Phase.TALKING:
            state.primary = talking[0]
            if state.wish is Wish.ON:
                forks.start(state, self._out, state.route, talking[0])

    # --- the end ---

    def _end(self, item: LegHungUp, now: float) -> None:
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
            duration_ms=on_call_clock(state, item.occurred_at),
        )
        self._out.record(event, item.occurred_at)
        for leg_id in state.legs:
            streams.finish_streams(
                state, self._out, leg_id, reason="call_ended", at_ms=event.duration_ms or 0
            )
        state.finish_by = now + self._patience_s()

    def _patience_s(self) -> float:
        if self.state.streams:
            return FINISH_S
        return GRACE_S if self.state.route and self.state.route.source == "in_call" else 0.0

    def _end_unheard(self, now: float) -> None:
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
            occurred_at=now,
            cause="hang_up_never_seen",
        )
        self._end(hang_up, now)

    def _leave(self) -> None:
        """Leave a call alone that no route wanted, now that it is over."""
        self.state.phase = Phase.COMPLETE
        self._out.ask(ForgetCall())

    def _complete(self, route: Route, now: float) -> None:
        """Close the books. Words that come later still are recorded, and it is done again."""
        state = self.state
        state.phase, state.finish_by = Phase.COMPLETE, None
        duration_ms = on_call_clock(state, state.ended_at or now)
        coverage = self._balance(route, duration_ms, now)  # this may tell of gaps
        recordings.tell(state, self._out, at=now)
        event = TranscriptCompleted(
            duration_ms=duration_ms,
            utterances=state.utterances,
            words=state.words,
            gaps=state.gaps,
            coverage=coverage,
        )
        self._out.record(event, now)
        self._out.ask(ForgetCall())

    def _reopen(self, now: float) -> None:
        """Have a complete call completed again after words that came too late for it."""
        if self.state.phase is Phase.COMPLETE:
            self.state.finish_by = now + GRACE_S

    def _balance(
        self, route: Route, duration_ms: int | None, now: float
    ) -> dict[str, Coverage] | None:
        if route.source != "media" or duration_ms is None:
            return None
        state = self.state
        paused_ms = quiet.total_ms(state, duration_ms)
        for track in route.heard_tracks:
            losses.close_hole(state, self._out, route, track, until_ms=duration_ms, at=now)
        return {
            track: balance(state.ledgers.setdefault(track, Ledger()), duration_ms, paused_ms)
            for track in route.heard_tracks
        }

    def _hear(self, item: HeardInput, route: Route, now: float) -> None:
        state, out = self.state, self._out
        match item:
            case WordsHeard():
                words.heard(state, out, route, item, now=now)
            case MediaStarted() | MediaRefused() | MediaStopped():
                forks.media(state, out, route, item)
            case RecognitionFinished():
                forks.recognition_finished(state, out, route, item, now=now)
                if state.phase is Phase.ENDING and not state.streams:
                    self._complete(route, now)
            case RecordingWritten():
                recordings.written(state, out, item)
            case AudioLost() | RecognitionDegraded() | RecognitionFailed():
                words.troubled(state, out, route, item, now=now)
            case CommandDone():
                forks.command_done(state, out, route, item)
            case CommandFailed():
                forks.command_failed(state, out, route, item)
            case _:
                assert_never(item)

    def _restarted(self, item: ServiceRestarted) -> None:
        state = self.state
        if state.route is None:
            return
        if state.phase in (Phase.RINGING, Phase.TALKING):
            forks.restarted(state, self._out, state.route, at=item.at)
        elif state.phase is Phase.ENDING:
            streams.forget_streams(state)
            state.finish_by = item.at

    def _stopping(self, item: ServiceStopping) -> None:
        if self.state.phase is Phase.TALKING:
            forks.stopping(self.state, self._out, at=item.at)
