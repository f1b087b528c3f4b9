"""How often something may happen. It is told the time."""


class RateLimiter:
    """A token bucket: `per_s` a second, of which `burst_s` seconds' worth may come at once."""

    __slots__ = ("_burst_s", "_interval_s", "_used_until")

    def __init__(self, *, per_s: float, burst_s: float) -> None:
        self._interval_s = 1 / per_s
        self._burst_s = burst_s
        self._used_until = float("-inf")

    def has_room(self, now: float) -> bool:
        """Say whether there is a token. `now` is in seconds of any steady clock."""
        return max(self._used_until, now) + self._interval_s - now <= self._burst_s

    def take(self, now: float) -> bool:
        """Take one token; False if there is none. `now` is in seconds of any steady clock."""
        used_until = self._used_until
        used_until = max(used_until, now)
        used_until += self._interval_s
        if used_until - now > self._burst_s:
            return False
        self._used_until = used_until
        return True
