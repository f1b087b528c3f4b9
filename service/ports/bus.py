"""The bus between workers of one database: partials and wake-ups, of which any may be lost."""

from typing import Protocol

from service.ids import WorkerId
from service.ports.delivery import LivePartial


class Bus(Protocol):
    """Tells the other workers what they would find out later, or never need to. Never waits.

    Nothing that must not be lost travels here: finals are read from the journal.
    """

    def partial(self, partial: LivePartial) -> None:
        """Show a partial to those who watch its call on other workers."""

    def committed(self) -> None:
        """Have the others read what is new in the journal."""

    def nudge(self, worker: WorkerId) -> None:
        """Have a worker look into its mailbox, and at which calls are still its own."""

    def offer(self) -> None:
        """Have the others look for calls that nobody owns."""


class BusListener(Protocol):
    """What a worker does about what it hears from the others. Never waits."""

    def partial(self, partial: LivePartial) -> None:
        """See `Bus.partial`."""

    def committed(self) -> None:
        """See `Bus.committed`."""

    def nudged(self) -> None:
        """See `Bus.nudge`."""

    def offered(self) -> None:
        """See `Bus.offer`."""
