"""Whoever counts and traces what happens. Its methods never wait and never raise."""

from dataclasses import dataclass
from typing import Literal, Protocol

from service.calls.events import Event, TranscriptPartial
from service.ids import CallId, EndpointName
from service.ports.delivery import Delivery

Outcome = Literal["delivered", "failed", "refused", "gone"]
"""How one attempt ended; `failed` may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that was committed, or a partial (`seq` None) that is shown. Unix seconds."""

    call_id: CallId
    seq: int | None
    event: Event | TranscriptPartial
    at: float
    answered_at: float | None


class Observer(Protocol):
    """Told what happened."""

    def happened(self, happening: Happening) -> None:
        """Take note of it."""

    def committed(self, duration_s: float) -> None:
        """Take note of how long one commit took, with its wait for the group's."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: Outcome, duration_s: float
    ) -> None:
        """Take note of one attempt at a delivery."""


class Unobserved:
    """An `Observer` that looks away."""

    def happened(self, happening: Happening) -> None:
        """See `Observer.happened`."""

    def committed(self, duration_s: float) -> None:
        """See `Observer.committed`."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: Outcome, duration_s: float
    ) -> None:
        """See `Observer.attempted`."""


UNOBSERVED: Observer = Unobserved()
"""For where nobody counts."""
