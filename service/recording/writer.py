"""One stream's audio on its way into the call's file: queued on the loop, written in a thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from service.ids import Track
from service.ports import StreamStart, Verdict
from service.recording.careful import CarefulMixer
from service.recording.files import open_audio
from service.recording.mixer import Mixer
from service.recording.wav import CHANNELS, HEADER_BYTES, Layout
from service.wire.audio import Decoder, Resampler, bytes_per_s, encoder, little_endian

MAX_QUEUED_FRAMES: Final = 6_000
"""Kept for a disk that is slow: a minute of both tracks. What is more becomes silence."""
MAX_DURATION_MS: Final = 12 * 3_600_000
"""A recording ends here, whatever the call does."""


class Chunk(NamedTuple):
    """The next audio of a track: a frame's payload, or so many milliseconds without audio."""

    track: Track
    audio: bytes | int


@dataclass(frozen=True, slots=True)
class Written:
    """What a stream left behind: how long the whole recording plays, and how large a WAV it is."""

    duration_ms: int
    size_bytes: int
    silenced_ms: int = 0
    """How much of the stream was hidden, of both tracks together."""


class TrackSamples:
    """Turns the payloads of one track into samples as they lie in the file.

    What is in the file's own codec goes in as it came. Anything else is decoded, brought to the
    file's rate and, in a file of G.711, encoded again: a call may change its codec when it is
    forked anew, and its file does not.
    """

    def __init__(self, stream: StreamStart, layout: Layout) -> None:
        """Begin a track; `is_fixed_rate` says yes of its audio."""
        self._decoder = Decoder(stream.encoding, stream.sample_rate_hz)
        self._resampler = Resampler(self._decoder.rate_hz, layout.sample_rate_hz)
        came = (stream.encoding.upper(), stream.sample_rate_hz)
        self._as_it_came = layout.coded and came == (layout.encoding, layout.sample_rate_hz)
        self._encode = encoder(layout.encoding) if layout.coded else little_endian

    def place(self, payload: bytes) -> bytes:
        """Return the samples of the next payload."""
        if self._as_it_came:
            return payload
        return self._encode(self._resampler.convert(self._decoder.decode(payload)))


class FileWriter:
    """Writes chunks into the call's file. Lives in the recorder's thread; raises `OSError`."""

    def __init__(
        self,
        path: Path,
        stream: StreamStart,
        offset_ms: int,
        *,
        key: bytes | None = None,
        is_judged: bool = False,
    ) -> None:
        """Make the file, or go on with what is there; with a key it is encrypted.

        With `is_judged` it is written as far as verdicts say what of it may be kept.

        Raises:
            OSError: It cannot be opened, is no recording, or is encrypted under another key.
        """
        rate_hz = Decoder(stream.encoding, stream.sample_rate_hz).rate_hz
        self._file = open_audio(path, Layout(stream.encoding.upper(), rate_hz), key)
        self._layout = layout = self._file.layout
        self._tracks = {track: TrackSamples(stream, layout) for track in CHANNELS}
        held = self._file.data_bytes // layout.block_bytes
        begin = layout.blocks(min(offset_ms, MAX_DURATION_MS))
        self._careful: CarefulMixer | None = None
        if is_judged:
            self._careful = CarefulMixer(layout, written=held, begin=begin)
        self._mixer = self._careful or Mixer(layout, written=held, begin=begin)

    def write(self, chunks: Sequence[Chunk | Verdict]) -> None:
        """Put chunks in their places; afterwards the file can be played."""
        for chunk in chunks:
            if isinstance(chunk, Verdict):
                if self._careful is not None:
                    self._careful.judge(chunk)
                continue
            track, audio = chunk
            if isinstance(audio, int):
                self._mixer.skip(track, audio)
            else:
                self._mixer.place(track, self._tracks[track].place(audio))
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
            silenced = 0 if self._careful is None else self._careful.silenced
            return Written(
                self._layout.duration_ms(self._mixer.written),
                size_bytes,
                self._layout.duration_ms(silenced),
            )
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close it as it is."""
        self._file.close()

    def _put(self, *, everything: bool) -> None:
        if self._layout.duration_ms(self._mixer.written) >= MAX_DURATION_MS:
            return
        for piece in self._mixer.take(everything=everything):
            self._file.append(piece)


class QueueWriter:
    """A `RecordingWriter`. The loop fills its queue, the recorder's thread empties it.

    At most `MAX_QUEUED_FRAMES` wait; what comes on top becomes silence of the same length.
    `hurry` has the recorder look at once.
    """

    def __init__(self, stream: StreamStart, hurry: Callable[[], None]) -> None:
        self.closed = False
        self.dropped_frames = 0
        """What a slow disk made silence of."""
        self._bytes_per_ms = bytes_per_s(stream.encoding, stream.sample_rate_hz) / 1000
        self._queue: list[Chunk | Verdict] = []
        self._missed_ms: dict[Track, float] = {}
        self._hurry = hurry

    def write(self, track: Track, payload: bytes) -> None:
        """See `RecordingWriter.write`."""
        if self.closed:
            return
        if len(self._queue) >= MAX_QUEUED_FRAMES:
            self.dropped_frames += 1
            self._miss(track, len(payload) / self._bytes_per_ms)
            return
        self._queue.append(Chunk(track, payload))

    def skip(self, track: Track, duration_ms: int) -> None:
        """See `RecordingWriter.skip`."""
        if len(self._queue) >= MAX_QUEUED_FRAMES:
            self._miss(track, duration_ms)
        elif not self.closed:
            self._queue.append(Chunk(track, duration_ms))

    def judge(self, verdict: Verdict) -> None:
        """See `RecordingWriter.judge`."""
        if not self.closed:
            self._queue.append(verdict)

    def close(self) -> None:
        """See `RecordingWriter.close`."""
        if not self.closed:
            self.closed = True
            self._hurry()

    def take(self) -> list[Chunk | Verdict]:
        """Hand over what is queued, and what was dropped since as time without audio."""
        chunks, self._queue = self._queue, []
        chunks += [Chunk(track, round(missed_ms)) for track, missed_ms in self._missed_ms.items()]
        self._missed_ms = {}
        return chunks

    def _miss(self, track: Track, duration_ms: float) -> None:
        self._missed_ms[track] = self._missed_ms.get(track, 0.0) + duration_ms
