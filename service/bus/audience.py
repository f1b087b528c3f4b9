"""Whoever watches live, at every worker."""

from collections.abc import Sequence

from service.ports import Audience, Bus, LivePartial, StoredEvent


class AudienceEverywhere:
    """An `Audience` of those here, told directly, and of those elsewhere, over the bus."""

    def __init__(self, here: Audience, bus: Bus) -> None:
        self._here = here
        self._bus = bus

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """See `Audience.committed`."""
        self._here.committed(events)
        if events:
            self._bus.committed()

    def publish(self, partial: LivePartial) -> None:
        """See `Audience.publish`."""
        self._here.publish(partial)
        self._bus.partial(partial)
