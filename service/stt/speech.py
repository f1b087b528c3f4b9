"""Voice activity by loudness: good enough to estimate the times of words that come without.

The engines behind Telnyx's WebSocket give no times. What we know is the audio we sent, and that
words come from its loud stretches.
"""

from collections import deque
from collections.abc import Iterator

from service.stt.formats import loudness
from service.stt.ring import Span

WINDOW_MS = 50
PAUSE_MS = 200
"""A shorter silence does not end a stretch of speech: there are silences within words."""
_MIN_SPEECH_MS = 100
"""Anything shorter is a click."""
_MAX_SPANS = 256
"""Stretches remembered; older ones are dropped."""

_ABOVE_FLOOR = 3
"""How much louder than the line's noise speech is."""
_MIN_FLOOR = 40.0
"""Loudness (of 32768) that the noise of a line is taken to have at least."""
_FLOOR_RISE = 1.01
"""How fast the noise floor follows a line that gets louder, each window."""


class Speech:
    """The stretches of speech of one track. Times are milliseconds of the stream's audio."""

    def __init__(self, rate_hz: int) -> None:
        self._window_bytes = rate_hz * WINDOW_MS // 1000 * 2
        self._spans: deque[list[int]] = deque(maxlen=_MAX_SPANS)
        self._floor = _MIN_FLOOR
        self._open = False

    def push(self, linear: bytes, start_ms: int) -> bool:
        """Take the next audio, as native 16-bit samples; say whether some of it was loud."""
        size, floor, loud = self._window_bytes, self._floor, False
        if self._open:
            self._close_after(start_ms)
        for offset in range(0, len(linear) - size // 2, size):
            level = loudness(linear[offset : offset + size])
            if level > floor * _ABOVE_FLOOR:
                self._mark(start_ms, start_ms + WINDOW_MS)
                floor *= _FLOOR_RISE
                loud = True
            else:
                if self._open:
                    self._close_after(start_ms + WINDOW_MS)
                floor = max(_MIN_FLOOR, min(level, floor * _FLOOR_RISE))
            start_ms += WINDOW_MS
        self._floor = floor
        return loud

    def spans(self, from_ms: int, until_ms: int) -> Iterator[Span]:
        """Yield the speech between two times, oldest first, cut to them."""
        for start_ms, end_ms in self._spans:
            if end_ms > from_ms and start_ms < until_ms and end_ms - start_ms >= _MIN_SPEECH_MS:
                yield Span(max(start_ms, from_ms), min(end_ms, until_ms))

    def between(self, from_ms: int, until_ms: int) -> int:
        """Return how much speech there is between two times, in milliseconds."""
        return sum(span.end_ms - span.start_ms for span in self.spans(from_ms, until_ms))

    def _mark(self, start_ms: int, end_ms: int) -> None:
        if self._open:
            self._spans[-1][1] = end_ms
        else:
            self._spans.append([start_ms, end_ms])
            self._open = True

    def _close_after(self, now_ms: int) -> None:
        if now_ms - self._spans[-1][1] >= PAUSE_MS:
            self._open = False
            start_ms, end_ms = self._spans[-1]
            if end_ms - start_ms < _MIN_SPEECH_MS:
                self._spans.pop()
