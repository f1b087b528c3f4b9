"""Events of a call as its journal keeps them, and the call itself."""

from typing import Any

import msgspec

from service.ids import CallId
from service.ports import CallSummary, StoredEvent

CALL = CallId("428c31b6-7af4/../x")
STARTED_AT = 1795341597.5

SUMMARY = CallSummary(
    call_id=CALL,
    started_at=STARTED_AT,
    answered_at=STARTED_AT + 2.5,
    ended_at=STARTED_AT + 47.5,
    completed_at=STARTED_AT + 48.5,
    erased_at=None,
    direction="incoming",
    from_number="+15555550100",
    to_number="+15555550199",
    duration_ms=45_000,
    utterances=2,
    words=6,
    gaps=0,
    last_seq=2,
    metadata=b'{"queue":"bookings"}',
)


def stored(seq: int, event_type: str, **data: Any) -> StoredEvent:  # noqa: ANN401 - any JSON
    """Return an event as it is kept."""
    body = {
        "type": event_type,
        "timestamp": "2026-11-22T10:00:11.120Z",
        "data": {"call_id": CALL, "seq": seq, **data},
    }
    return StoredEvent(CALL, seq, event_type, msgspec.json.encode(body))


def final(
    seq: int,
    text: str,
    start_ms: int | None = None,
    end_ms: int | None = None,
    *,
    role: str = "customer",
    **data: Any,  # noqa: ANN401 - any JSON
) -> StoredEvent:
    """Return a final; the customer is on the inbound track, the agent on the outbound one."""
    given = {
        "utterance_id": f"utt_{seq}",
        "text": text,
        "role": role,
        "track": "outbound" if role == "agent" else "inbound",
        "leg": "v3:leg",
        "start_ms": start_ms,
        "end_ms": end_ms,
        "confidence": 0.9,
        "words": None,
    }
    return stored(seq, "transcript.final", **(given | data))
