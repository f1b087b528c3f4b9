"""Has Telnyx told what calls want of it, and the calls told what came of it."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Final

import structlog

from service.calls.carrier_answers import CommandDone, CommandFailed, CommandName
from service.calls.commands import (
    Answer,
    Bridge,
    CarrierCommand,
    DeleteTape,
    Dial,
    HangUp,
    Speak,
    StartRecording,
    StartStreaming,
    StartTranscription,
    StopRecording,
    StopStreaming,
    StopTranscription,
)
from service.calls.inputs import Input
from service.calls.tape_answers import TapeDeleted, TapeNotDeleted
from service.errors import (
    CarrierError,
    CarrierUnavailableError,
    CommandRefusedError,
    JournalUnavailableError,
)
from service.ids import LegId
from service.ports import Carrier
from service.runtime.config_shapes import ConfigShapes
from service.runtime.media_stream import CallInbox
from service.runtime.media_tokens import MediaTokens
from service.tasks import Tasks

_NAMES: Final[dict[type[CarrierCommand], CommandName]] = {
    Answer: "answer",
    Dial: "dial",
    Speak: "speak",
    Bridge: "bridge",
    HangUp: "hang_up",
    StartTranscription: "start_transcription",
    StopTranscription: "stop_transcription",
    StartStreaming: "start_streaming",
    StopStreaming: "stop_streaming",
    StartRecording: "start_recording",
    StopRecording: "stop_recording",
}
_OF_WORDS = (StartTranscription, StopTranscription, StartStreaming, StopStreaming)
_COMMANDS: Final = uuid.UUID("5b1e2f0a-6f5c-4b0e-9d3e-8f0a4c7d2b11")
"""The name space of command ids."""

log = structlog.get_logger()


class CommandRunner:
    """Runs the commands of all calls. What starts and stops the words of a leg goes in order."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        tokens: MediaTokens,
        tasks: Tasks,
        clock: Callable[[], float],
    ) -> None:
        self._carrier = carrier
        self._tokens = tokens
        self._tasks = tasks
        self._clock = clock
        self._shapes = ConfigShapes()
        self._latest: dict[LegId, asyncio.Task[None]] = {}

    def start(self, call: CallInbox, command: CarrierCommand | DeleteTape) -> None:
        """Begin telling Telnyx and return at once; `call` gets what came of it."""
        if isinstance(command, DeleteTape):
            self._tasks.start(self._delete(call, command.tape_id), "delete_tape", of=call.call_id)
            return
        kind = _NAMES[type(command)]
        if not isinstance(command, _OF_WORDS):
            self._tasks.start(self._run(call, command, None), kind, of=call.call_id)
            return
        before = self._latest.get(command.leg_id)
        task = self._tasks.start(self._run(call, command, before), kind, of=call.call_id)
        self._latest[command.leg_id] = task
        task.add_done_callback(lambda done: self._ended(command.leg_id, done))

    def _ended(self, leg_id: LegId, task: asyncio.Task[None]) -> None:
        if self._latest.get(leg_id) is task:
            del self._latest[leg_id]

    async def _run(
        self, call: CallInbox, command: CarrierCommand, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        call.post(await self._outcome(call, command))

    async def _delete(self, call: CallInbox, tape_id: str) -> None:
        try:
            await self._carrier.delete_tape(tape_id)
        except CarrierError as error:
            code = error.code if isinstance(error, CommandRefusedError) else ""
            reason = "refused" if isinstance(error, CommandRefusedError) else "unreachable"
            log.warning("tape_not_deleted", call_id=call.call_id, code=code, reason=reason)
            call.post(TapeNotDeleted(tape_id=tape_id, at=self._clock(), reason=reason, code=code))
            return
        log.info("tape_deleted_at_telnyx", call_id=call.call_id)
        call.post(TapeDeleted(tape_id=tape_id, at=self._clock()))

    async def _outcome(self, call: CallInbox, command: CarrierCommand) -> Input:
        name = _NAMES[type(command)]
        command = self._shapes.shaped(command)
        try:
            made = await self._send(call, command, name)
        except CommandRefusedError as error:
            self._shapes.refused(command)
            code, reason = error.code, "refused"
        except CarrierUnavailableError:
            code, reason = "", "unreachable"
        except JournalUnavailableError:
            code, reason = "", "journal_unavailable"
        except Exception:  # one call never stops another
            log.exception("command_crashed", command=name)
            code, reason = "", "internal_error"
        else:
            self._shapes.taken(command)
            return CommandDone(leg_id=command.leg_id, command=name, at=self._clock(), made=made)
        log.warning("command_failed", command=name, code=code, reason=reason)
        return CommandFailed(
            leg_id=command.leg_id, command=name, at=self._clock(), code=code, reason=reason
        )

    async def _send(
        self, call: CallInbox, command: CarrierCommand, name: CommandName
    ) -> LegId | None:
        # The same command of the same leg keeps its id, so that Telnyx does it once although
        # it is said again, after a restart for one. What is begun anew is another one.
        what = f"{call.call_id}/{command.leg_id}/{name}"
        if command.generation:
            what += f"/{command.generation}"
        command_id = str(uuid.uuid5(_COMMANDS, what))
        target = None
        asked = command.begins if isinstance(command, Dial) else command
        if isinstance(asked, StartStreaming):
            target = await self._tokens.issue(call.call_id, command.leg_id)
        return await self._carrier.run(command, command_id=command_id, target=target)
