"""How much an engine was sent at once, and may not have worked off yet: by the clock alone.

That is so at the beginning of a session that is sent audio again, and whenever audio came late
and all at once: after a hold-up on the way, or where this process stood still.
"""

_SPEED = 3
"""How much faster than speech an engine works off what it is sent at once, at least."""
_IN_HAND_MS = 500
"""So little is no backlog: audio comes in pieces, and these not quite in time."""


class Backlog:
    """What one session was sent faster than it was spoken. Pure: time is an argument, in seconds.

    Positions are milliseconds of the stream.
    """

    def __init__(self, now: float) -> None:
        self._at = now
        self._queue_ms = self._ahead_ms = 0.0
        self._burst_ms = 0.0
        self.burst_end_ms = 0
        """Where what was sent at once ended."""

    def sent(self, duration_ms: int, position_ms: int, now: float) -> None:
        """Take note that so much was sent, up to a position."""
        self._pass(now)
        self._queue_ms += duration_ms
        self._ahead_ms += duration_ms
        if self._ahead_ms > self._burst_ms + _IN_HAND_MS:
            self._burst_ms, self.burst_end_ms = self._ahead_ms - _IN_HAND_MS, position_ms

    def queue_ms(self, now: float) -> int:
        """Return how much of what was sent at once the engine may still have before it."""
        self._pass(now)
        return round(self._queue_ms) if self._queue_ms > _IN_HAND_MS else 0

    def ahead_ms(self, now: float) -> int:
        """Return how much more was sent than could be spoken since the session began."""
        self._pass(now)
        return round(self._ahead_ms)

    def burst_ms(self, since_ms: int, now: float) -> int:
        """Return how long before it was sent the speech of a position was said, at most."""
        self._pass(now)
        return round(self._ahead_ms) if since_ms < self.burst_end_ms else 0

    def _pass(self, now: float) -> None:
        """Let time pass: what was sent is worked off, and what was said is further back."""
        elapsed_ms, self._at = max(0.0, now - self._at) * 1000, now
        self._queue_ms = max(0.0, self._queue_ms - elapsed_ms * _SPEED)
        self._ahead_ms = max(0.0, self._ahead_ms - elapsed_ms)
