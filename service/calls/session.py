"""One call: what it is told, what it remembers, what it wants done.

A session is driven by turns (`receive`): with the inputs that came since the last one, or with
none when the time has come that it asked for (`wake_at`). That the process which held it is gone
is an input, too (`ServiceRestarted`). Webhooks first pass the waiting room (`ordering.py`), so
the cases here see them in the order in which they occurred; words of a recognition are in order
already and go straight through.
"""

from collections.abc import Sequence
from typing import TypeVar, assert_never

import msgspec

from service.calls import (
    afterwards,
    attaching,
    carrying,
    controls,
    ending,
    erasure,
    in_call,
    legs,
    media,
    ordering,
    outgoing,
    parties,
    phrase_pauses,
    presence,
    removals,
    requests,
    reredaction,
    results,
    second_hearing,
    siprec,
    streams,
    tapes,
    transcription,
    transcripts,
    vitals,
)
from service.calls.answering import answered
from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.calls.carrier_answers import CommandDone, CommandFailed, LegStatus
from service.calls.commands import FetchMissed, Reply
from service.calls.dial_wish import DialAsked
from service.calls.inputs import (
    AskedInput,
    AudioLost,
    AudioSettled,
    ControlAsked,
    EraseAsked,
    HandOverBegan,
    Input,
    LegAnswered,
    LegAttached,
    LegBridged,
    LegHungUp,
    LegInitiated,
    LegWebhook,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    MediaTurnedAway,
    OwnInput,
    RecognitionDegraded,
    RecognitionFailed,
    RecognitionFinished,
    RecognitionRecovered,
    RecordingWritten,
    ServiceRestarted,
    ServiceStopping,
    SpeakEnded,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsHeard,
    WordsReported,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.routes import Route
from service.calls.second_hearing_answers import RecordingHeard, RecordingUnheard
from service.calls.state import CallState, Phase
from service.calls.tape_answers import TapeDeleted, TapeKept, TapeNotDeleted, TapeNotKept
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.calls.troubles import route_in_force
from service.calls.turn import UNROUTED, Outcome, Turn
from service.calls.webhook import Webhook
from service.ids import InputId, LegId

SILENT_S = 6 * 3600.0
"""A call nobody said anything about for so long has ended; its hang-up was lost."""
_OPEN = frozenset({Phase.UNKNOWN, Phase.RINGING, Phase.TALKING})
"""The phases in which a call waits for something that may never come."""

_Reported = TypeVar("_Reported", bound=WebhookInput)


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
            requests.next_look(state),
            in_call.words_due_at(state),
            phrase_pauses.due_at(state),
            second_hearing.next_look(state),
            tapes.next_look(state),
            removals.next_look(state),
            ordering.next_release(state.waiting, lacks_predecessor=self._lacks),
        ]
        if state.phase in _OPEN:
            times.append(self._silent_at)
            times.append(vitals.next_question(state, self._route.source))
        return min((at for at in times if at is not None), default=None)

    @property
    def _silent_at(self) -> float | None:
        """When a call that goes on has been silent for too long; a call that never began is not."""
        state = self.state
        began = state.phase in _OPEN and state.last_input_at > 0
        return state.last_input_at + SILENT_S if began else None

    @property
    def _route(self) -> Route:
        """How the call is treated by now."""
        state = self.state
        return UNROUTED if state.route is None else route_in_force(state.route, state.stage)

    def receive(self, items: Sequence[Input], *, now: float, lag_s: float = 0.0) -> Outcome:
        """Take the inputs of one turn, in order; do what was waiting for `now` as well.

        Nothing that waits is done as long as something that comes first may be on its way from
        another worker: for `lag_s` more.
        """
        turn = Turn(self.state, now, self._route, lag_s)
        ordering.keep_to(self.state.waiting, now)
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
        if woken := wake_at is not None and now - lag_s >= wake_at:
            self._wake(turn)
        if turn.durable or woken:
            requests.pursue(turn)
            vitals.ask(turn)
            wake_at = self.wake_at
        return turn.outcome(
            replies=replies,
            input_ids=input_ids,
            wake_at=wake_at,
        )

    def redact_again(self, look: reredaction.SecondLook, *, like: Route, now: float) -> Outcome:
        """Supersede finals that are kept; see `reredaction.redact_again`."""
        turn = Turn(self.state, now, self._route)
        reredaction.redact_again(turn, look, like=like, at=now)
        return turn.outcome(replies=[turn.reply], input_ids=(), wake_at=self.wake_at)

    def _take(self, turn: Turn, item: Input) -> None:
        if self.state.erased:
            erasure.ignore(turn, item)
            return
        if not (
            isinstance(item, CommandFailed) or (isinstance(item, LegStatus) and not item.alive)
        ):
            self.state.last_input_at = turn.now
        if isinstance(item, Webhook):
            self._admit(turn, item)
        elif isinstance(item, ControlAsked | EraseAsked | DialAsked):
            self._take_asked(turn, item)
        elif isinstance(item, ServiceRestarted):
            self._restarted(turn, item)
        elif isinstance(item, ServiceStopping):
            self._stopping(turn, item)
        elif isinstance(item, HandOverBegan):
            self._handing_over(turn, item)
        elif self.state.route is not None:
            self._take_own(turn, item)

    def _take_asked(self, turn: Turn, item: AskedInput) -> None:
        match item:
            case ControlAsked():
                controls.control(turn, item)
            case EraseAsked():
                erasure.erase(turn, item)
            case DialAsked():
                outgoing.begin(turn, item, self._routes)
            case _:
                assert_never(item)

    def _wake(self, turn: Turn) -> None:
        """Do what was waiting for this moment."""
        self._release(turn)
        state, now = self.state, turn.now - turn.lag_s
        if self._silent_at is not None and now >= self._silent_at:
            ending.end_unheard(turn)
        in_call.miss_words(turn)
        phrase_pauses.wake(turn)
        second_hearing.wake(turn)
        tapes.wake(turn)
        removals.wake(turn)
        if state.hand_over_at is not None and now >= state.hand_over_at:
            legs.hand_over(turn)
        if state.finish_by is not None and now >= state.finish_by:
            ending.complete(turn)

    # --- webhooks, in their order ---

    def _admit(self, turn: Turn, item: WebhookInput) -> None:
        if isinstance(item, WordsReported):
            kept = phrase_pauses.reported(turn, item, self._of_leg(item).leg_id)
            if kept is None:
                return  # not even to wait
            item = kept
        if isinstance(item, LegHungUp):
            vitals.hang_up_came(self.state, item.leg_id)
        if not isinstance(item, WordsReported):
            item = presence.before_waiting(turn, item)
            ordering.admit(self.state.waiting, item, turn.now)
        elif item.is_final is not False:
            if not ordering.waits(self.state.waiting, item):
                leg_id = self._of_leg(item).leg_id
                item = transcripts.before_waiting(turn, item, leg_id, self._routes)
                ordering.admit(self.state.waiting, item, turn.now)
        elif self.state.route:  # an interim is worthless late: it does not wait
            transcripts.show(turn, self._of_leg(item))

    def _release(self, turn: Turn) -> None:
        room = self.state.waiting
        while webhook := ordering.release(
            room, turn.now, lag_s=turn.lag_s, lacks_predecessor=self._lacks
        ):
            turn.durable = True
            item = self._of_leg(webhook)
            if isinstance(item, TapeSaved | TapeFailed):
                tapes.told(turn, item)
            else:
                self._apply(turn, item)

    def _of_leg(self, item: _Reported) -> _Reported:
        """Give what names its session alone to the leg that is transcribed."""
        if item.leg_id:
            return item
        leg_id = self.state.primary or LegId(self.state.call_id)
        return msgspec.structs.replace(item, leg_id=leg_id)

    def _lacks(self, item: WebhookInput) -> bool:
        """Whether a webhook that must have occurred before `item` is missing.

        Of a leg that waits to be attached to it is not missed: the leg is known to be there, and
        what came before may never have been for us.
        """
        leg_id = self._of_leg(item).leg_id
        leg = self.state.legs.get(leg_id)
        if isinstance(item, LegInitiated | LegAttached):
            return False
        if leg is None or (isinstance(item, WordsReported) and not leg.answered):
            return not ordering.attaches(self.state.waiting, leg_id)
        return False

    def _apply(self, turn: Turn, item: LegWebhook) -> None:
        if item.leg_id not in self.state.legs:
            legs.introduce(turn, item, self._routes)
        carrying.carry(turn, item)
        parties.note(self.state.legs[item.leg_id], item)
        siprec.note(self.state, item)
        vitals.heard_of(self.state.legs[item.leg_id], turn.now)
        match item:
            case LegInitiated() | StreamingStarted() | StreamingStopped():
                pass  # the leg is known now; media speaks for itself when it comes and goes
            case LegAttached():
                attaching.attached(turn, item)
            case LegAnswered():
                answered(turn, item.leg_id, at=item.occurred_at)
                transcription.answered(turn, item.leg_id, at=item.occurred_at)
            case WordsReported():
                answered(turn, item.leg_id, at=item.occurred_at)  # words prove that people talk
                if self.state.route:
                    transcripts.settle(turn, item)
                    ending.reopen(turn)
            case StreamingFailed():
                media.streaming_failed(turn, item)
            case (
                LegBridged()
                | SpeakEnded()
                | LegHeld()
                | LegRetrieved()
                | KeyPressed()
                | LegJoined()
                | LegLeft()
            ):
                presence.take(turn, item)
            case LegHungUp():
                legs.hung_up(turn, item)
            case _:
                assert_never(item)

    def _take_own(self, turn: Turn, item: OwnInput) -> None:
        match item:
            case WordsHeard():
                transcripts.heard(turn, item)
            case MediaStarted() | MediaRefused() | MediaTurnedAway() | MediaStopped():
                media.take(turn, item)
            case RecognitionFinished():
                media.recognition_finished(turn, item)
                if self.state.phase is Phase.ENDING and not self.state.streams:
                    ending.complete(turn)
            case (
                RecordingWritten()
                | ArchiveWritten()
                | ArchiveRefused()
                | RecordingHeard()
                | RecordingUnheard()
                | TapeKept()
                | TapeNotKept()
                | TapeDeleted()
                | TapeNotDeleted()
            ):
                afterwards.take(turn, item)
            case AudioLost() | AudioSettled():
                transcripts.accounted(turn, item)
            case RecognitionDegraded() | RecognitionFailed() | RecognitionRecovered():
                transcripts.troubled(turn, item)
            case CommandDone() | CommandFailed():
                results.take(turn, item)
            case LegStatus():
                vitals.told(turn, item)
            case _:
                assert_never(item)

    def _restarted(self, turn: Turn, item: ServiceRestarted) -> None:
        state = self.state
        at = min(item.at, turn.now)  # the clock may have been put back since
        if item.was_down:
            ordering.wait_anew(state.waiting, at)
        if state.route is None:
            return
        second_hearing.restarted(turn, at=at)
        tapes.restarted(turn, at=at)
        removals.restarted(turn, at=at)
        if state.phase in (Phase.RINGING, Phase.TALKING):
            transcription.restarted(turn, at=item.at)
            legs.end_if_over(turn)
            if item.was_down:
                turn.ask(FetchMissed(since=state.began_at))
        elif state.phase is Phase.ENDING:
            streams.abandon_streams(state)
            state.finish_by = at

    def _stopping(self, turn: Turn, item: ServiceStopping) -> None:
        if self.state.phase is Phase.TALKING:
            transcription.stopping(turn, at=item.at)

    def _handing_over(self, turn: Turn, item: HandOverBegan) -> None:
        if self.state.route is not None and self.state.route.redact:
            self.state.redaction.heir = item.heir
            turn.durable = True


def _must_survive(item: Input, reply: Reply | None) -> bool:
    """Whether what an input changed has to be in the journal: all but partials and progress.

    Of what people ask for, the reply says whether it changed anything.
    """
    if isinstance(item, WordsHeard | WordsReported):
        return item.is_final is not False
    if isinstance(item, AudioSettled | HandOverBegan):
        return False  # it goes with the next that must, or says so itself
    if isinstance(item, ControlAsked | EraseAsked | DialAsked):
        return reply is not None and reply.changed
    return True
