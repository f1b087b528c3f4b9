"""One stream's audio on its way into the call's file: queued on the loop, written in a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.ids import Track
from service.ports import StreamStart
from service.recording.files import open_audio
from service.recording.mixer import Mixer
from service.recording.wav import CHANNELS, HEADER_BYTES, Layout
from service.wire.audio import Decoder, little_endian

MOST_QUEUED: Final = 6_000
"""Frames kept for a disk that is slow: a minute of both tracks. What is more becomes silence."""
MOST_MS: Final = 12 * 3_600_000
"""A recording ends here, whatever the call does."""

Chunk = tuple[Track, bytes | int]
"""A frame's payload, or so many milliseconds without audio."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a tape left behind: how long the whole of it plays, and how large a WAV it is."""

    duration_ms: int
    size_bytes: int


class TapeFile:
    """The file side of a tape; lives in the writer's thread. Raises `OSError` as the disk does."""

    def __init__(
        self, path: Path, stream: StreamStart, offset_ms: int, *, key: bytes | None = None
    ) -> None:
        """Make the file, or go on with what is there; with a key it is encrypted.

        Raises:
            OSError: It cannot be opened, or holds audio of another kind or under another key.
        """
        self._decoders = {
            track: Decoder(stream.encoding, stream.sample_rate_hz) for track in CHANNELS
        }
        rate_hz = self._decoders[CHANNELS[0]].rate_hz
        self._layout = layout = Layout(stream.encoding.upper(), rate_hz)
        self._file = open_audio(path, layout, key)
        held = self._file.data_bytes // layout.block_bytes
        self._mixer = Mixer(layout, written=held, begin=layout.blocks(min(offset_ms, MOST_MS)))

    def write(self, chunks: Sequence[Chunk]) -> None:
        """Put chunks in their places; afterwards the file can be played."""
        for track, chunk in chunks:
            if isinstance(chunk, int):
                self._mixer.skip(track, chunk)
            else:
                self._mixer.place(track, self._samples(track, chunk))
            if self._mixer.due > self._layout.sample_rate_hz:
                self._put(everything=False)
        self._put(everything=False)
        self._file.flush()

    def finish(self) -> Written:
        """Write the rest, see it safely on the disk, and close."""
        try:
            self._put(everything=True)
            self._file.flush()
            self._file.sync()
            size_bytes = HEADER_BYTES + self._file.data_bytes
            return Written(self._layout.duration_ms(self._mixer.written), size_bytes)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close it as it is."""
        self._file.close()

    def _samples(self, track: Track, payload: bytes) -> bytes:
        if self._layout.coded:
            return payload
        return little_endian(self._decoders[track].decode(payload))

    def _put(self, *, everything: bool) -> None:
        if self._layout.duration_ms(self._mixer.written) >= MOST_MS:
            return
        for piece in self._mixer.take(everything=everything):
            self._file.append(piece)


class FileTape:
    """A `Tape`. The loop fills it, the writer empties it; `kick` hurries the writer."""

    def __init__(self, stream: StreamStart, kick: Callable[[], None]) -> None:
        self.closed = False
        self.dropped_frames = 0
        """What a slow disk made silence of."""
        self._bytes_per_ms = Decoder(stream.encoding, stream.sample_rate_hz).bytes_per_s / 1000
        self._queue: list[Chunk] = []
        self._missed_ms: dict[Track, float] = {}
        self._kick = kick

    def write(self, track: Track, payload: bytes) -> None:
        """See `Tape.write`."""
        if self.closed:
            return
        if len(self._queue) >= MOST_QUEUED:
            self.dropped_frames += 1
            self._miss(track, len(payload) / self._bytes_per_ms)
            return
        self._queue.append((track, payload))

    def skip(self, track: Track, duration_ms: int) -> None:
        """See `Tape.skip`."""
        if len(self._queue) >= MOST_QUEUED:
            self._miss(track, duration_ms)
        elif not self.closed:
            self._queue.append((track, duration_ms))

    def close(self) -> None:
        """See `Tape.close`."""
        if not self.closed:
            self.closed = True
            self._kick()

    def empty(self) -> list[Chunk]:
        """Hand over what is queued, and what was dropped since as time without audio."""
        chunks, self._queue = self._queue, []
        chunks += [(track, round(missed_ms)) for track, missed_ms in self._missed_ms.items()]
        self._missed_ms = {}
        return chunks

    def _miss(self, track: Track, duration_ms: float) -> None:
        self._missed_ms[track] = self._missed_ms.get(track, 0.0) + duration_ms
