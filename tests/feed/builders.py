"""Events of calls, as the feed has them."""

from collections.abc import Mapping

import msgspec

from service.ids import CallId

A = CallId("call-a")
B = CallId("call-b")
CUSTOMER = "+13125550100"
PARTIAL = "transcript.partial"

Said = tuple[str, Mapping[str, object]]
"""An event: its type, and what matters here of its data."""


def started(number: str = CUSTOMER, *, to: str = "+13125559999") -> Said:
    """Return the beginning of a call."""
    return "call.started", {"direction": "incoming", "from": number, "to": to}


def final(name: str, text: str = "hello", role: str = "customer") -> Said:
    """Return the final of the utterance of this name."""
    return "transcript.final", {"utterance_id": name, "text": text, "role": role}


def completed() -> Said:
    """Return the end of a transcript."""
    return "transcript.completed", {"utterances": 0, "words": 0, "gaps": 0}


def body(call_id: CallId, said: Said, metadata: Mapping[str, object] | None = None) -> bytes:
    """Encode an event as it is stored."""
    kind, data = said
    when = "2026-11-22T10:00:03.120Z"
    whole = {"call_id": call_id, **data, "occurred_at": when, "metadata": metadata or {}}
    return msgspec.json.encode({"type": kind, "timestamp": when, "data": whole})
