"""The golden call, as an observer is told of it."""

from collections.abc import Iterator

from service.calls.events import Event, TranscriptPartial
from service.ports import Happening
from tests.wire import golden


def told(event: Event | TranscriptPartial, at_s: float, seq: int | None) -> Happening:
    """Return what is told of an event so many seconds after the answer."""
    return Happening(
        call_id=golden.CALL,
        event=event,
        at=golden.ANSWERED_AT + at_s,
        answered_at=golden.ANSWERED_AT,
        seq=seq,
    )


def whole_call() -> Iterator[Happening]:
    """Return all its events, in order."""
    for seq, (at_s, event) in enumerate(golden.EVENTS, start=1):
        yield told(event, at_s, seq)
