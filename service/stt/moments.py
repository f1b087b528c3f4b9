"""Finals that come in the same moment, where nobody says when they were said, nor in what order.

An engine that gives neither times nor partials may keep a final back until the next one is said:
then two come, and the first to come is the later one. By itself it would seem to be what was said
before it. So it waits for the other one, until more audio is sent; then both are put where they fit
best, one before the other.
"""

from collections.abc import Sequence
from itertools import pairwise

from service.stt.matching import is_same, words_of
from service.stt.overlap import Emitted
from service.stt.placing import Placing
from service.stt.speech import Speech
from service.stt.stint import Arrival

_APART_MS = 500
"""Speech with a longer pause in it may be of two texts."""


class Moment:
    """Keeps a final back that may be one of two. Pure."""

    def __init__(self, speech: Speech, placing: Placing) -> None:
        self._speech = speech
        self._placing = placing
        self._held: Arrival | None = None

    @property
    def is_open(self) -> bool:
        """Whether a final waits."""
        return self._held is not None

    def take(self, at: Arrival, *, from_ms: int) -> Sequence[Arrival]:
        """Take a result; return what is to be looked at now, in the order in which it was said.

        No text of it was said before `from_ms`.
        """
        held, self._held = self._held, None
        if held is None:
            if not self._may_be_one_of_two(at, from_ms):
                return (at,)
            self._held = at
            return ()
        if not _came_together(held, at):
            return (held, at)
        return self._placing.in_order(held, at, from_ms=from_ms)

    def end(self) -> Sequence[Arrival]:
        """Return the final that waited: nothing came with it."""
        held, self._held = self._held, None
        return () if held is None else (held,)

    def _may_be_one_of_two(self, at: Arrival, from_ms: int) -> bool:
        if not _is_bare(at):
            return False
        spoken = pairwise(self._speech.spans(from_ms, at.position_ms))
        return any(after.start_ms - before.end_ms >= _APART_MS for before, after in spoken)


def is_order_unknown(at: Arrival, before: Emitted | None, came_ms: int) -> bool:
    """Say whether nobody knows which was said first: a text, or the one emitted before it.

    They came in the same moment, although nothing was sent at once, from an engine that gives
    neither times nor partials: it is late, or does not keep their order.
    """
    is_at_once = before is not None and before.sent_ms == came_ms > 0
    return is_at_once and not (at.has_partials or at.queue_ms or at.said is not None)


def _came_together(one: Arrival, other: Arrival) -> bool:
    """Say whether two finals came in the same moment, and neither says the other again."""
    is_pair = _is_bare(other) and one.position_ms == other.position_ms
    texts = (words_of(at.result.transcript or "") for at in (one, other))
    return is_pair and not is_same(*texts)


def _is_bare(at: Arrival) -> bool:
    """Say whether it is a final with nothing that says when it was said."""
    result = at.result
    is_timed = result.words or result.start_time is not None or at.said is not None
    has_text = bool(words_of(result.transcript or ""))
    return bool(result.is_final and has_text) and not (is_timed or at.has_partials or at.queue_ms)
