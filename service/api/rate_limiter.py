"""A rate limiter by token buckets, one for each name. Pure: the time is an argument."""

from collections import OrderedDict
from typing import NamedTuple


class _Level(NamedTuple):
    """How much was in a bucket at a time."""

    tokens: float
    at: float


class RateLimiter:
    """Allows each name `burst` at once and `per_s` a second after that.

    At most `max_names` names are remembered; for one more, the one that was not seen for the
    longest time is forgotten, which fills its bucket. Times are in monotonic seconds.
    """

    def __init__(self, *, per_s: float, burst: float, max_names: int = 10_000) -> None:
        self._per_s = per_s
        self._burst = burst
        self._max_names = max_names
        self._levels: OrderedDict[str, _Level] = OrderedDict()

    def wait_s(self, name: str, now: float) -> float:
        """Return how many seconds until the name has a token; 0 if it has one."""
        return max(0.0, (1.0 - self._tokens(name, now)) / self._per_s)

    def take(self, name: str, now: float) -> float:
        """Take a token of this name and return 0, or return how many seconds until it has one."""
        tokens = self._tokens(name, now)
        taken = tokens >= 1.0
        self._levels[name] = _Level(tokens - taken, now)
        self._levels.move_to_end(name)
        if len(self._levels) > self._max_names:
            self._levels.popitem(last=False)
        return 0.0 if taken else (1.0 - tokens) / self._per_s

    def _tokens(self, name: str, now: float) -> float:
        level = self._levels.get(name)
        if level is None:
            return self._burst
        return min(self._burst, level.tokens + (now - level.at) * self._per_s)
