"""What one input leads to, collected in order."""

from service.calls.commands import Command, Publish, Record
from service.calls.events import Event, TranscriptPartial
from service.calls.state import CallState


class Outbox:
    """Collects commands; gives each durable event the call's next `seq`."""

    def __init__(self, state: CallState) -> None:
        self._state = state
        self._commands: list[Command] = []

    def record(self, event: Event, occurred_at: float) -> None:
        """Add a durable event."""
        self._state.seq += 1
        self._commands.append(Record(seq=self._state.seq, occurred_at=occurred_at, event=event))

    def publish(self, partial: TranscriptPartial, occurred_at: float) -> None:
        """Add a partial."""
        self._commands.append(
            Publish(after_seq=self._state.seq, occurred_at=occurred_at, partial=partial)
        )

    def ask(self, command: Command) -> None:
        """Add a command for the runtime."""
        self._commands.append(command)

    def take(self) -> list[Command]:
        """Empty the box."""
        commands, self._commands = self._commands, []
        return commands
