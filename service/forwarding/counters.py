"""What the tee counts, for the metrics."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ForwardCounters:
    """The counters of one worker's tee."""

    webhooks: Counter[str] = field(default_factory=Counter)
    """By what became of them: `taken`, `refused` (any other 4xx), `given_up`."""
    retried: int = 0
    waiting: int = 0
    """In memory, with those that are under way."""
