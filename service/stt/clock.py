"""From the time of one session to the time of the stream.

An engine counts from the first byte of its own session. The stream's clock runs on where frames
never came, and a new session begins in the middle of it.
"""

from bisect import bisect_left, bisect_right

_MAX_POINTS = 4096
"""Gaps that one session remembers; past that the oldest are read as if they were not there."""


class SessionClock:
    """Counts the audio of one session and maps it onto the stream, in milliseconds."""

    def __init__(self, start_ms: int) -> None:
        self.position_ms = start_ms
        """The stream's time of the last audio sent."""
        self.start_ms = start_ms
        self.sent_ms = 0
        """How much audio the session was sent."""
        self._sessions: list[int] = [0]
        self._streams: list[int] = [start_ms]

    def sent(self, start_ms: int, end_ms: int) -> None:
        """Count audio that was sent."""
        if start_ms != self.position_ms:
            self._sessions.append(self.sent_ms)
            self._streams.append(start_ms)
            if len(self._sessions) > _MAX_POINTS:
                del self._sessions[0], self._streams[0]
        self.sent_ms += end_ms - start_ms
        self.position_ms = end_ms

    def stream_ms(self, seconds: float) -> int:
        """Map when something began, in seconds of the session; never past what was sent."""
        session_ms = self._within(seconds)
        return self._map(session_ms, bisect_right(self._sessions, session_ms))

    def stream_end_ms(self, seconds: float) -> int:
        """Map when something ended: before a hole, where it ends with what was sent before that."""
        session_ms = self._within(seconds)
        return self._map(session_ms, bisect_left(self._sessions, session_ms))

    def _within(self, seconds: float) -> float:
        return min(max(seconds * 1000.0, 0.0), float(self.sent_ms))

    def _map(self, session_ms: float, point: int) -> int:
        index = max(0, point - 1)
        return min(
            self._streams[index] + round(session_ms) - self._sessions[index], self.position_ms
        )
