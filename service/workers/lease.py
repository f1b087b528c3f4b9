"""A worker's lease, by a clock that never jumps: it is over before others may think it is."""

import time
from collections.abc import Callable
from typing import Final

from service.ids import WorkerId

LEASE_S: Final = 7.0
"""How long after its last heartbeat began a worker writes, delivers and listens."""
SILENT_S: Final = 10.0
"""How long after its last heartbeat was written the others take its calls."""


class WorkerLease:
    """A `Lease`. Whoever froze finds it over at once: the clock went on.

    `ticks` are seconds that never jump, and not those of an event loop, which it remembers.
    """

    def __init__(
        self, *, life_s: float = LEASE_S, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.ticks = ticks
        self.holder: WorkerId | None = None
        """Who has it, or had it last."""
        self._life_s = life_s
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
        self._ends_at = since + self._life_s

    def end(self) -> None:
        """End it now."""
        self._ends_at = 0.0
