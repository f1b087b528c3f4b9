"""Our commands as calls of Telnyx's SDK."""

from dataclasses import dataclass
from typing import Any

from service.calls.commands import (
    Answer,
    CarrierCommand,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.ports import StreamTarget
from service.wire.webhooks import EVENT_TYPES

_STREAM_TRACKS = {"inbound": "inbound_track", "outbound": "outbound_track", "both": "both_tracks"}
_PLAIN = {
    StopTranscription: "stop_transcription",
    StopStreaming: "stop_streaming",
}

RETRIES: dict[str, dict[str, list[int]]] = {
    event_type: {"retries_ms": [1_000, 4_000, 10_000, 20_000, 25_000]} for event_type in EVENT_TYPES
}
"""When Telnyx is to deliver a webhook again: the most often, and the longest, that it takes
(TELNYX.md §1.2). It does without being asked as well, nobody says for how long."""


@dataclass(frozen=True, slots=True)
class Action:
    """A method of the SDK's `calls.actions`, and its arguments beside the leg."""

    method: str
    arguments: dict[str, Any]


def build_action(command: CarrierCommand, command_id: str, target: StreamTarget | None) -> Action:
    """Return the SDK call for a command, under Telnyx's names.

    Telnyx ignores a command whose `command_id` it saw for the same leg within 60 s. That makes a
    retry harmless, so every command has one.
    """
    identity = {"command_id": command_id}
    match command:
        case StartTranscription():
            return Action("start_transcription", identity | _transcription(command))
        case StartStreaming():
            if target is None:
                raise ValueError("StartStreaming needs a target")
            return Action("start_streaming", identity | _stream(command, target))
        case Answer():
            return Action("answer", identity | {"webhook_retries_policies": RETRIES})
        case StopTranscription() | StopStreaming():
            return Action(_PLAIN[type(command)], identity)


def _transcription(command: StartTranscription) -> dict[str, Any]:
    # the SDK's typed config would drop or refuse what it does not know yet; Telnyx knows more
    extra: dict[str, object] = {"transcription_engine_config": dict(command.config)}
    if command.model is not None:
        extra["transcription_model"] = command.model
    return {
        "transcription_engine": command.engine,
        "transcription_tracks": command.tracks,
        "extra_body": extra,
    }


def _stream(command: StartStreaming, target: StreamTarget) -> dict[str, Any]:
    return {
        "stream_url": target.url,
        "stream_auth_token": target.auth_token,
        "stream_track": _STREAM_TRACKS[command.tracks],
        "stream_codec": command.codec,
    }
