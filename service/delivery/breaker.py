"""The circuit breaker of one endpoint. Pure: the time is an argument."""

from dataclasses import dataclass, field
from typing import Final

from service.ids import CallId

MAX_FAILED_LANES: Final = 10
"""So many lanes in a row, each of another call, find the host unavailable: then it opens."""
MIN_PAUSE_S: Final = 5.0
MAX_PAUSE_S: Final = 30.0
"""A host that is there again waits for its next probe no longer than this."""
_OUTAGE_S = 5.0
"""For so long nothing arrived and something failed: what arrives next ends an outage."""


@dataclass(slots=True)
class Breaker:
    """Stops attempts at a host that is not there, and lets one at a time through as a probe.

    It counts lanes, not attempts, and only what says something of the host: that it refuses the
    connection, does not answer in time, or asks for a pause. It opens after ten lanes in a row.
    It then pauses 5 s, twice as long after each failed probe, up to 30 s. Any answer to a record
    closes it, also a 500: that one is the record's business. Times are in monotonic seconds.
    """

    open_until: float | None = None
    """When one attempt may be made; None while the breaker is closed."""
    failing_since: float | None = None
    """When the first failure after the last success was, whatever failed."""
    failed_probes: int = 0
    """How many found nobody there since it opened."""
    _failed_lanes: set[CallId] = field(default_factory=set)
    _in_a_row: int = 0
    _pause_s: float = MIN_PAUSE_S
    _arrived: bool = False

    @property
    def healthy(self) -> bool:
        """Whether the last attempt that ended arrived."""
        return self._arrived and self.failing_since is None

    def allows(self, now: float, *, busy: int) -> bool:
        """Say whether another attempt may begin while `busy` are on their way."""
        return self.open_until is None or (now >= self.open_until and busy == 0)

    def succeeded(self, now: float) -> bool:
        """Record what arrived; True if it is the first after an outage, or after the start."""
        failing_s = 0.0 if self.failing_since is None else now - self.failing_since
        recovered = not self._arrived or self.open_until is not None or failing_s >= _OUTAGE_S
        self._close()
        self._in_a_row, self.failing_since, self._arrived = 0, None, True
        return recovered

    def answered(self, now: float) -> None:
        """Record that the host is there, and failed at a record."""
        self._count(now)
        self._close()

    def failed(self, now: float, call_id: CallId) -> bool:
        """Record that a lane found the host unavailable; True if this opens the breaker."""
        self._count(now)
        self._failed_lanes.add(call_id)
        if self.open_until is not None:
            if now >= self.open_until:
                self.failed_probes += 1
                self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
                self.open_until = now + self._pause_s
            return False
        if len(self._failed_lanes) < MAX_FAILED_LANES:
            return False
        self.open_until = now + self._pause_s
        return True

    def reset(self) -> None:
        """Forget all failures: whoever runs the endpoint says that it is well."""
        self._close()
        self._in_a_row, self.failing_since = 0, None

    def postpone(self, until: float) -> None:
        """Make the next probe later: nothing that may go out would be one now."""
        self.open_until = until

    def failing_for_s(self, now: float) -> float:
        """Return for how many seconds every attempt has failed; 0 before ten in a row have."""
        if self.failing_since is None or self._in_a_row < MAX_FAILED_LANES:
            return 0.0
        return now - self.failing_since

    def _close(self) -> None:
        self.open_until, self._pause_s, self.failed_probes = None, MIN_PAUSE_S, 0
        self._failed_lanes.clear()

    def _count(self, now: float) -> None:
        self._in_a_row += 1
        if self.failing_since is None:
            self.failing_since = now
