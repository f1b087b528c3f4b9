"""How fast somebody speaks: by the texts of which it is known when they were said."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from service.stt.ring import Span

_MAX_SAMPLES = 5
_MIN_TEXT_MS = 300
"""A shorter text says nothing: it is all beginning and end."""
_MAX_PAUSE_MS = 500
"""Speech with a longer pause in it may be of more than one text."""
_SLOWEST, _FASTEST = 2.5, 0.4
_SLACK = (0.5, 0.35, 0.25, 0.15)
"""By how many texts are known: one alone may have been said in haste."""


class Pace:
    """How long this speaker's texts take beside what such texts take as a rule."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=_MAX_SAMPLES)
        self.factor = 1.0

    @property
    def slack(self) -> float:
        """How far a text may be off: nobody is known before he has spoken."""
        return _SLACK[min(len(self._samples), len(_SLACK) - 1)]

    def learn(self, usual_ms: int, spans: Sequence[Span]) -> None:
        """Learn of a text that takes `usual_ms` as a rule, if it can only be all of this speech."""
        if usual_ms < _MIN_TEXT_MS or not spans:
            return
        if any(after.start_ms - before.end_ms > _MAX_PAUSE_MS for before, after in pairwise(spans)):
            return
        said_ms = sum(span.end_ms - span.start_ms for span in spans)
        self._samples.append(bounded(said_ms / usual_ms))
        self.factor = median(self._samples)


def bounded(factor: float) -> float:
    """Return a pace within what people can do."""
    return min(max(factor, _FASTEST), _SLOWEST)
