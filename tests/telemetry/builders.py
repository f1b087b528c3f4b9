"""The golden call as an observer gets it, and what it leaves behind."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.calls.events import Event, TranscriptPartial
from service.calls.turn import Fact
from service.delivery.schedule import Counters
from service.ids import EndpointName
from service.telemetry.metrics import Metrics
from tests.wire import builders as golden


def observed(event: Event | TranscriptPartial, at_s: float, seq: int | None) -> Fact:
    """Return an event as an observer gets it, so many seconds after the answer."""
    return golden.fact(event, at_s, seq)


def whole_call() -> Iterator[Fact]:
    """Return all its events, in order."""
    for seq, (at_s, event) in enumerate(golden.EVENTS, start=1):
        yield observed(event, at_s, seq)


def played() -> Metrics:
    """Return the metrics of the golden call."""
    metrics = Metrics()
    for fact in whole_call():
        metrics.happened(fact)
    metrics.happened(observed(golden.PARTIAL, 9.32, None))
    return metrics


@dataclass
class Lanes:
    """Lanes that have counted something."""

    counters: dict[EndpointName, Counters]
    behind: dict[EndpointName, int]
    failing: frozenset[EndpointName] = frozenset()
    disabled: frozenset[EndpointName] = frozenset()
