"""Mixes two tracks into the two channels of one file, however unevenly they come."""

from collections.abc import Iterator
from typing import Final

from service.ids import Track
from service.recording.wav import CHANNELS, Layout

LAG_MS: Final = 2_000
"""How far one track may be behind the other before silence takes its place."""
_PIECE_BLOCKS: Final = 65_536


class Mixer:
    """Buffers what the slower track has not caught up with. `blocks` are samples of both channels.

    What comes for a place that is written already is dropped.
    """

    def __init__(self, layout: Layout, *, written: int, begin: int) -> None:
        """Go on after `written` blocks; the tracks begin at `begin`, or where there is room."""
        self._layout = layout
        self._window = bytearray()
        self.written = written
        """Blocks that were given out, from the start of the file."""
        self._at = dict.fromkeys(CHANNELS, max(written, begin))

    def place(self, track: Track, samples: bytes) -> None:
        """Put the next samples of a track in their place."""
        width, block = self._layout.sample_bytes, self._layout.block_bytes
        count = len(samples) // width
        begin = self._at[track]
        self._at[track] = begin + count
        missed = min(count, max(0, self.written - begin))
        if missed == count:
            return
        samples = samples[missed * width : count * width]
        begin += missed - self.written
        end = begin + len(samples) // width
        self._extend(end)
        first = begin * block + CHANNELS.index(track) * width
        for byte in range(width):
            self._window[first + byte : end * block : block] = samples[byte::width]

    def skip(self, track: Track, duration_ms: int) -> None:
        """Leave silence in a track."""
        self._at[track] += self._layout.blocks(duration_ms)

    @property
    def due(self) -> int:
        """How many blocks can be written: both tracks have them, or one is too far behind."""
        reached = max(min(self._at.values()), max(self._at.values()) - self._lag)
        return max(0, reached - self.written)

    def take(self, *, everything: bool = False) -> Iterator[bytes]:
        """Yield what is due, in pieces; with `everything` also what only one track has."""
        left = max(self._at.values()) - self.written if everything else self.due
        while left > 0:
            piece = min(left, _PIECE_BLOCKS)
            size = piece * self._layout.block_bytes
            data = bytes(self._window[:size])
            del self._window[:size]
            self.written += piece
            left -= piece
            yield data + self._layout.silence(piece - len(data) // self._layout.block_bytes)

    @property
    def _lag(self) -> int:
        return self._layout.blocks(LAG_MS)

    def _extend(self, end: int) -> None:
        missing = end - len(self._window) // self._layout.block_bytes
        if missing > 0:
            self._window += self._layout.silence(missing)
