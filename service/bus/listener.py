"""What a worker does about what it hears: the feed shows it, the rest is its mailbox's business."""

from collections.abc import Callable
from typing import Protocol

from service.ports import LivePartial


def _nothing() -> None:
    """Do nothing: there is nobody yet to tell."""


class FarAudience(Protocol):
    """Whoever watches here what happens elsewhere: the hub. Never waits."""

    def committed_elsewhere(self) -> None:
        """Look for events that other workers committed."""

    def publish(self, partial: LivePartial) -> None:
        """See `Audience.publish`."""


class WorkerListener:
    """The `BusListener` of a worker. Made before its mailbox is: `connect` tells it of that."""

    def __init__(self, audience: FarAudience) -> None:
        self._audience = audience
        self._nudged = self._offered = _nothing

    def connect(self, *, nudged: Callable[[], None], offered: Callable[[], None]) -> None:
        """Have these called from now on; call them once, for what was told before."""
        self._nudged, self._offered = nudged, offered
        nudged()
        offered()

    def partial(self, partial: LivePartial) -> None:
        """See `BusListener.partial`."""
        self._audience.publish(partial)

    def committed(self) -> None:
        """See `BusListener.committed`."""
        self._audience.committed_elsewhere()

    def nudged(self) -> None:
        """See `BusListener.nudged`."""
        self._nudged()

    def offered(self) -> None:
        """See `BusListener.offered`."""
        self._offered()
