"""Token buckets: how often something may happen, by name. It is told the time."""

from collections import OrderedDict


class Buckets:
    """One bucket for each name: it holds `burst` and gets `per_s` more each second.

    At most `most` names are remembered; for one more, the one not seen for longest is forgotten,
    which fills its bucket.
    """

    def __init__(self, *, per_s: float, burst: float, most: int = 10_000) -> None:
        self._per_s = per_s
        self._burst = burst
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, name: str, now: float) -> float:
        """Return how long until there is one to take; 0 if there is. `now` in monotonic seconds."""
        return max(0.0, (1.0 - self._level(name, now)) / self._per_s)

    def take(self, name: str, now: float) -> float:
        """Take one and return 0, or return how many seconds there is none."""
        level = self._level(name, now)
        taken = level >= 1.0
        self._levels[name] = (level - taken, now)
        self._levels.move_to_end(name)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return 0.0 if taken else (1.0 - level) / self._per_s

    def _level(self, name: str, now: float) -> float:
        level, at = self._levels.get(name, (self._burst, now))
        return min(self._burst, level + (now - at) * self._per_s)
