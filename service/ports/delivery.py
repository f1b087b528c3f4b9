"""Deliveries: what goes down the lanes, and the sinks at their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.ids import CallId, EndpointName
from service.ports.journal import StoredEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event or partial on its way to one endpoint. `body` is sent byte for byte."""

    id: str
    """`webhook-id`: the same over attempts and restarts."""
    type: str
    body: bytes
    gap_seqs: tuple[int, ...] = ()
    """Durable events of this lane that were parked just before this one."""
    attempt: int = 1
    """Which attempt at it this is."""


@dataclass(frozen=True, slots=True)
class LivePartial:
    """A partial that is shown: not durable, and worth nothing once there is a newer one."""

    call_id: CallId
    utterance_id: str
    role: str
    delivery: Delivery


class Sink(Protocol):
    """Somewhere deliveries go. Shared by every call; `deliver` may be cancelled at any await."""

    async def deliver(self, delivery: Delivery) -> int | None:
        """Make one attempt and return once the receiver has it; with its HTTP status, if any.

        Raises:
            TemporaryDeliveryError: Try again, after `retry_after_s` if it says so; as
                `HostUnavailableError` if whatever goes there would fail now.
            PermanentDeliveryError: Park it.
            EndpointGoneError: Disable the endpoint.
        """


class Lanes(Protocol):
    """The ordered queues of every call to every endpoint. No method waits."""

    def committed(self, endpoints: Sequence[EndpointName], events: Sequence[StoredEvent]) -> None:
        """Take the events of one commit, in order, into the lanes of these endpoints."""

    def publish(self, endpoints: Sequence[EndpointName], partial: LivePartial) -> None:
        """Offer a partial; it replaces a waiting one of the same utterance."""

    def forget(self, call_id: CallId) -> None:
        """Drop what waits of a call that was erased, and break off what is on its way."""

    def let_go(self, call_id: CallId) -> None:
        """Deliver nothing more of a call that is another worker's by now."""
