"""Whoever watches live, in this process: the feed."""

from collections.abc import Sequence
from typing import Protocol

from service.ports.delivery import LivePartial
from service.ports.journal import StoredEvent


class Audience(Protocol):
    """Told of every call, whatever its route's endpoints. Neither method waits or raises."""

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """Take note of the events of one commit of one call, in order."""

    def publish(self, partial: LivePartial) -> None:
        """Take a partial; it replaces the one before it of the same utterance."""
