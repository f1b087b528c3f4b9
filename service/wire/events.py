"""Our own events as JSON: the Standard Webhooks envelope, one shape everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import get_args

import msgspec

from service.calls.events import Event, Transcript, TranscriptPartial
from service.ids import CallId

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long an event took on its way to here, in milliseconds."""

    stt_ms: int | None
    """From the end of the speech to its words; None where nobody here heard the audio."""
    queue_ms: int
    """From when it occurred to when it was written: the turn it waited for, and our own work."""


def measure(
    event: Event | TranscriptPartial, *, occurred_at: float, answered_at: float | None, now: float
) -> Timing:
    """Return the timing of an event that is written now. Times are Unix seconds."""
    stt_ms = None
    if isinstance(event, Transcript) and event.time_source == "audio" and answered_at is not None:
        heard_ms = round((occurred_at - answered_at) * 1000)
        stt_ms = max(0, heard_ms - (event.end_ms or 0))
    return Timing(stt_ms=stt_ms, queue_ms=max(0, round((now - occurred_at) * 1000)))


def encode_event(
    call_id: CallId,
    seq: int,
    event: Event,
    *,
    occurred_at: float,
    metadata: Mapping[str, object],
    timing: Timing,
) -> bytes:
    """Write a durable event. The bytes are kept and sent as they are, on every attempt."""
    return _encode(_envelope(call_id, {"seq": seq}, event, occurred_at, (metadata, timing)))


def encode_partial(
    call_id: CallId,
    after_seq: int,
    partial: TranscriptPartial,
    *,
    occurred_at: float,
    metadata: Mapping[str, object],
    timing: Timing,
) -> bytes:
    """Write a partial: no `seq` of its own, but `after_seq`, the last durable one before it."""
    place = {"after_seq": after_seq}
    return _encode(_envelope(call_id, place, partial, occurred_at, (metadata, timing)))


def delivery_id(call_id: CallId, seq: int) -> str:
    """Return the `webhook-id` of a durable event: the same over attempts and restarts."""
    return f"evt_{call_id}_{seq}"


def split_delivery_id(text: str) -> tuple[CallId, int] | None:
    """Return whose `delivery_id` this is; None if it is a partial's."""
    kind, _, rest = text.partition("_")
    call_id, _, seq = rest.rpartition("_")
    return (CallId(call_id), int(seq)) if kind == "evt" and seq.isdecimal() else None


def partial_id(partial: TranscriptPartial) -> str:
    """Return the `webhook-id` of a partial."""
    return f"prt_{partial.utterance_id}_{partial.revision}"


def timestamp(at: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _envelope(
    call_id: CallId,
    place: dict[str, int],
    event: Event | TranscriptPartial,
    occurred_at: float,
    about: tuple[Mapping[str, object], Timing],
) -> dict[str, object]:
    when = timestamp(occurred_at)
    data: dict[str, object] = {"call_id": call_id, **place}
    for attribute, name in _NAMES[event.__class__]:
        data[name] = getattr(event, attribute)
    data["occurred_at"] = when
    data["metadata"], data["timing"] = about
    return {"type": event.type, "timestamp": when, "data": data}


_NAMES = {
    kind: tuple((field.name, field.name.rstrip("_")) for field in fields(kind))
    for kind in (*get_args(Event), TranscriptPartial)
}
"""Each field with its name in JSON: `from_` is only Python's way to say `from`."""
