"""Whoever counts and traces what happens. Its methods never wait and never raise."""

from typing import Literal, Protocol

from service.calls.turn import Fact
from service.ids import EndpointName
from service.ports.delivery import Delivery

AttemptResult = Literal["delivered", "failed", "refused", "gone"]
"""How one attempt ended; `failed` may be tried again."""


class Observer(Protocol):
    """Told what happened."""

    def happened(self, fact: Fact) -> None:
        """Take note of an event that was committed, or a partial that is shown."""

    def commit_took(self, duration_s: float) -> None:
        """Take note of how long one commit took, with its wait for the group's."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, result: AttemptResult, duration_s: float
    ) -> None:
        """Take note of one attempt at a delivery."""


class Unobserved:
    """An `Observer` that looks away."""

    def happened(self, fact: Fact) -> None:
        """See `Observer.happened`."""

    def commit_took(self, duration_s: float) -> None:
        """See `Observer.commit_took`."""

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, result: AttemptResult, duration_s: float
    ) -> None:
        """See `Observer.attempted`."""


UNOBSERVED: Observer = Unobserved()
"""For where nobody counts."""
