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
    OpenRecognition,
    Publish,
    Record,
    RecordStream,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import (
    Event,
    TranscriptionDegraded,
    TranscriptionFailed,
    TranscriptPartial,
)
from service.calls.inputs import CommandDone, CommandFailed, CommandName
from service.calls.routes import Route
from service.errors import CarrierUnavailableError, CommandRefusedError, JournalUnavailableError
from service.ports import Audience, Carrier, Delivery, Lanes, Observer, StoredEvent
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
            self._lanes.committed(route.endpoints, stored)
            self._audience.committed(stored)
        for command in commands:
            match command:
                case Record():
                    self._note(call, command)
                case ForgetCall():
                    pass  # seen by the registry
                case Publish():
                    self._publish(call, route, command)
                case RecordStream():
                    self.streams.record(call, command)
                case OpenRecognition():
                    self.streams.open(call, route, command)
                case FinishRecognitions():
                    self.streams.finish(command)
                case _:
                    name = f"{_NAMES[type(command)]} {call.call_id}"
                    self._tasks.create_task(self._command(call, command), name=name)

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
        answered_at = call.answered_at
        self._observer.happened(call.call_id, event, at=at, answered_at=answered_at, seq=seq)

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

    async def _command(self, call: LiveCall, command: CarrierCommand) -> None:
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
        # it is said again after a restart.
        command_id = str(uuid.uuid5(_COMMANDS, f"{call.call_id}/{command.leg_id}/{name}"))
        await self._carrier.run(command, command_id=command_id)
