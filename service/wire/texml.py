"""Reading the callbacks of TeXML: forms that say how far a call is, and what was said in it.

They bear no id and no session: what they say is told apart by all of it, and a leg that another one
dialled is of that one's call. Source: TELNYX.md §1.5.
"""

import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from service.calls.inputs import (
    LegAnswered,
    LegHungUp,
    LegInitiated,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsReported,
)
from service.calls.webhook import Direction
from service.errors import BadInputError
from service.ids import CallId, InputId, LegId
from service.wire.media import TRACKS
from service.wire.webhook_fields import (
    Fields,
    read_id,
    read_label,
    read_phone,
    read_share,
    read_text,
    read_time,
)
from service.wire.webhooks import Facts, Ignored

FORM: Final = "application/x-www-form-urlencoded"
_MAX_FIELDS: Final = 200
_RINGS: Final = frozenset({"initiated", "queued", "ringing"})
_TALKS: Final = frozenset({"in-progress", "answered"})
_CAUSES: Final[Mapping[str, str]] = {
    "completed": "normal_clearing",
    "busy": "user_busy",
    "no-answer": "no_answer",
    "canceled": "originator_cancel",
    "failed": "unspecified",
}
_STREAMS: Final[
    Mapping[str, type[StreamingStarted] | type[StreamingStopped] | type[StreamingFailed]]
] = {
    "stream-started": StreamingStarted,
    "stream-stopped": StreamingStopped,
    "stream-failed": StreamingFailed,
    "stream-error": StreamingFailed,
}


def parse_callback(body: bytes, now: float) -> WebhookInput | Ignored:
    """Read the raw body of a callback whose signature holds.

    `now` (Unix seconds) stands in where it says no time.

    Raises:
        BadInputError: Not a form, not UTF-8, or of too many fields.
    """
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise BadInputError("the body is not a form in UTF-8") from error
    form: Fields = dict(pairs)
    leg_id = read_id(form, "CallSid") or read_id(form, "CallSidLegacy")
    if leg_id is None:
        return Ignored("texml", "no_leg")
    facts = _facts(form, body, LegId(leg_id), now)
    if (stream := _STREAMS.get(str(form.get("StreamEvent")))) is not None:
        return stream(**facts)
    if "RecordingSid" in form or "TranscriptionSid" in form:
        return Ignored("texml.recording", "unread_event")
    if (text := _text(form)) is not None:
        return _words(form, text, facts)
    return _progress(form, facts)


def _facts(form: Fields, body: bytes, leg_id: LegId, now: float) -> Facts:
    parent = read_id(form, "ParentCallSid")
    at = _time(form, "OccurredAt") or _time(form, "Timestamp")
    # the same words may be said twice: without a time, only their coming tells them apart
    known_by = body if at is not None else b"%s %f" % (body, now)
    return {
        "input_id": InputId(f"texml:{hashlib.sha256(known_by).hexdigest()}"),
        "call_id": None if parent is None else CallId(parent),
        "leg_id": leg_id,
        "occurred_at": at or now,
        "direction": "outgoing" if parent is not None else _direction(form),
        "from_number": read_phone(form, "From"),
        "to_number": read_phone(form, "To"),
        "connection_id": read_id(form, "ConnectionId"),
        "client_state": {},
        "siprec": None,
    }


def _direction(form: Fields) -> Direction | None:
    said = str(form.get("Direction", ""))
    if said.startswith("outbound"):
        return "outgoing"
    return "incoming" if said == "inbound" else None


def _time(form: Fields, key: str) -> float | None:
    """Read a time; one page has it with a space in the place of the T."""
    said = read_text(form, key)
    return None if said is None else read_time(said.strip().replace(" ", "T", 1))


def _text(form: Fields) -> str | None:
    for key in ("Transcript", "TranscriptionText"):
        if (text := read_text(form, key)) is not None:
            return text
    return None


def _words(form: Fields, text: str, facts: Facts) -> WordsReported:
    final = {"true": True, "false": False}.get(str(form.get("IsFinal", "")).lower())
    return WordsReported(
        text=text,
        is_final=final,
        confidence=_share(form),
        track=TRACKS.get(read_text(form, "TranscriptionTrack")),
        **facts,
    )


def _share(form: Fields) -> float | None:
    try:
        return read_share(float(str(form.get("Confidence", ""))))
    except ValueError:
        return None


def _progress(form: Fields, facts: Facts) -> WebhookInput | Ignored:
    status = str(form.get("CallStatus", ""))
    if status in _RINGS:
        return LegInitiated(caller_name=read_text(form, "CallerId"), **facts)
    if status in _TALKS:
        return LegAnswered(**facts)
    if status not in _CAUSES:
        return Ignored(f"texml.{read_label(status)}", "unread_event")
    return LegHungUp(
        cause=read_id(form, "HangupCause") or _CAUSES[status],
        source=read_id(form, "HangupSource"),
        sip_code=read_id(form, "SipHangupCause"),
        **facts,
    )
