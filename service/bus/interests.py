"""Who elsewhere watches which calls: partials of others need not travel."""

from collections.abc import Callable, Iterable
from typing import Final

from service.ids import CallId

REPEAT_S: Final = 10.0
"""How often each worker says what is watched there, whether that has changed or not."""
HOLDS_S: Final = 3.5 * REPEAT_S
"""For how long that holds: a worker that says nothing for so long is gone."""
MAX_WATCHED: Final = 50
"""Calls that a worker names; where more are watched, it wants those of all."""
EVERYTHING: Final = "*"

Watched = frozenset[CallId] | None
"""Calls whose partials are wanted somewhere; None for all."""


class Interests:
    """What the other workers want. Until they had time to say, they want everything."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._unknown_until: float | None = None
        self._by_worker: dict[str, tuple[float, Watched]] = {}

    def begin(self) -> None:
        """Begin to listen: what was said before may have changed since."""
        self._by_worker.clear()
        self._unknown_until = self._clock() + 2 * REPEAT_S

    def hear(self, worker: str, watching: Iterable[str]) -> None:
        """Take what a worker says of itself."""
        calls = frozenset(map(CallId, watching))
        self._by_worker.pop(worker, None)
        until, now = self._clock() + HOLDS_S, self._clock()
        self._by_worker[worker] = (until, None if EVERYTHING in calls else calls)
        while self._by_worker[oldest := next(iter(self._by_worker))][0] <= now:
            del self._by_worker[oldest]

    def wants(self, call_id: CallId) -> bool:
        """Return whether somebody elsewhere may watch a call."""
        now = self._clock()
        if self._unknown_until is None or now < self._unknown_until:
            return True
        return any(
            now < until and (calls is None or call_id in calls)
            for until, calls in self._by_worker.values()
        )


def written(watched: Watched) -> tuple[str, ...]:
    """Return what is watched as a worker says it."""
    if watched is None or len(watched) > MAX_WATCHED:
        return (EVERYTHING,)
    return tuple(sorted(watched))
