"""A worker's lease, by a clock that never jumps: it is over before others may think it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from service.ids import WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How soon workers miss each other, in seconds. All of a database go by the same."""

    beat_every_s: float = 2.0
    look_every_s: float = 2.0
    """How often a worker looks for those who are gone."""
    lease_s: float = 7.0
    """How long after its last heartbeat began a worker writes, delivers and listens."""
    silent_s: float = 10.0
    """How long after its last heartbeat was written the others take its calls."""


_USUAL: Final = Pace()


class WorkerLease:
    """A `Lease`. Whoever froze finds it over at once: the clock went on.

    `ticks` are seconds that never jump, and not those of an event loop, which it remembers.
    """

    def __init__(self, *, pace: Pace = _USUAL, ticks: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self.ticks = ticks
        self.holder: WorkerId | None = None
        """Who has it, or had it last."""
        self._ends_at = 0.0

    @property
    def worker(self) -> WorkerId | None:
        """Return who this worker is now; None while it has no lease."""
        return self.holder if self.left_s > 0 else None

    @property
    def left_s(self) -> float:
        """Return how long it goes on unless it is renewed."""
        return self._ends_at - self.ticks()

    def begin(self, worker: WorkerId, since: float) -> None:
        """Have it for this worker, which was registered after `since`."""
        self.holder = worker
        self.renew(since)

    def renew(self, since: float) -> None:
        """Have it go on: a heartbeat that began then was written."""
        self._ends_at = since + self.pace.lease_s

    def end(self) -> None:
        """End it now."""
        self._ends_at = 0.0
