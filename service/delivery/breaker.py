"""The circuit breaker of one host. Pure: the time is an argument."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

MAX_FAILED_LANES: Final = 10
"""So many lanes in a row find the host unavailable: then it opens."""
MIN_PAUSE_S: Final = 5.0
MAX_PAUSE_S: Final = 30.0
"""A host that is there again waits for its next probe no longer than this."""


@dataclass(slots=True)
class Breaker:
    """Stops attempts at a host that is not there, and lets one at a time through as a probe.

    It counts lanes, not attempts, and only what says something of the host: that it refuses the
    connection, does not answer in time, or asks for a pause. It opens after ten lanes in a row,
    whichever endpoints they are of. It then pauses 5 s, twice as long after each failed probe, up
    to 30 s. Any answer to a record closes it, also a 500: that one is the record's business. What
    an earlier process tried in vain counts until there is news of the host. Times are in monotonic
    seconds.
    """

    open_until: float | None = None
    """When one attempt may be made; None while the breaker is closed."""
    failed_probes: int = 0
    """How many found nobody there since it opened."""
    _failed_lanes: set[Hashable] = field(default_factory=set)
    _pause_s: float = MIN_PAUSE_S
    _has_news: bool = False
    """Whether anything was heard of the host in this process."""

    @property
    def is_open(self) -> bool:
        """Whether the host is spared."""
        return self.open_until is not None

    def allows(self, now: float, *, busy: int) -> bool:
        """Say whether another attempt may begin while `busy` are on their way."""
        return self.open_until is None or (now >= self.open_until and busy == 0)

    def answered(self) -> bool:
        """Record that the host is there, whatever it says; True if this closes the breaker."""
        was_open = self.is_open
        self.open_until, self._pause_s, self.failed_probes = None, MIN_PAUSE_S, 0
        self._failed_lanes.clear()
        self._has_news = True
        return was_open

    def failed(self, now: float, lane: Hashable) -> bool:
        """Record that a lane found the host unavailable; True if this opens the breaker."""
        self._has_news = True
        self._failed_lanes.add(lane)
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

    def resume(self, now: float, lane: Hashable) -> None:
        """Learn of a lane that an earlier process tried in vain: ten have it begin with a probe.

        Its own breaker would have tried the host within half a minute. The lanes by themselves may
        not be due for hours.
        """
        if self._has_news:
            return
        self._failed_lanes.add(lane)
        if self.open_until is None and len(self._failed_lanes) >= MAX_FAILED_LANES:
            self.open_until = now

    def postpone(self, until: float) -> None:
        """Make the next probe later: nothing that may go out would be one now."""
        self.open_until = until
