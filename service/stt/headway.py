"""Whether sessions get on, or one after the other is lost over the same audio."""

_TRIES, _MAX_TRIES = 2, 3
"""So many sessions are sent the same audio, before the next one is sent less of it; and so many
are sent what is owed.
"""
_NEAR_MS = 500
"""What begins so near is the same audio."""


class Headway:
    """How often in a row the same audio was sent in vain. Times are milliseconds of the stream."""

    def __init__(self) -> None:
        self._start_ms: int | None = None
        self._tries = 0

    def lost(self, start_ms: int) -> None:
        """Take note that a session was lost, answers and all, that had begun there."""
        before_ms, self._start_ms = self._start_ms, start_ms
        is_same = before_ms is not None and abs(start_ms - before_ms) < _NEAR_MS
        self._tries = self._tries + 1 if is_same else 1

    def moved(self) -> None:
        """Take note that words are settled: whatever was sent was not sent in vain."""
        self._tries = 0

    def is_stuck(self, resume_ms: int, *, is_pressed: bool = False) -> bool:
        """Say whether another session from there on would be sent what several were in vain.

        Or one was: who `is_pressed` has no time to send the same twice.
        """
        tries = 1 if is_pressed else _TRIES
        return self._tries >= tries and self._is_same(resume_ms)

    def is_hopeless(self, owed_ms: int) -> bool:
        """Say whether what is owed from there on was sent often enough."""
        return self._tries >= _MAX_TRIES and self._is_same(owed_ms)

    def _is_same(self, resume_ms: int) -> bool:
        return self._start_ms is not None and resume_ms < self._start_ms + _NEAR_MS
