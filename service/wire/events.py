"""Our own events as JSON: the Standard Webhooks envelope, one shape everywhere."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args

import msgspec

from service.calls.events import Event, TranscriptPartial
from service.ids import CallId

_encode = msgspec.json.Encoder().encode


def encode_event(
    call_id: CallId, seq: int, event: Event, *, occurred_at: float, metadata: Mapping[str, object]
) -> bytes:
    """Write a durable event. The bytes are kept and sent as they are, on every attempt."""
    return _encode(_envelope(call_id, {"seq": seq}, event, occurred_at, metadata))


def encode_partial(
    call_id: CallId,
    after_seq: int,
    partial: TranscriptPartial,
    *,
    occurred_at: float,
    metadata: Mapping[str, object],
) -> bytes:
    """Write a partial: no `seq` of its own, but `after_seq`, the last durable one before it."""
    return _encode(_envelope(call_id, {"after_seq": after_seq}, partial, occurred_at, metadata))


def delivery_id(call_id: CallId, seq: int) -> str:
    """Return the `webhook-id` of a durable event: the same over attempts and restarts."""
    return f"evt_{call_id}_{seq}"


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
    metadata: Mapping[str, object],
) -> dict[str, object]:
    when = timestamp(occurred_at)
    data: dict[str, object] = {"call_id": call_id, **place}
    for attribute, name in _NAMES[event.__class__]:
        data[name] = getattr(event, attribute)
    data["occurred_at"] = when
    data["metadata"] = metadata
    return {"type": event.type, "timestamp": when, "data": data}


_NAMES = {
    kind: tuple((field.name, field.name.rstrip("_")) for field in fields(kind))
    for kind in (*get_args(Event), TranscriptPartial)
}
"""Each field with its name in JSON: `from_` is only Python's way to say `from`."""
