"""Reading webhooks: any body that Telnyx may send becomes a typed input, or says why not.

Every field of every event may be missing, null or of another type (Telnyx's SDK types model all
of them as optional): such a field is dropped and the event kept. Source: TELNYX.md §1.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

import msgspec

from service.calls.inputs import (
    LegAnswered,
    LegBridged,
    LegHungUp,
    LegInitiated,
    SpeakEnded,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsReported,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.calls.webhook import Direction, SiprecStream
from service.errors import BadInputError
from service.ids import CallId, InputId, LegId, StreamId
from service.wire.media import TRACKS
from service.wire.webhook_fields import (
    Fields,
    read_client_state,
    read_headers,
    read_id,
    read_label,
    read_link,
    read_number,
    read_phone,
    read_share,
    read_siprec,
    read_tags,
    read_text,
    read_time,
)

Reason = Literal[
    "unread_event", "v1_envelope", "debugger_record", "no_event", "no_leg", "no_transcript"
]

_DIRECTIONS: Mapping[object, Direction] = {"incoming": "incoming", "outgoing": "outgoing"}

_MAX_DIGITS = 1
"""Telnyx tells of each key by itself."""

_decode = msgspec.json.Decoder(dict[str, object]).decode


@dataclass(frozen=True, slots=True)
class Ignored:
    """A webhook that is genuine and of no use here: answer 2xx and count it.

    `event_type` is as it was sent, cut to 64 printable characters, or "".
    """

    event_type: str
    reason: Reason


class Facts(TypedDict):
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
    siprec: SiprecStream | None


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
        return Ignored(read_label(event_type), "unread_event")
    payload = data.get("payload")
    if not isinstance(payload, dict):
        return Ignored(read_label(event_type), "no_leg")
    leg_id = read_id(payload, "call_control_id")
    is_enough = build in _OF_SESSION and read_id(payload, "call_session_id") is not None
    if leg_id is None and not is_enough:
        return Ignored(read_label(event_type), "no_leg")
    return build(payload, _facts(data, payload, LegId(leg_id or ""), now))


def _envelope(body: bytes) -> dict[str, object]:
    try:
        try:
            return _decode(body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return _decode(_without_lone_surrogates(body))
    except msgspec.ValidationError as error:
        raise BadInputError(
            "the body is not a JSON object, or a number in it is too long"
        ) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInputError("the body is not JSON in UTF-8") from error
    except RecursionError as error:
        raise BadInputError("the body is nested too deeply") from error


def _without_lone_surrogates(body: bytes) -> bytes:
    """Write a body anew whose text has halves of characters: an engine may cut one in two."""
    text = json.dumps(json.loads(body), ensure_ascii=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _foreign(envelope: Fields) -> Ignored:
    """Name the shapes that Telnyx has besides the one of API version 2."""
    if "webhook_id" in envelope:
        return Ignored(read_label(envelope.get("event_type")), "v1_envelope")
    if envelope.get("type") == "webhook" and "name" in envelope:
        return Ignored(read_label(envelope["name"]), "debugger_record")
    return Ignored("", "no_event")


def _facts(data: Fields, payload: Fields, leg_id: LegId, now: float) -> Facts:
    session_id = read_id(payload, "call_session_id")
    return {
        "input_id": InputId(read_id(data, "id") or _fingerprint(data)),
        "call_id": None if session_id is None else CallId(session_id),
        "leg_id": leg_id,
        "occurred_at": read_time(data.get("occurred_at"))
        or read_time(payload.get("occurred_at"))
        or now,
        "direction": _DIRECTIONS.get(read_text(payload, "direction")),
        "from_number": read_phone(payload, "from"),
        "to_number": read_phone(payload, "to"),
        "connection_id": read_id(payload, "connection_id"),
        "client_state": read_client_state(payload.get("client_state")),
        "siprec": read_siprec(payload.get("custom_headers")),
    }


# --- events ----------------------------------------------------------------------------------


def _initiated(payload: Fields, facts: Facts) -> WebhookInput:
    headers = read_headers(payload.get("custom_headers")) | read_headers(payload.get("sip_headers"))
    return LegInitiated(
        headers=headers,
        tags=read_tags(payload.get("tags")),
        caller_name=read_text(payload, "caller_id_name"),
        **facts,
    )


def _answered(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001 - says no more
    return LegAnswered(**facts)


def _bridged(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return LegBridged(**facts)


def _speak_ended(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return SpeakEnded(**facts)


def _held(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return LegHeld(**facts)


def _retrieved(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return LegRetrieved(**facts)


def _key_pressed(payload: Fields, facts: Facts) -> WebhookInput:
    digit = read_id(payload, "digit")
    return KeyPressed(digit=None if digit is None else digit[:_MAX_DIGITS], **facts)


def _joined(payload: Fields, facts: Facts) -> WebhookInput:
    return LegJoined(conference_id=read_id(payload, "conference_id") or "", **facts)


def _left(payload: Fields, facts: Facts) -> WebhookInput:
    return LegLeft(conference_id=read_id(payload, "conference_id") or "", **facts)


def _hung_up(payload: Fields, facts: Facts) -> WebhookInput:
    return LegHungUp(
        cause=read_id(payload, "hangup_cause"),
        source=read_id(payload, "hangup_source"),
        sip_code=read_id(payload, "sip_hangup_cause"),
        **facts,
    )


def _words(payload: Fields, facts: Facts) -> WebhookInput | Ignored:
    said = payload.get("transcription_data")
    if not isinstance(said, dict):
        said = payload  # one integration saw the transcript flat in the payload
    text = read_text(said, "transcript")
    if text is None:
        text = read_number(said, "transcript")
    if text is None:
        return Ignored("call.transcription", "no_transcript")
    is_final = said.get("is_final")
    return WordsReported(
        text=text,
        is_final=is_final if isinstance(is_final, bool) else None,
        confidence=read_share(said.get("confidence")),
        track=TRACKS.get(read_text(said, "transcription_track")),
        **facts,
    )


def _streaming_started(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return StreamingStarted(**facts)


def _streaming_stopped(payload: Fields, facts: Facts) -> WebhookInput:  # noqa: ARG001
    return StreamingStopped(**facts)


def _streaming_failed(payload: Fields, facts: Facts) -> WebhookInput:
    stream_id = read_id(payload, "stream_id")
    return StreamingFailed(
        reason=read_text(payload, "failure_reason"),
        stream_id=None if stream_id is None else StreamId(stream_id),
        **facts,
    )


def _tape_saved(payload: Fields, facts: Facts) -> WebhookInput:
    return TapeSaved(
        tape_id=read_id(payload, "recording_id"),
        link=read_link(payload.get("recording_urls"), "wav"),
        started_at=read_time(payload.get("recording_started_at")),
        ended_at=read_time(payload.get("recording_ended_at")),
        **facts,
    )


def _tape_failed(payload: Fields, facts: Facts) -> WebhookInput:
    return TapeFailed(reason=read_id(payload, "reason"), **facts)


_OF_SESSION = (_words, _tape_saved, _tape_failed)
"""What may come without the leg: its call is enough."""
_BUILDERS: Mapping[str, Callable[[Fields, Facts], WebhookInput | Ignored]] = {
    "call.initiated": _initiated,
    "call.answered": _answered,
    "call.bridged": _bridged,
    "call.speak.ended": _speak_ended,
    "call.hold": _held,
    "call.unhold": _retrieved,
    "call.dtmf.received": _key_pressed,
    "conference.participant.joined": _joined,
    "conference.participant.left": _left,
    "call.hangup": _hung_up,
    "call.transcription": _words,
    "streaming.started": _streaming_started,
    "streaming.stopped": _streaming_stopped,
    "streaming.failed": _streaming_failed,
    "call.recording.saved": _tape_saved,
    "call.recording.error": _tape_failed,
}


def _canonical(event_type: object) -> str:
    """Fold the spellings of a name (`streaming_started`) into one; exact names are tried first.

    Folding what came in is safe for names with a real underscore only because both sides of
    the comparison are folded.
    """
    return event_type.replace("_", ".").lower() if isinstance(event_type, str) else ""


EVENT_TYPES = tuple(_BUILDERS)
"""The events that are read."""
_BY_CANONICAL_NAME = {_canonical(name): build for name, build in _BUILDERS.items()}


def _fingerprint(data: Fields) -> str:
    """Stand in for a missing event id by what would be the same on a redelivery.

    A key that was pressed is left out: one of twelve is found by trying them all.
    """
    payload = data.get("payload")
    if isinstance(payload, dict):
        data = {**data, "payload": {**payload, "digit": None}}
    digest = hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()
    return f"sha256:{digest}"
