"""What the bus counts, for the metrics."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Loss = Literal["full", "too_large", "away", "unreadable", "missed"]
"""Why something was dropped: the queue or a payload has no room, nobody took it, it cannot be read;
or other workers' payloads never came."""


@dataclass(slots=True)
class BusCounters:
    """The counters of one worker's bus."""

    sent: int = 0
    """Payloads."""
    received: int = 0
    """Payloads of other workers."""
    dropped: Counter[Loss] = field(default_factory=Counter)
    """Partials; of `missed` and of others' `unreadable` ones, payloads."""
    waiting: int = 0
    """Partials that wait to be sent."""
    connected: bool = False
    """Whether the others are heard."""
    server_queue: float = 0.0
    """The part of PostgreSQL's queue of notifications that is taken; 1 is full."""
