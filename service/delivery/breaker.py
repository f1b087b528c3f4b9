"""The circuit breaker of one endpoint. Pure: the time is an argument."""

from dataclasses import dataclass

_FAILURES_IN_A_ROW = 10
_MIN_ATTEMPTS = 20
_WINDOW_S = 60.0
_MIN_PAUSE_S = 5.0
_MAX_PAUSE_S = 300.0


@dataclass(slots=True)
class Breaker:
    """Stops attempts at an endpoint that fails, and lets one at a time through as a probe.

    It opens after 10 failures in a row, or when half of at least 20 attempts of the same minute
    failed. It then pauses 5 s, twice as long after each failure while open, up to 5 minutes.
    Any success closes it. Times are in monotonic seconds.
    """

    open_until: float | None = None
    """When one attempt may be made; None while the breaker is closed."""
    failing_since: float | None = None
    """When the first failure after the last success was."""
    _in_a_row: int = 0
    _pause_s: float = _MIN_PAUSE_S
    _minute_from: float = 0.0
    _attempts: int = 0
    _failures: int = 0

    def allows(self, now: float, *, busy: int) -> bool:
        """Say whether another attempt may begin while `busy` are on their way."""
        return self.open_until is None or (now >= self.open_until and busy == 0)

    def succeeded(self, now: float) -> bool:
        """Record an answer of a receiver that works; True if this closes the breaker."""
        closed = self.open_until is not None
        if closed:
            self.open_until, self._pause_s = None, _MIN_PAUSE_S
            self._attempts = self._failures = 0
        self._in_a_row, self.failing_since = 0, None
        self._count(now, failures=0)
        return closed

    def failed(self, now: float) -> bool:
        """Record a failure; True if this opens the breaker."""
        self._in_a_row += 1
        if self.failing_since is None:
            self.failing_since = now
        self._count(now, failures=1)
        if self.open_until is not None:
            if now >= self.open_until:
                self._pause_s = min(2 * self._pause_s, _MAX_PAUSE_S)
                self.open_until = now + self._pause_s
            return False
        if self._in_a_row < _FAILURES_IN_A_ROW and not self._half_failed():
            return False
        self.open_until = now + self._pause_s
        return True

    def failing_for_s(self, now: float) -> float:
        """Return for how many seconds every attempt has failed; 0 before ten in a row have."""
        if self.failing_since is None or self._in_a_row < _FAILURES_IN_A_ROW:
            return 0.0
        return now - self.failing_since

    def _count(self, now: float, *, failures: int) -> None:
        if now - self._minute_from >= _WINDOW_S:
            self._minute_from, self._attempts, self._failures = now, 0, 0
        self._attempts += 1
        self._failures += failures

    def _half_failed(self) -> bool:
        return self._attempts >= _MIN_ATTEMPTS and 2 * self._failures >= self._attempts
