"""What a worker counts of its dealings with the others, for the metrics."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Why = Literal["gone", "handed_over", "audio"]
"""A call was taken because its worker was gone, gave it away, or because its audio came here."""


@dataclass(slots=True)
class WorkerCounters:
    """The counters of one process, whichever worker it is just now."""

    taken: Counter[Why] = field(default_factory=Counter)
    """Calls that became this worker's and had been another's, by why."""
    leases_lost: Counter[str] = field(default_factory=Counter)
    """By why: it had `no_heartbeat`, or was `taken_over`."""
    mail: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By whether it was `sent` or `taken`, and by what it was: a `webhook` or a `question`."""

    def took(self, why: Why, calls: int = 1) -> None:
        """Count calls that were taken."""
        self.taken[why] += calls
