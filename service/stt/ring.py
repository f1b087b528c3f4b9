"""The audio that is yet to be sent, or may have to be sent again to a new session."""

from collections import deque
from typing import NamedTuple


class Span(NamedTuple):
    """From when to when, in milliseconds of the stream's audio."""

    start_ms: int
    end_ms: int


class Chunk(NamedTuple):
    """A piece of audio as the engine takes it. `loud` is whether there may be speech in it."""

    start_ms: int
    end_ms: int
    data: bytes
    loud: bool


class Ring:
    """Audio of one track that no final covers yet, bounded to `keep_ms`.

    When it is full the oldest goes. If the running session was never sent it, nobody will ever
    transcribe it: it is lost. If the session was sent it, it is lost only should that session
    drop before a final covers it: `rewind` finds that out. `take_lost` says what was lost.
    """

    def __init__(self, *, keep_ms: int) -> None:
        self._chunks: deque[Chunk] = deque()
        self._keep_ms = keep_ms
        self._kept_ms = 0
        self._first = 0
        self._next = 0
        self._transcribed_ms = 0
        self._lost: list[Span] = []
        self._at_risk: list[Span] = []

    @property
    def next_ms(self) -> int | None:
        """Where the audio begins that the running session was not sent; None if it was sent all."""
        index = self._next - self._first
        return self._chunks[index].start_ms if index < len(self._chunks) else None

    def append(self, chunk: Chunk) -> None:
        """Keep a piece, at the price of the oldest when full."""
        self._chunks.append(chunk)
        self._kept_ms += chunk.end_ms - chunk.start_ms
        while self._kept_ms > self._keep_ms and len(self._chunks) > 1:
            self._evict()

    def next(self) -> Chunk | None:
        """Return the next piece for the running session, or None when it was sent all."""
        index = self._next - self._first
        if index >= len(self._chunks):
            return None
        self._next += 1
        return self._chunks[index]

    def release(self, until_ms: int) -> None:
        """Drop what was sent and ends at or before `until_ms`: no replay will want it."""
        chunks = self._chunks
        while self._first < self._next and chunks[0].end_ms <= until_ms:
            self._drop_first()
        self._at_risk = [span for span in self._at_risk if span.end_ms > until_ms]

    def rewind(self, from_ms: int, *, transcribed_ms: int) -> int:
        """Begin a new session at `from_ms` or the oldest kept after it; return where.

        What was sent after `transcribed_ms` and is no longer kept is lost.
        """
        self._transcribed_ms = transcribed_ms
        self._lose_what_was_at_risk()
        self._next = self._first
        for chunk in self._chunks:
            if chunk.end_ms > from_ms:
                return chunk.start_ms
            self._next += 1
        return from_ms

    def take_lost(self) -> list[Span]:
        """Return what was lost since the last time, oldest first."""
        lost, self._lost = self._lost, []
        return lost

    def clear(self, *, transcribed_ms: int) -> None:
        """Drop everything: all that was not transcribed is lost."""
        self._transcribed_ms = transcribed_ms
        self._lose_what_was_at_risk()
        for chunk in self._chunks:
            self._lose(chunk)
        self._first = self._next = self._first + len(self._chunks)
        self._chunks.clear()
        self._kept_ms = 0

    def _evict(self) -> None:
        chunk = self._chunks[0]
        if self._first >= self._next:
            self._next += 1
            self._lose(chunk)
        elif chunk.loud:
            _extend(self._at_risk, Span(chunk.start_ms, chunk.end_ms))
        self._drop_first()

    def _drop_first(self) -> None:
        chunk = self._chunks.popleft()
        self._first += 1
        self._kept_ms -= chunk.end_ms - chunk.start_ms

    def _lose_what_was_at_risk(self) -> None:
        for span in self._at_risk:
            self._lose(span)
        self._at_risk.clear()

    def _lose(self, span: Span | Chunk) -> None:
        if span.end_ms > self._transcribed_ms:
            start_ms = max(span.start_ms, self._transcribed_ms)
            _extend(self._lost, Span(start_ms, span.end_ms))


_MAX_SPANS = 64


def _extend(spans: list[Span], span: Span) -> None:
    """Add a span, joined to the last where it touches it, or where there are too many."""
    if spans and (spans[-1].end_ms >= span.start_ms or len(spans) >= _MAX_SPANS):
        last = spans.pop()
        span = Span(last.start_ms, max(last.end_ms, span.end_ms))
    spans.append(span)
