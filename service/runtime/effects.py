"""Carries out what calls want done: hands on what was said, commands Telnyx, opens recognitions."""

import asyncio
import uuid
from collections.abc import Callable, Sequence

import structlog

from service.calls.commands import (
    Answer,
    CarrierCommand,
    Command,
    FinishRecognitions,
    ForgetCall,
    HoldStream,
    OpenRecognition,
    Publish,
    Record,
    RecordStream,
    Reply,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import (
    Event,
    TranscriptErased,
    TranscriptFinal,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptPartial,
)
from service.calls.inputs import CommandDone, CommandFailed, CommandName
from service.calls.routes import Route
from service.errors import CarrierUnavailableError, CommandRefusedError, JournalUnavailableError
from service.ids import LegId
from service.ports import Audience, Carrier, Delivery, Happening, Lanes, Observer, StoredEvent
from service.runtime.live import LiveCall
from service.runtime.media import MediaStreams
from service.wire.events import encode_partial, measure, partial_id

_NAMES: dict[type[CarrierCommand], CommandName] = {
    Answer: "answer",
    StartTranscription: "start_transcription",
    StopTranscription: "stop_transcription",
    StartStreaming: "start_streaming",
    StopStreaming: "stop_streaming",
}
_COMMANDS = uuid.UUID("5b1e2f0a-6f5c-4b0e-9d3e-8f0a4c7d2b11")
"""The name space of command ids."""

log = structlog.get_logger()


class CommandEffects:
    """The `Effects` of the real service. `streams` is set once, before the first call."""

    streams: MediaStreams

    def __init__(
        self,
        *,
        lanes: Lanes,
        audience: Audience,
        carrier: Carrier,
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self._lanes = lanes
        self._audience = audience
        self._carrier = carrier
        self._tasks = tasks
        self._clock = clock
        self._latest: dict[LegId, asyncio.Task[None]] = {}
        self._observer = observer

    def carry_out(
        self,
        call: LiveCall,
        route: Route | None,
        stored: Sequence[StoredEvent],
        commands: Sequence[Command],
    ) -> None:
        """Hand the events to the lanes and the audience, then start the commands, in order."""
        if route is None:
            return
        if stored:
            if any(event.type == TranscriptErased.type for event in stored):
                self._lanes.forget(call.call_id)
                self.forget(call)
                log.info("call_erased", call_id=call.call_id)
            self._lanes.committed(route.endpoints, stored)
            self._audience.committed(stored)
        settled = _settled(commands)
        for command in commands:
            match command:
                case Record():
                    self._note(call, command)
                case ForgetCall() | Reply():
                    pass  # seen by the registry, and by those who asked
                case Publish(partial=partial) if partial.utterance_id in settled:
                    pass  # its final came with it, and has gone ahead
                case Publish():
                    self._publish(call, route, command)
                case RecordStream() | OpenRecognition() | HoldStream() | FinishRecognitions():
                    self._hear(call, route, command)
                case _:
                    self._start(call, command)

    def _hear(
        self,
        call: LiveCall,
        route: Route,
        command: RecordStream | OpenRecognition | HoldStream | FinishRecognitions,
    ) -> None:
        match command:
            case RecordStream():
                self.streams.record(call, route, command)
            case OpenRecognition():
                self.streams.open(call, route, command)
            case HoldStream():
                self.streams.hold(command)
            case FinishRecognitions():
                self.streams.finish(command)

    def forget(self, call: LiveCall) -> None:
        """Have nobody hear or record a call any more: it was erased.

        By another process, perhaps: then the lanes see it for themselves.
        """
        self.streams.forget(call.call_id)

    def _start(self, call: LiveCall, command: CarrierCommand) -> None:
        """Have Telnyx told. Of one leg, what starts and stops its words goes one by one."""
        name = f"{_NAMES[type(command)]} {call.call_id}"
        if isinstance(command, Answer):
            self._tasks.create_task(self._command(call, command, None), name=name)
            return
        before = self._latest.get(command.leg_id)
        task = self._tasks.create_task(self._command(call, command, before), name=name)
        self._latest[command.leg_id] = task
        task.add_done_callback(lambda done: self._ended(command.leg_id, done))

    def _ended(self, leg_id: LegId, task: asyncio.Task[None]) -> None:
        if self._latest.get(leg_id) is task:
            del self._latest[leg_id]

    def _note(self, call: LiveCall, command: Record) -> None:
        event = command.event
        self._observe(call, event, command.occurred_at, command.seq)
        if isinstance(event, TranscriptionDegraded | TranscriptionFailed):
            log.warning(
                "transcription_troubled",
                call_id=call.call_id,
                type=event.type,
                reason=event.reason,
                code=event.code,
            )

    def _observe(
        self, call: LiveCall, event: Event | TranscriptPartial, at: float, seq: int | None
    ) -> None:
        happening = Happening(
            call_id=call.call_id, seq=seq, event=event, at=at, answered_at=call.answered_at
        )
        self._observer.happened(happening)

    def _publish(self, call: LiveCall, route: Route, command: Publish) -> None:
        partial = command.partial
        self._observe(call, partial, command.occurred_at, None)
        body = encode_partial(
            call.call_id,
            command.after_seq,
            partial,
            occurred_at=command.occurred_at,
            metadata=route.metadata,
            timing=measure(
                partial,
                occurred_at=command.occurred_at,
                answered_at=call.answered_at,
                now=self._clock(),
            ),
        )
        delivery = Delivery(id=partial_id(partial), type=partial.type, body=body)
        self._lanes.publish(route.endpoints, call.call_id, partial.utterance_id, delivery)
        self._audience.publish(call.call_id, partial.utterance_id, delivery)

    async def _command(
        self, call: LiveCall, command: CarrierCommand, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        name = _NAMES[type(command)]
        try:
            await self._run(call, command, name)
        except CommandRefusedError as error:
            code, reason = error.code, "refused"
        except CarrierUnavailableError:
            code, reason = "", "unreachable"
        except JournalUnavailableError:
            code, reason = "", "journal_unavailable"
        except Exception:  # one call never stops another
            log.exception("command_crashed", command=name)
            code, reason = "", "internal_error"
        else:
            call.post(CommandDone(leg_id=command.leg_id, command=name, at=self._clock()))
            return
        log.warning("command_failed", command=name, code=code, reason=reason)
        call.post(
            CommandFailed(
                leg_id=command.leg_id, command=name, at=self._clock(), code=code, reason=reason
            )
        )

    async def _run(self, call: LiveCall, command: CarrierCommand, name: CommandName) -> None:
        if isinstance(command, StartStreaming):
            target = await self.streams.issue(call.call_id, command.leg_id)
            await self._carrier.run(command, command_id=str(uuid.uuid4()), target=target)
            return
        # The same command of the same leg keeps its id, so that Telnyx does it once although
        # it is said again after a restart. After a pause it is another one.
        what = f"{call.call_id}/{command.leg_id}/{name}"
        if not isinstance(command, Answer) and command.take:
            what += f"/{command.take}"
        command_id = str(uuid.uuid5(_COMMANDS, what))
        await self._carrier.run(command, command_id=command_id)


def _settled(commands: Sequence[Command]) -> set[str]:
    """Return the utterances whose finals are among these."""
    events = (command.event for command in commands if isinstance(command, Record))
    return {event.utterance_id for event in events if isinstance(event, TranscriptFinal)}
