"""Keeping one kind of line from filling the log."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

PER_S: Final = 5.0
BURST: Final = 50.0
"""How many lines of one kind may come at once; then `PER_S`."""
MAX_KINDS: Final = 1_000


class _Kind:
    """The lines of one kind: how many more may come, as of when, and how many were left out."""

    __slots__ = ("at", "left_out", "room")

    def __init__(self, at: float) -> None:
        self.at, self.room, self.left_out = at, BURST, 0


class KindThrottle:
    """A token bucket for each kind of line. Any thread may use it; times are in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: OrderedDict[Hashable, _Kind] = OrderedDict()

    def take(self, kind: Hashable, now: float) -> int | None:
        """Return how many of the kind were left out before this line; None: this one is, too."""
        with self._lock:
            known = self._kinds.setdefault(kind, _Kind(now))
            self._kinds.move_to_end(kind)
            if len(self._kinds) > MAX_KINDS:
                self._kinds.popitem(last=False)
            known.room = min(BURST, known.room + max(0.0, now - known.at) * PER_S)
            known.at = now
            if known.room < 1:
                known.left_out += 1
                return None
            known.room -= 1
            left_out, known.left_out = known.left_out, 0
            return left_out
