"""What a worker does about what it hears: the feed shows it, the rest is its mailbox's business."""

from typing import Protocol

from service.ports import LivePartial


class FarAudience(Protocol):
    """Whoever watches here what happens elsewhere: the hub. Never waits."""

    def committed_elsewhere(self) -> None:
        """Look for events that other workers committed."""

    def publish(self, partial: LivePartial) -> None:
        """See `Audience.publish`."""


class Colleague(Protocol):
    """Whoever works on calls here. Never waits."""

    def nudged(self) -> None:
        """See `BusListener.nudged`."""

    def offered(self) -> None:
        """See `BusListener.offered`."""


class WorkerListener:
    """The `BusListener` of a worker."""

    def __init__(self, audience: FarAudience, worker: Colleague | None = None) -> None:
        self._audience = audience
        self._worker = worker

    def partial(self, partial: LivePartial) -> None:
        """See `BusListener.partial`."""
        self._audience.publish(partial)

    def committed(self) -> None:
        """See `BusListener.committed`."""
        self._audience.committed_elsewhere()

    def nudged(self) -> None:
        """See `BusListener.nudged`."""
        if self._worker:
            self._worker.nudged()

    def offered(self) -> None:
        """See `BusListener.offered`."""
        if self._worker:
            self._worker.offered()
