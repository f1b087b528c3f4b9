"""The golden call, as an observer is told of it."""

from collections.abc import Iterator

from service.calls.events import Event, TranscriptPartial
from service.calls.turn import Fact
from tests.wire import builders as golden


def told(event: Event | TranscriptPartial, at_s: float, seq: int | None) -> Fact:
    """Return what is told of an event so many seconds after the answer."""
    return golden.fact(event, at_s, seq)


def whole_call() -> Iterator[Fact]:
    """Return all its events, in order."""
    for seq, (at_s, event) in enumerate(golden.EVENTS, start=1):
        yield told(event, at_s, seq)
