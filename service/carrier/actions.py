"""Our commands as calls of Telnyx's SDK."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from service.calls.commands import (
    Answer,
    Bridge,
    CarrierCommand,
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
from service.ports import StreamTarget
from service.wire.webhooks import EVENT_TYPES

_STREAM_TRACKS = {"inbound": "inbound_track", "outbound": "outbound_track", "both": "both_tracks"}
_PLAIN = {
    HangUp: "hangup",
    StopTranscription: "stop_transcription",
    StopStreaming: "stop_streaming",
    StopRecording: "stop_recording",
}

RETRIES: dict[str, dict[str, list[int]]] = {
    event_type: {"retries_ms": [1_000, 4_000, 10_000, 20_000, 25_000]}
    for event_type in EVENT_TYPES
    if not event_type.startswith("conference.")  # of which no call's policy is known to take any
}
"""When Telnyx is to deliver a webhook again: the most often, and the longest, that it takes
(TELNYX.md §1.2). It does without being asked as well, nobody says for how long."""


@dataclass(frozen=True, slots=True)
class Action:
    """A method of the SDK's `calls.actions` (`dial` is one of `calls`), and its arguments."""

    method: str
    arguments: dict[str, Any]


def build_action(command: CarrierCommand, command_id: str, target: StreamTarget | None) -> Action:
    """Return the SDK call for a command, under Telnyx's names.

    Telnyx ignores a command whose `command_id` it saw for the same leg within 60 s. That makes a
    retry harmless, so every command has one.
    """
    method, arguments = _said(command, target)
    return Action(method, {"command_id": command_id} | arguments)


def _said(command: CarrierCommand, target: StreamTarget | None) -> tuple[str, dict[str, Any]]:
    match command:
        case StartTranscription():
            said = "start_transcription", _transcription(command)
        case StartStreaming():
            if target is None:
                raise ValueError("StartStreaming needs a target")
            said = "start_streaming", _stream(command, target)
        case Answer():
            said = "answer", {"webhook_retries_policies": RETRIES}
        case Dial():
            said = "dial", _dial(command, target)
        case Speak():
            words = {"payload": command.text, "voice": command.voice}
            said = "speak", words | {"language": command.language}
        case Bridge():
            said = "bridge", {"call_control_id_to_bridge_with": command.other}
        case StartRecording():
            said = "start_recording", {"channels": "dual", "format": "wav"}
        case StopTranscription() | StopStreaming() | StopRecording() | HangUp():
            said = _PLAIN[type(command)], {}
    return said


def _dial(command: Dial, target: StreamTarget | None) -> dict[str, Any]:
    mark = base64.b64encode(json.dumps(dict(command.mark)).encode()).decode()
    arguments: dict[str, Any] = {
        "connection_id": command.connection_id,
        "from_": command.from_,
        "to": command.to,
        "timeout_secs": round(command.ring_s),
        "client_state": mark,
        "webhook_retries_policies": RETRIES,
    }
    if command.leg_id:
        arguments |= {"link_to": command.leg_id, "bridge_on_answer": True}
    if isinstance(command.begins, StartStreaming) and target is not None:
        arguments |= _stream(command.begins, target)
    if isinstance(command.begins, StartTranscription):
        begun = _transcription(command.begins)
        config = {key: value for key, value in begun.items() if key != "extra_body"}
        extra = {"transcription_config": config | begun["extra_body"]}
        arguments |= {"transcription": True, "extra_body": extra}
    return arguments


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
