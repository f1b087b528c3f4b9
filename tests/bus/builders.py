"""Partials, small and large."""

import msgspec

from service.ids import CallId, WorkerId
from service.ports import Delivery, LivePartial

CALL = CallId("call-a")
HERE, THERE = WorkerId("worker-here"), WorkerId("worker-there")


def partial(name: str, text: str = "hel", *, utterance: str | None = None) -> LivePartial:
    """Return a partial whose delivery has this name, of an utterance of its own or of this one."""
    body = msgspec.json.encode({"type": "transcript.partial", "data": {"text": text}})
    delivery = Delivery(name, "transcript.partial", body)
    return LivePartial(CALL, utterance or f"utterance of {name}", "customer", delivery)
