"""Hands on what a turn of a call led to: facts to whoever is told, commands to whoever acts."""

from collections.abc import Callable, Sequence

import structlog

from service.calls.commands import (
    AskStatus,
    CloseSound,
    Command,
    FetchMissed,
    FetchTape,
    FindTapes,
    FinishRecognitions,
    HastenRecognitions,
    HearRecording,
    JudgeSound,
    OpenRecognition,
    PauseStream,
    RecordStream,
)
from service.calls.events import (
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptionRecovered,
    TranscriptPartial,
)
from service.calls.turn import Fact, Outcome
from service.ids import EndpointName
from service.ports import Audience, Delivery, Lanes, LivePartial, Observer, StoredEvent
from service.runtime.call import LiveCall
from service.runtime.commands import CommandRunner
from service.runtime.media_streams import MediaStreams
from service.runtime.questions import QuestionRunner
from service.runtime.second_hearing import SecondHearer
from service.runtime.tapes import TapeFetcher
from service.wire.events import encode, partial_id

log = structlog.get_logger()


class RealEffects:
    """The `Effects` of the service. Never waits."""

    def __init__(
        self,
        *,
        lanes: Lanes,
        audience: Audience,
        observer: Observer,
        streams: MediaStreams,
        commands: CommandRunner,
        questions: QuestionRunner,
        second: SecondHearer,
        tapes: TapeFetcher,
        clock: Callable[[], float],
    ) -> None:
        self._lanes = lanes
        self._audience = audience
        self._observer = observer
        self._streams = streams
        self._commands = commands
        self._questions = questions
        self._second = second
        self._tapes = tapes
        self._clock = clock

    def hand_on(self, call: LiveCall, outcome: Outcome, stored: Sequence[StoredEvent]) -> None:
        """Start the commands, in order, then tell lanes and audience of the facts.

        What many receivers are told is work that a phone that rings need not wait for.
        """
        if outcome.erased:
            self._lanes.forget(call.call_id)
            self.forget(call)
            log.info("call_erased", call_id=call.call_id)
        for command in outcome.commands:
            self._carry_out(call, command)
        if stored:
            self._lanes.committed(outcome.endpoints, stored)
            self._audience.committed(stored)
        for fact in outcome.facts:
            self._observer.happened(fact)
            match fact.event:
                case TranscriptPartial() as partial:
                    self._show(fact, partial, outcome.endpoints)
                case TranscriptionDegraded() | TranscriptionFailed() as trouble:
                    _warn(fact, trouble)
                case TranscriptionRecovered():
                    log.info("transcription_recovered", call_id=fact.call_id)

    def forget(self, call: LiveCall) -> None:
        """Have nobody hear or record a call any more: it was erased.

        By another process, perhaps: then the lanes see it for themselves.
        """
        self._streams.forget(call.call_id)
        self._tapes.forget(call.call_id)

    def let_go(self, call: LiveCall) -> None:
        """Have nobody here hear a call or deliver of it any more: it is another worker's."""
        self._streams.let_go(call.call_id)
        self._tapes.let_go(call.call_id)
        self._lanes.let_go(call.call_id)
        log.info("call_let_go", call_id=call.call_id)

    def _carry_out(self, call: LiveCall, command: Command) -> None:
        match command:
            case RecordStream():
                self._streams.record(call, command)
            case JudgeSound() | CloseSound():
                self._streams.judge(command)
            case OpenRecognition():
                self._streams.open(call, command)
            case PauseStream():
                self._streams.pause(command)
            case FinishRecognitions():
                self._streams.finish(command)
            case HastenRecognitions():
                self._streams.hasten(command)
            case AskStatus() | FetchMissed() | FindTapes():
                self._questions.start(call, command)
            case HearRecording():
                self._second.start(call, command)
            case FetchTape():
                self._tapes.start(call, command)
            case _:
                self._commands.start(call, command)

    def _show(
        self, fact: Fact, partial: TranscriptPartial, endpoints: Sequence[EndpointName]
    ) -> None:
        body = encode(fact, now=self._clock())
        delivery = Delivery(id=partial_id(partial), type=partial.type, body=body)
        shown = LivePartial(fact.call_id, partial.utterance_id, partial.role, delivery)
        self._lanes.publish(endpoints, shown)
        self._audience.publish(shown)


def _warn(fact: Fact, trouble: TranscriptionDegraded | TranscriptionFailed) -> None:
    log.warning(
        "transcription_troubled",
        call_id=fact.call_id,
        type=trouble.type,
        reason=trouble.reason,
        code=trouble.code,
    )
