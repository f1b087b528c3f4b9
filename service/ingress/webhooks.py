"""Reading webhooks: any body that Telnyx may send becomes a typed input, or says why not.

Every field of every event may be missing, null or of another type (Telnyx's SDK types model all
of them as optional): such a field is dropped and the event kept. Sources: Telnyx's Voice API
webhook pages and the models of its Python SDK 4.189 (`telnyx/types/call_*.py`).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias, TypedDict

import msgspec

from service.calls.inputs import (
    Direction,
    LegAnswered,
    LegHungUp,
    LegInitiated,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsReported,
)
from service.errors import BadInputError
from service.ids import CallId, InputId, LegId, StreamId, Track

Fields: TypeAlias = Mapping[str, object]

Reason = Literal[
    "unread_event", "v1_envelope", "debugger_record", "no_event", "no_leg", "no_transcript"
]

_LONGEST_ID = 512
_LONGEST_LABEL = 64
_LONGEST_CLIENT_STATE = 8192
_YEAR_2100_S = 4_102_444_800
_TRACKS: Mapping[object, Track] = {
    "inbound": "inbound",
    "outbound": "outbound",
    "inbound_track": "inbound",
    "outbound_track": "outbound",
}
_DIRECTIONS: Mapping[object, Direction] = {"incoming": "incoming", "outgoing": "outgoing"}
_FORMATTED_NUMBER = re.compile(r"\+[\d ().-]+")

_decode = msgspec.json.Decoder(dict[str, object]).decode
_decode_any = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Ignored:
    """A webhook that is genuine and of no use here: answer 2xx and count it.

    `event_type` is as it was sent, cut to 64 printable characters, or "".
    """

    event_type: str
    reason: Reason


class _Facts(TypedDict):
    """What every event of a leg says (`Webhook`)."""

    input_id: InputId
    call_id: CallId | None
    leg_id: LegId
    occurred_at: float
    direction: Direction | None
    from_number: str | None
    to_number: str | None
    connection_id: str | None
    client_state: Mapping[str, str]


def parse_webhook(body: bytes, now: float) -> WebhookInput | Ignored:
    """Read the raw body of a webhook whose signature holds.

    `now` (Unix seconds) stands in where Telnyx left `occurred_at` out.

    Raises:
        BadInputError: Not JSON, not UTF-8, not an object, or nested too deeply.
    """
    envelope = _envelope(body)
    data = envelope.get("data", envelope)
    if not isinstance(data, dict) or "event_type" not in data or "webhook_id" in data:
        return _foreign(envelope)
    event_type = data["event_type"]
    build = _BUILDERS.get(event_type) if isinstance(event_type, str) else None
    if build is None:
        build = _BY_CANONICAL_NAME.get(_canonical(event_type))
    if build is None:
        return Ignored(_label(event_type), "unread_event")
    payload = data.get("payload")
    if not isinstance(payload, dict):
        return Ignored(_label(event_type), "no_leg")
    leg_id = _id(payload, "call_control_id")
    if leg_id is None:
        return Ignored(_label(event_type), "no_leg")
    return build(payload, _facts(data, payload, LegId(leg_id), now))


def _envelope(body: bytes) -> dict[str, object]:
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        raise BadInputError(
            "the body is not a JSON object, or a number in it is too long"
        ) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadInputError("the body is not JSON in UTF-8") from error
    except RecursionError as error:
        raise BadInputError("the body is nested too deeply") from error


def _foreign(envelope: Fields) -> Ignored:
    """Name the shapes that Telnyx has besides the one of API version 2."""
    if "webhook_id" in envelope:
        return Ignored(_label(envelope.get("event_type")), "v1_envelope")
    if envelope.get("type") == "webhook" and "name" in envelope:
        return Ignored(_label(envelope["name"]), "debugger_record")
    return Ignored("", "no_event")


def _facts(data: Fields, payload: Fields, leg_id: LegId, now: float) -> _Facts:
    session_id = _id(payload, "call_session_id")
    return {
        "input_id": InputId(_id(data, "id") or _fingerprint(data)),
        "call_id": None if session_id is None else CallId(session_id),
        "leg_id": leg_id,
        "occurred_at": _time(data.get("occurred_at")) or _time(payload.get("occurred_at")) or now,
        "direction": _DIRECTIONS.get(_text(payload, "direction")),
        "from_number": _number(payload, "from"),
        "to_number": _number(payload, "to"),
        "connection_id": _id(payload, "connection_id"),
        "client_state": _client_state(payload.get("client_state")),
    }


# --- events ----------------------------------------------------------------------------------


def _initiated(payload: Fields, facts: _Facts) -> WebhookInput:
    headers = _headers(payload.get("custom_headers")) | _headers(payload.get("sip_headers"))
    return LegInitiated(headers=headers, **facts)


def _answered(payload: Fields, facts: _Facts) -> WebhookInput:  # noqa: ARG001 - says no more
    return LegAnswered(**facts)


def _hung_up(payload: Fields, facts: _Facts) -> WebhookInput:
    return LegHungUp(
        cause=_id(payload, "hangup_cause"),
        source=_id(payload, "hangup_source"),
        sip_code=_id(payload, "sip_hangup_cause"),
        **facts,
    )


def _words(payload: Fields, facts: _Facts) -> WebhookInput | Ignored:
    said = payload.get("transcription_data")
    if not isinstance(said, dict):
        said = payload  # one integration saw the transcript flat in the payload
    text = _text(said, "transcript")
    if text is None:
        return Ignored("call.transcription", "no_transcript")
    is_final = said.get("is_final")
    return WordsReported(
        text=text,
        is_final=is_final if isinstance(is_final, bool) else None,
        confidence=_share(said.get("confidence")),
        track=_TRACKS.get(_text(said, "transcription_track")),
        **facts,
    )


def _streaming_started(payload: Fields, facts: _Facts) -> WebhookInput:  # noqa: ARG001
    return StreamingStarted(**facts)


def _streaming_stopped(payload: Fields, facts: _Facts) -> WebhookInput:  # noqa: ARG001
    return StreamingStopped(**facts)


def _streaming_failed(payload: Fields, facts: _Facts) -> WebhookInput:
    stream_id = _id(payload, "stream_id")
    return StreamingFailed(
        reason=_text(payload, "failure_reason"),
        stream_id=None if stream_id is None else StreamId(stream_id),
        **facts,
    )


_BUILDERS: Mapping[str, Callable[[Fields, _Facts], WebhookInput | Ignored]] = {
    "call.initiated": _initiated,
    "call.answered": _answered,
    "call.hangup": _hung_up,
    "call.transcription": _words,
    "streaming.started": _streaming_started,
    "streaming.stopped": _streaming_stopped,
    "streaming.failed": _streaming_failed,
}


def _canonical(event_type: object) -> str:
    """Fold the spellings of a name (`streaming_started`) into one; exact names are tried first.

    Folding what came in is safe for names with a real underscore only because both sides of
    the comparison are folded.
    """
    return event_type.replace("_", ".").lower() if isinstance(event_type, str) else ""


_BY_CANONICAL_NAME = {_canonical(name): build for name, build in _BUILDERS.items()}


# --- fields ----------------------------------------------------------------------------------


def _text(fields: Fields, key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) else None


def _id(fields: Fields, key: str) -> str | None:
    """Return a value that is fit to be a key: not empty, not huge, no control characters."""
    value = fields.get(key)
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable():
        return value
    return None


def _label(value: object) -> str:
    return value[:_LONGEST_LABEL] if isinstance(value, str) and value.isprintable() else ""


def _number(fields: Fields, key: str) -> str | None:
    """Return a phone number or SIP address; a number loses its spaces, dashes and brackets."""
    value = _id(fields, key)
    if value is not None and _FORMATTED_NUMBER.fullmatch(value):
        return "+" + "".join(filter(str.isdigit, value))
    return value


def _share(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def _time(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return at if 0 < at < _YEAR_2100_S else None


def _client_state(value: object) -> dict[str, str]:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_CLIENT_STATE:
        return {}
    try:
        state = _decode_any(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    if not isinstance(state, dict):
        return {}
    return {key: text for key, each in state.items() if (text := _plain(each)) is not None}


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    return None


def _headers(value: object) -> dict[str, str]:
    if not isinstance(value, list):
        return {}
    found = {}
    for header in value:
        if isinstance(header, dict):
            name, text = _id(header, "name"), _text(header, "value")
            if name is not None and text is not None:
                found[name.lower()] = text
    return found


def _fingerprint(data: Fields) -> str:
    """Stand in for a missing event id by what would be the same on a redelivery."""
    digest = hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()
    return f"sha256:{digest}"
