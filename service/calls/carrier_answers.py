"""What came of what was asked of Telnyx."""

from dataclasses import dataclass
from typing import Literal

from service.ids import LegId

CommandName = Literal[
    "answer",
    "dial",
    "speak",
    "bridge",
    "hang_up",
    "start_transcription",
    "stop_transcription",
    "start_streaming",
    "stop_streaming",
    "start_recording",
    "stop_recording",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDone:
    """Telnyx took a command."""

    leg_id: LegId
    command: CommandName
    at: float
    made: LegId | None = None
    """The leg that a dial made, where Telnyx says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailed:
    """Telnyx refused a command, or could not be reached. `code` is Telnyx's, or ""."""

    leg_id: LegId
    command: CommandName
    at: float
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegStatus:
    """What Telnyx says of a leg when it is asked. `alive` None: it did not say."""

    leg_id: LegId
    at: float
    alive: bool | None
    ended_at: float | None = None
