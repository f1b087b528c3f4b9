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
        self._fillers = [False]
        """Whether what follows a point is silence in place of audio that never came."""

    def sent(self, start_ms: int, end_ms: int, *, is_filler: bool = False) -> None:
        """Count audio that was sent; a filler is silence in place of audio that never came."""
        if start_ms != self.position_ms or is_filler is not self._fillers[-1]:
            self._sessions.append(self.sent_ms)
            self._streams.append(start_ms)
            self._fillers.append(is_filler)
            if len(self._sessions) > _MAX_POINTS:
                del self._sessions[0], self._streams[0], self._fillers[0]
        self.sent_ms += end_ms - start_ms
        self.position_ms = end_ms

    def stream_ms(self, seconds: float) -> int:
        """Map when something began, in seconds of the session; never past what was sent.

        What begins in a filler began when audio came again.
        """
        session_ms = self._within(seconds)
        point = max(0, bisect_right(self._sessions, session_ms) - 1)
        if not self._fillers[point]:
            return self._map(session_ms, point)
        ends = (later for later in range(point, len(self._fillers)) if not self._fillers[later])
        later = next(ends, None)
        return self.position_ms if later is None else self._streams[later]

    def stream_end_ms(self, seconds: float) -> int:
        """Map when something ended: before a hole, where it ends with what was sent before that."""
        session_ms = self._within(seconds)
        point = max(0, bisect_left(self._sessions, session_ms) - 1)
        if not self._fillers[point]:
            return self._map(session_ms, point)
        while point and self._fillers[point - 1]:
            point -= 1
        return self._streams[point]

    def _within(self, seconds: float) -> float:
        return min(max(seconds * 1000.0, 0.0), float(self.sent_ms))

    def _map(self, session_ms: float, point: int) -> int:
        stream_ms = self._streams[point] + round(session_ms) - self._sessions[point]
        return min(stream_ms, self.position_ms)
