"""Our own events as JSON: the Standard Webhooks envelope, one shape everywhere."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import get_args

import msgspec

from service.calls.events import Event, TranscriptPartial
from service.calls.turn import Fact
from service.ids import CallId

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long an event took on its way to here, in milliseconds."""

    stt_ms: int | None
    """From the end of the speech to its words; None where nobody here heard the audio."""
    queue_ms: int
    """From when it occurred to when it was written: the turn it waited for, and our own work."""


def encode(fact: Fact, *, now: float) -> bytes:
    """Write an event or a partial. `now` is when that is, in Unix seconds.

    The bytes of a durable event are kept and sent as they are, on every attempt. A partial has
    no `seq` of its own, but `after_seq`, the last durable one before it.
    """
    when = timestamp(fact.occurred_at)
    data: dict[str, object] = {"call_id": fact.call_id}
    if fact.seq is None:
        data["after_seq"] = fact.after_seq
    else:
        data["seq"] = fact.seq
    for attribute, name in _NAMES[fact.event.__class__]:
        data[name] = getattr(fact.event, attribute)
    data["occurred_at"] = when
    data["metadata"] = fact.metadata
    queue_ms = max(0, round((now - fact.occurred_at) * 1000))
    data["timing"] = Timing(stt_ms=fact.stt_ms, queue_ms=queue_ms)
    return _encode({"type": fact.event.type, "timestamp": when, "data": data})


class Subject(msgspec.Struct, frozen=True):
    """Whose words an event is about, where it is about somebody's."""

    utterance_id: str | None = None
    role: str | None = None


class _Envelope(msgspec.Struct):
    data: Subject


class _Dated(msgspec.Struct):
    timestamp: str


class _Placed(msgspec.Struct):
    after_seq: int = 0


class _PlacedEnvelope(msgspec.Struct):
    data: _Placed


class _Superseding(msgspec.Struct):
    supersedes: int


_read_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_dated = msgspec.json.Decoder(_Dated).decode
_read_envelope = msgspec.json.Decoder(_Envelope).decode
_read_placed = msgspec.json.Decoder(_PlacedEnvelope).decode


def subject_of(event: Event | TranscriptPartial) -> Subject:
    """Return whose words an event is about."""
    return Subject(getattr(event, "utterance_id", None), getattr(event, "role", None))


def read_subject(body: bytes) -> Subject:
    """Return whose words an event is about that was written before: what `subject_of` says.

    Nobody's if it cannot be read: of a damaged file, one event must not stop all that come after.
    """
    try:
        return _read_envelope(body).data
    except msgspec.DecodeError:
        return Subject()


def read_after_seq(body: bytes) -> int:
    """Return which durable event of its call was the last before a partial."""
    return _read_placed(body).data.after_seq


def superseded(final: bytes, redacted: bytes) -> bytes:
    """Return a final as it is kept once a `transcript.redacted` supersedes what it says."""
    envelope = _read_parts(final)
    data, newer = _read_parts(envelope["data"]), _read_parts(_read_parts(redacted)["data"])
    for name in ("text", "words", "redactions"):
        data[name] = newer[name]
    envelope["data"] = msgspec.Raw(_encode(data))
    return _encode(envelope)


def emptied(transcribed: bytes) -> bytes:
    """Return a `recording.transcribed` without what it says: as it is kept once more is hidden."""
    envelope = _read_parts(transcribed)
    data = _read_parts(envelope["data"])
    data["text"], data["segments"] = msgspec.Raw(b'""'), msgspec.Raw(b"[]")
    envelope["data"] = msgspec.Raw(_encode(data))
    return _encode(envelope)


def read_superseded_seq(redacted: bytes) -> int:
    """Return which event of its call a `transcript.redacted` supersedes."""
    return msgspec.json.decode(_read_parts(redacted)["data"], type=_Superseding).supersedes


def read_timestamp(body: bytes) -> str:
    """Return when an event that was written before occurred, as it is written."""
    return _read_dated(body).timestamp


def delivery_id(call_id: CallId, seq: int) -> str:
    """Return the `webhook-id` of a durable event: the same over attempts and restarts."""
    return f"evt_{call_id}_{seq}"


def report_id(call_id: CallId, seq: int) -> str:
    """Return the `webhook-id` of the report that follows an event: always the same, too."""
    return f"rpt_{call_id}_{seq}"


def split_delivery_id(text: str) -> tuple[CallId, int] | None:
    """Return whose `delivery_id` this is; None if it is a partial's or a report's."""
    kind, _, rest = text.partition("_")
    call_id, _, seq = rest.rpartition("_")
    return (CallId(call_id), int(seq)) if kind == "evt" and seq.isdecimal() else None


def partial_id(partial: TranscriptPartial) -> str:
    """Return the `webhook-id` of a partial."""
    return f"prt_{partial.utterance_id}_{partial.revision}"


def timestamp(at: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_NAMES = {
    kind: tuple((field.name, field.name.rstrip("_")) for field in fields(kind))
    for kind in (*get_args(Event), TranscriptPartial)
}
"""Each field with its name in JSON: `from_` is only Python's way to say `from`."""
