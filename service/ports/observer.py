"""Whoever counts and traces what happens. Its methods never wait and never raise."""

from typing import Literal, Protocol

from service.calls.events import Event, TranscriptPartial
from service.ids import CallId, EndpointName
from service.ports.delivery import Delivery

Outcome = Literal["delivered", "failed", "refused", "gone"]
"""How one attempt ended; `failed` may be tried again."""


class Observer(Protocol):
    """Told what happened. Times named `at` are Unix seconds."""

    def happened(
        self,
        call_id: CallId,
        event: Event | TranscriptPartial,
        *,
        at: float,
        answered_at: float | None,
        seq: int | None,
    ) -> None:
        """Take note of an event that was committed, or of a partial (`seq` None) that is shown."""

    def committed(self, duration_s: float) -> None:
        """Take note of how long one commit took, with its wait for the group's."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: Outcome, duration_s: float
    ) -> None:
        """Take note of one attempt at a delivery."""


class Unobserved:
    """An `Observer` that looks away."""

    def happened(
        self,
        call_id: CallId,
        event: Event | TranscriptPartial,
        *,
        at: float,
        answered_at: float | None,
        seq: int | None,
    ) -> None:
        """See `Observer.happened`."""

    def committed(self, duration_s: float) -> None:
        """See `Observer.committed`."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: Outcome, duration_s: float
    ) -> None:
        """See `Observer.attempted`."""


UNOBSERVED: Observer = Unobserved()
"""For where nobody counts."""
