"""The audio tracks of a container: which are heard, and at which time each sample belongs."""

from collections.abc import Collection, Sequence
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from service.recogniser.audio.container_writer import SAMPLE_BYTES, MessageWriter

MAX_TRACKS: Final = 16
MAX_SOURCE_RATE_HZ: Final = 400_000
TELEPHONE_HZ, WIDE_HZ = 8_000, 16_000
MAX_GAP_S: Final = 600.0
"""Of silence in the place of audio that is not there."""
MAX_LIVE_GAP_S: Final = 60.0
MIN_GAP_S: Final = 0.1
"""Less is how clocks and containers round."""
_MICROSECONDS: Final = 1_000_000
_ALTERNATIVES: Final = (
    Disposition.dub | Disposition.comment | Disposition.hearing_impaired
    | Disposition.visual_impaired | Disposition.descriptions | Disposition.karaoke
)  # fmt: skip
_FLAGS_BY_ITSELF: Final = "mov"
"""FFmpeg's muxer flags one track of each kind, whether or not the others are alternatives to it."""
_FROM_ZERO: Final = ("matroska", "mov")
"""Times of these begin with zero; elsewhere the first is whatever a clock said."""


def choose_tracks(
    container: InputContainer, writer: MessageWriter, empty: Collection[int] = ()
) -> list[AudioStream]:
    """Return the tracks that are to be heard; say which are not, and why.

    Tracks that belong together are heard together. What the file itself calls an alternative is
    not: a track without the default flag beside one that has it, and dubs, comments and the like.

    Raises:
        IndexError: There is no audio track.
    """
    full = [one for one in container.streams.audio if one.index not in empty]
    if not full:
        return [container.streams.audio[0]]
    flagged = [one for one in full if one.disposition & Disposition.default]
    plain = [one for one in full if not one.disposition & _ALTERNATIVES]
    chosen = flagged if flagged and _tells_alternatives(container, full) else plain or full
    chosen = chosen[:MAX_TRACKS]
    for number, one in enumerate(container.streams.audio, start=1):
        if one in full and one not in chosen:
            writer.note(f"track {number} is left out: it is an alternative to what is heard")
    return chosen


def _tells_alternatives(container: InputContainer, tracks: Sequence[AudioStream]) -> bool:
    languages = {one.metadata.get("language", "und") for one in tracks}
    return len(languages) > 1 or _FLAGS_BY_ITSELF not in container.format.name.split(",")


class Timeline:
    """Where times begin that all tracks of a container share, and how long a gap may be."""

    def __init__(self, start_s: float | None, max_gap_s: float) -> None:
        self.start_s = start_s
        self.max_gap_s = max_gap_s

    @classmethod
    def of(cls, container: InputContainer, *, live: bool) -> "Timeline":
        """Return that of a container; what only begins after the longest gap begins there."""
        max_gap_s = MAX_LIVE_GAP_S if live else MAX_GAP_S
        start = container.start_time
        start_s = None if start is None else start / _MICROSECONDS
        names = container.format.name.split(",")
        if any(one in names for one in _FROM_ZERO) and (start_s is None or start_s <= max_gap_s):
            start_s = 0.0
        return cls(start_s, max_gap_s)


class Track:
    """Converts a track's frames to samples of the rate and the channels that go out.

    `channel` is the one that is wanted, from 0; where the audio has no such channel any more, it
    is silence. Audio that comes later than what was before it ends has silence before it.
    """

    def __init__(
        self, number: int, writer: MessageWriter, timeline: Timeline, channel: int | None
    ) -> None:
        self._number = number
        self._writer = writer
        self._timeline = timeline
        self._channel = channel
        self._shape: tuple[str, str, int] | None = None
        self._resampler: av.AudioResampler | None = None
        self._channels = self._out_channels = 1
        self._rate_hz = 0
        self._from_s: float | None = None
        self._taken_s = 0.0

    def open(self, rate_hz: int, channels: int) -> None:
        """Say that audio of so many channels will come, at this rate; before that of any track."""
        self._rate_hz = rate_hz
        self._out_channels = channels if self._channel is None else 1
        self._writer.begin(self._number, rate_hz, self._out_channels)

    def take(self, frame: AudioFrame) -> None:
        """Write a frame's samples, with the silence before them.

        Raises:
            ValueError: There is no such sample rate.
        """
        if not 0 < frame.sample_rate <= MAX_SOURCE_RATE_HZ:
            raise ValueError("no such sample rate")
        gap_s = self._gap_before(frame)
        # radio streams change from stereo to mono in the middle
        shape = frame.format.name, frame.layout.name, frame.sample_rate
        if shape != self._shape or gap_s:
            self.end()
            self._begin(frame)
            self._shape = shape
        if gap_s:
            self._write_silence(gap_s)
        self._taken_s += frame.samples / frame.sample_rate
        frame.pts = None
        self._write(frame)
        self._writer.has_audio = True

    def end(self) -> None:
        """Write what the conversion still holds."""
        self._write(None)

    def _begin(self, frame: AudioFrame) -> None:
        self._channels = frame.layout.nb_channels
        if self._channel is None and self._channels != self._out_channels:
            self.open(self._rate_hz, self._channels)
        self._resampler = av.AudioResampler("s16", frame.layout, self._rate_hz)

    def _gap_before(self, frame: AudioFrame) -> float:
        """Return how many seconds are missing before a frame."""
        if frame.pts is None or frame.time_base is None:
            return 0.0
        at_s = float(frame.pts * frame.time_base)
        if self._from_s is None:
            start_s = self._timeline.start_s
            self._from_s = self._timeline.start_s = at_s if start_s is None else start_s
        gap_s = at_s - self._from_s - self._taken_s
        if gap_s < -self._timeline.max_gap_s or (gap_s < -1.0 and self._taken_s > 0):
            self._from_s += gap_s  # the times began anew
            return 0.0
        if gap_s < MIN_GAP_S:
            return 0.0
        kept_s = min(gap_s, self._timeline.max_gap_s)
        self._from_s += gap_s - kept_s
        lost = f"no audio from {self._taken_s:.2f} to {self._taken_s + kept_s:.2f} s"
        more = f", where {gap_s:.0f} s are missing" if kept_s < gap_s else ""
        self._writer.note(lost + more)
        return kept_s

    def _write_silence(self, gap_s: float) -> None:
        self._taken_s += gap_s
        size = round(gap_s * self._rate_hz) * self._out_channels * SAMPLE_BYTES
        self._writer.add_silence(self._number, size)

    def _write(self, frame: AudioFrame | None) -> None:
        for made in self._resampler.resample(frame) if self._resampler else ():
            self._writer.add(self._number, self._pick(made))

    def _pick(self, made: AudioFrame) -> bytes:
        interleaved = bytes(made.planes[0])[: made.samples * self._channels * SAMPLE_BYTES]
        if self._channel is None:
            return interleaved
        if self._channel >= self._channels:
            return bytes(made.samples * SAMPLE_BYTES)
        return memoryview(interleaved).cast("h")[self._channel :: self._channels].tobytes()
