"""Keeping a stranger from filling the log."""

_INTERVAL_S = 60.0


class LogThrottle:
    """Says yes at most once a minute. One for each thing that is worth a line but not a flood."""

    __slots__ = ("_last_at",)

    def __init__(self) -> None:
        self._last_at = float("-inf")

    def is_due(self, now: float) -> bool:
        """Return whether a minute has passed since the last yes; `now` in seconds."""
        if now - self._last_at < _INTERVAL_S:
            return False
        self._last_at = now
        return True
