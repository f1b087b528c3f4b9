"""The messages of the media WebSocket other than audio, both ways. Pure.

Source: Telnyx, "Media Streaming over WebSockets".
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from service.ids import Track
from service.simulator.legs.leg import Leg
from service.simulator.scenario.carrier_settings import MediaSettings
from service.simulator.speech.audio import Encoding
from service.wire.media import AUTH_HEADER


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What `streaming_start` asked for."""

    url: str
    tracks: tuple[Track, ...]
    track_name: str
    encoding: Encoding
    auth_token: str | None = None
    custom_parameters: Mapping[str, str] | None = None


def connected(request: StreamRequest, settings: MediaSettings) -> dict[str, object]:
    """Return `connected`, the first message."""
    message: dict[str, object] = {"event": "connected", "version": "1.0.0"}
    if settings.connected_protocol:
        message["protocol"] = "Call"
    if settings.connected_token and request.auth_token:
        message["connected"] = {AUTH_HEADER: request.auth_token}
    return message


def start(leg: Leg, request: StreamRequest, stream_id: str) -> dict[str, object]:
    """Return `start`, which comes before the audio."""
    body: dict[str, object] = {
        "user_id": leg.id.user_id,
        "call_control_id": leg.id.control_id,
        "call_session_id": leg.id.session_id,
        "from": leg.id.from_number,
        "to": leg.id.to_number,
        "media_format": {
            "encoding": request.encoding.name,
            "sample_rate": request.encoding.rate_hz,
            "channels": 1,
        },
    }
    optional = {
        "tags": list(leg.plan.tags),
        "client_state": leg.client_state,
        "custom_parameters": request.custom_parameters,
    }
    body |= {key: value for key, value in optional.items() if value}
    return {"event": "start", "sequence_number": "1", "stream_id": stream_id, "start": body}


def stop(leg: Leg, stream_id: str, sequence_number: int) -> dict[str, object]:
    """Return `stop`, the last message."""
    return {
        "event": "stop",
        "sequence_number": str(sequence_number),
        "stream_id": stream_id,
        "stop": {"user_id": leg.id.user_id, "call_control_id": leg.id.control_id},
    }


def answer_to(message: bytes | str, stream_id: str) -> dict[str, object] | None:
    """Return Telnyx's answer to a message of the application, or None if there is none.

    Audio sent to the call is taken and not played; a `mark` comes back at once.
    """
    try:
        received = msgspec.json.decode(message)
        event = received["event"]
        if event == "mark":
            return {
                "event": "mark",
                "stream_id": stream_id,
                "mark": {"name": received["mark"]["name"]},
            }
        if event == "media":
            base64.b64decode(received["media"]["payload"], validate=True)
    except binascii.Error:
        return _error(stream_id, 100004, "invalid_media", "payload is not base64")
    except (ValueError, KeyError, TypeError, RecursionError):
        return _error(stream_id, 100003, "malformed_frame", "not a message of this protocol")
    return None


def _error(stream_id: str, code: int, title: str, detail: str) -> dict[str, object]:
    body = {"code": code, "title": title, "detail": detail}
    return {"event": "error", "stream_id": stream_id, "payload": body}
