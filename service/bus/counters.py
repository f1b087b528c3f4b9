"""What the bus counts, for the metrics."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class BusCounters:
    """The counters of one worker's bus."""

    sent: int = 0
    """Payloads."""
    received: int = 0
    """Payloads of other workers."""
    dropped: Counter[str] = field(default_factory=Counter)
    """By why. Partials: `full` and `too_large` found no room in the queue or a payload, nobody took
    those `away`. Payloads of others: those `missed` never came, `unreadable` ones are no message.
    """
    waiting: int = 0
    """Partials that wait to be sent."""
    connected: bool = False
    """Whether the others are heard."""
    server_queue: float = 0.0
    """The part of PostgreSQL's queue of notifications that is taken; 1 is full."""
