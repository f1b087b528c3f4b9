"""The audio that is yet to be sent, or may have to be sent again to a new session."""

from collections import deque
from typing import NamedTuple


class Span(NamedTuple):
    """From when to when, in milliseconds of the stream's audio."""

    start_ms: int
    end_ms: int


class Chunk(NamedTuple):
    """A piece of audio as it is kept."""

    start_ms: int
    end_ms: int
    data: bytes


class Ring:
    """Audio of one track that may still be wanted, bounded to `keep_ms`; full, the oldest goes.

    Every piece has a number, counted from the beginning of the track; each session reads on from
    the number where it is.
    """

    def __init__(self, *, keep_ms: int) -> None:
        self._chunks: deque[Chunk] = deque()
        self._keep_ms = keep_ms
        self._kept_ms = 0
        self.first = 0
        """The number of the oldest piece."""

    @property
    def end(self) -> int:
        """The number that the next piece will have."""
        return self.first + len(self._chunks)

    def append(self, chunk: Chunk) -> None:
        """Keep a piece; `drop_surplus` makes room for it."""
        self._chunks.append(chunk)
        self._kept_ms += chunk.end_ms - chunk.start_ms

    def drop_surplus(self) -> Chunk | None:
        """Drop and return the oldest piece if there is more than can be kept, else None."""
        full = self._kept_ms > self._keep_ms and len(self._chunks) > 1
        return self._drop() if full else None

    def at(self, number: int) -> Chunk | None:
        """Return the piece with this number; None where it is gone, or has not come."""
        index = number - self.first
        return self._chunks[index] if 0 <= index < len(self._chunks) else None

    def find(self, at_ms: int) -> int:
        """Return the number of the piece in which a time lies, or of the next one after it."""
        low, high = 0, len(self._chunks)
        while low < high:
            middle = (low + high) // 2
            if self._chunks[middle].end_ms > at_ms:
                high = middle
            else:
                low = middle + 1
        return self.first + low

    def release(self, until_ms: int, before: int) -> None:
        """Drop what ends by a time and has a lower number than `before`: nobody will want it."""
        while self.first < before and self._chunks and self._chunks[0].end_ms <= until_ms:
            self._drop()

    def _drop(self) -> Chunk:
        chunk = self._chunks.popleft()
        self.first += 1
        self._kept_ms -= chunk.end_ms - chunk.start_ms
        return chunk
