"""The parameters of commands: what each may be. Unknown ones are ignored, as Telnyx does. Pure."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.simulator.rules.problems import Problem

Params = Mapping[str, object]
MAX_URL_CHARS = 2000
MAX_RETRIES = 5
MAX_RETRIES_MS = 60_000

_NAMES = {str: "a string", bool: "a boolean", int: "an integer", dict: "an object", list: "a list"}
EVENT_TYPES = {
    *("call.initiated", "call.answered", "call.bridged", "call.hangup", "call.transcription"),
    *("streaming.started", "streaming.stopped", "streaming.failed"),
    *("call.recording.saved", "call.recording.error", "call.recording.transcription.saved"),
    *("call.dtmf.received", "call.cost", "call.hold", "call.unhold", "call.enqueued"),
    *("call.dequeued", "call.fork.started", "call.fork.stopped", "call.gather.ended"),
    *("call.playback.started", "call.playback.ended", "call.speak.started", "call.speak.ended"),
    *("call.machine.detection.ended", "call.machine.greeting.ended"),
    *("call.machine.premium.detection.ended", "call.machine.premium.greeting.ended"),
}


@dataclass(frozen=True, slots=True)
class Param:
    """What one parameter may be."""

    kind: type = str
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    """Of an integer; of a string's length, in characters."""
    required: bool = False


_TEXT, _FLAG, _OBJECT, _LIST = Param(), Param(bool), Param(dict), Param(list)
_TRACK = Param(values=("inbound_track", "outbound_track", "both_tracks"))
_CODEC = Param(values=("PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16", "default"))
_COMMON = {"client_state": _TEXT, "command_id": _TEXT}
_STREAM = {
    "stream_url": Param(high=MAX_URL_CHARS),
    "stream_track": _TRACK,
    "stream_codec": _CODEC,
    "stream_auth_token": Param(high=4000),
    "stream_bidirectional_mode": Param(values=("mp3", "rtp")),
    "stream_bidirectional_codec": _CODEC,
    "stream_bidirectional_target_legs": Param(values=("both", "self", "opposite")),
    "stream_bidirectional_sampling_rate": Param(int, low=8000, high=48000),
    "custom_parameters": _LIST,
}
_TRANSCRIPTION = {
    "transcription_engine": _TEXT,
    "transcription_tracks": Param(values=("inbound", "outbound", "both")),
    "transcription_engine_config": _OBJECT,
    "language": _TEXT,
    "interim_results": _FLAG,
}
_RECORD = {
    "channels": Param(values=("single", "dual"), required=True),
    "format": Param(values=("wav", "mp3"), required=True),
    "max_length": Param(int, low=0, high=14_400),
    "timeout_secs": Param(int, low=0),
    "recording_track": Param(values=("both", "inbound", "outbound")),
    "play_beep": _FLAG,
}
_WEBHOOKS = {
    "webhook_url": Param(high=MAX_URL_CHARS),
    "webhook_url_method": Param(values=("POST", "GET")),
    "webhook_urls": _OBJECT,
    "webhook_retries_policies": _OBJECT,
}
_WITH_CALL = {**_STREAM, **_WEBHOOKS, "transcription": _FLAG, "transcription_config": _OBJECT}

SPECS: Mapping[str, Mapping[str, Param]] = {
    "answer": _WITH_CALL,
    "reject": {
        "cause": Param(
            values=("CALL_REJECTED", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE", "USER_BUSY"),
            required=True,
        )
    },
    "hangup": {"custom_headers": _LIST, "reason": _TEXT},
    "bridge": {"call_control_id": Param(high=MAX_URL_CHARS, required=True)},
    "transfer": {
        **_WEBHOOKS,
        "to": Param(high=200, required=True),
        "from": Param(high=100),
        "timeout_secs": Param(int, low=5, high=600),
        "target_leg_client_state": _TEXT,
    },
    "speak": {
        "payload": Param(high=3000, required=True),
        "voice": Param(high=200, required=True),
        "language": _TEXT,
        "payload_type": Param(values=("text", "ssml")),
    },
    "transcription_start": _TRANSCRIPTION,
    "transcription_stop": {},
    "streaming_start": _STREAM,
    "streaming_stop": {"stream_id": _TEXT},
    "record_start": _RECORD,
    "record_stop": {"recording_id": _TEXT},
    "record_pause": {"recording_id": _TEXT},
    "record_resume": {"recording_id": _TEXT},
    "client_state_update": {"client_state": Param(required=True)},
    "dial": {
        **_WITH_CALL,
        "connection_id": Param(high=40, required=True),
        "from": Param(high=100, required=True),
        "timeout_secs": Param(int, low=5, high=600),
        "link_to": Param(high=MAX_URL_CHARS),
        "bridge_intent": _FLAG,
        "bridge_on_answer": _FLAG,
    },
}
"""Commands by name, as in the path."""
_MEMBER = {"call_control_id": Param(high=MAX_URL_CHARS, required=True)}
CONFERENCE_SPECS: Mapping[str, Mapping[str, Param]] = {
    "conference_create": {
        **_MEMBER,
        "name": Param(high=200, required=True),
        "max_participants": Param(int, low=2, high=800),
        "duration_minutes": Param(int, low=1),
    },
    "conference_join": {**_MEMBER, "mute": _FLAG, "hold": _FLAG},
    "conference_leave": _MEMBER,
    "conference_end": {},
}
"""Those of conferences: `join` is the action `join` of one.

Source: SDK 4.189, `types/conference_create_params.py` and `types/conferences/`.
"""


def check_params(name: str, params: Params) -> Problem | None:
    """Check the parameters of a command; None if all is well."""
    spec = CONFERENCE_SPECS[name] if name in CONFERENCE_SPECS else SPECS[name]
    for key, param in {**_COMMON, **spec}.items():
        problem = _check(key, param, params.get(key))
        if problem:
            return problem
    return _check_client_state(params) or _check_webhooks(params)


def check_config(config: Params) -> Problem | None:
    """Check the parameters of a transcription, whichever command has them."""
    for key, param in _TRANSCRIPTION.items():
        problem = _check(key, param, config.get(key))
        if problem:
            return problem
    return None


def check_stream_url(url: str) -> Problem | None:
    """Check the address to which audio is to be streamed."""
    if not is_url(url, ("ws", "wss")):
        return Problem("10003", "stream_url must be a ws:// or wss:// address", "stream_url")
    return None


def is_url(url: object, schemes: Sequence[str]) -> bool:
    """Say whether this is an address of one of these schemes."""
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check(key: str, param: Param, value: object) -> Problem | None:
    if value is None:
        return Problem("10004", f"{key} is required", key) if param.required else None
    if not isinstance(value, param.kind) or (param.kind is int and isinstance(value, bool)):
        return Problem("10026", f"{key} must be {_NAMES[param.kind]}", key)
    if param.values and value not in param.values:
        return Problem("10032", f"{key} must be one of {', '.join(param.values)}", key)
    size = value if isinstance(value, int) else len(value) if isinstance(value, str) else 0
    if (param.low is not None and size < param.low) or (param.high and size > param.high):
        return Problem("10033", f"{key} must be from {param.low or 0} to {param.high}", key)
    return None


def _check_client_state(params: Params) -> Problem | None:
    state = params.get("client_state")
    if not isinstance(state, str):
        return None
    try:
        base64.b64decode(state, validate=True)
    except (binascii.Error, ValueError):
        return Problem("90017", parameter="client_state")
    return None


def _check_webhooks(params: Params) -> Problem | None:
    url = params.get("webhook_url")
    if url is not None and not is_url(url, ("http", "https")):
        return Problem("10003", "webhook_url must be http:// or https://", "webhook_url")
    if params.get("webhook_url_method") == "GET":
        return Problem("10015", "the simulator delivers by POST only", "webhook_url_method")
    return _check_by_event(params.get("webhook_urls"), "webhook_urls", _are_urls) or (
        _check_by_event(
            params.get("webhook_retries_policies"), "webhook_retries_policies", _is_policy
        )
    )


def _check_by_event(table: object, key: str, fits: Callable[[object], bool]) -> Problem | None:
    if not isinstance(table, dict):
        return None
    for event_type, value in table.items():
        if event_type not in EVENT_TYPES:
            return Problem("90057", parameter=key)
        if not fits(value):
            return Problem("10015", f"{key} has a value that does not fit", key)
    return None


def _are_urls(value: object) -> bool:
    return isinstance(value, list) and all(is_url(url, ("http", "https")) for url in value)


def _is_policy(value: object) -> bool:
    waits = value.get("retries_ms") if isinstance(value, dict) else None
    if not isinstance(waits, list) or len(waits) > MAX_RETRIES:
        return False
    if not all(isinstance(wait, int) and wait >= 0 for wait in waits):
        return False
    return sum(waits) <= MAX_RETRIES_MS
