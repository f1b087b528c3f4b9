"""The front end of one stream: decodes, resamples, detects speech, cuts it into segments."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from service.recogniser.audio.resampling import Resampler
from service.recogniser.audio.samples import NO_SAMPLES, AudioDecoder, Samples
from service.recogniser.models.hypothesis import TimedWord
from service.recogniser.models.vad import RATES_HZ, VoiceDetector, VoiceTrack
from service.recogniser.speech.segmenter import FRAME_S, Segment, Segmenter, UtteranceEnd


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A segment together with its audio."""

    segment: Segment
    rate_hz: int
    frames: tuple[Samples, ...]

    @property
    def samples(self) -> Samples:
        """The audio in one piece."""
        return np.concatenate(self.frames)

    @property
    def begins_s(self) -> float:
        """Seconds of the stream's audio at which the frames begin, a little before the voice."""
        return self.segment.start * FRAME_S

    @property
    def start_s(self) -> float:
        """Seconds of the stream's audio at which the voice begins."""
        return round(self.segment.voice_start * FRAME_S, 3)

    @property
    def duration_s(self) -> float:
        """Seconds from the beginning of the voice to its end."""
        return round((self.segment.voice_end - self.segment.voice_start) * FRAME_S, 3)

    @property
    def voiced_s(self) -> float:
        """Seconds in which there is a voice."""
        return self.segment.voiced * FRAME_S

    @property
    def end_s(self) -> float:
        """Seconds of the stream's audio up to which the frames go."""
        return self.segment.end * FRAME_S

    def extent_s(self, words: Sequence[TimedWord] = ()) -> tuple[float, float]:
        """Return the seconds of the stream's audio at which the voice, or its words, begin and end.

        The voice detector notices soft sounds late and leaves them early: a word that was found
        in the audio around the voice belongs to it.
        """
        start_s, end_s = self.start_s, self.start_s + self.duration_s
        if words:
            start_s, end_s = min(start_s, words[0].start_s), max(end_s, words[-1].end_s)
        return round(start_s, 3), round(end_s, 3)

    def is_same_audio(self, other: "SpeechSegment") -> bool:
        """Whether another segment of the same stream holds the same audio."""
        mine, theirs = self.segment, other.segment
        return (mine.start, mine.end) == (theirs.start, theirs.end)


@dataclass(frozen=True, slots=True)
class Capture:
    """What a piece of audio brought: the segments that ended, and the one that is growing."""

    ended: tuple[SpeechSegment | UtteranceEnd, ...]
    growing: SpeechSegment | None
    heard_s: float
    """Seconds of the stream's audio so far."""


class _Framer:
    """Cuts audio of one rate into frames: at 8 kHz as it is, everything else at 16 kHz."""

    def __init__(self, detector: VoiceDetector, rate_hz: int) -> None:
        self.rate_hz = RATES_HZ[0] if rate_hz == RATES_HZ[0] else RATES_HZ[1]
        self.track = VoiceTrack(detector, self.rate_hz)
        self._resampler = Resampler(rate_hz, self.rate_hz)
        self._rest = NO_SAMPLES

    def frames(self, samples: Samples) -> list[Samples]:
        """Return the whole frames that these samples complete."""
        audio = np.concatenate((self._rest, self._resampler.feed(samples)))
        size = self.track.frame_samples
        whole = len(audio) - len(audio) % size
        self._rest = audio[whole:]
        return [audio[at : at + size] for at in range(0, whole, size)]

    def last_frames(self) -> list[Samples]:
        """Return what was held back, filled up with silence."""
        size = self.track.frame_samples
        tail = np.concatenate((self._rest, self._resampler.flush()))
        padded = np.pad(tail, (0, -len(tail) % size))
        return [padded[at : at + size] for at in range(0, len(padded), size)]


class FrontEnd:
    """Captures the speech of one stream. Its methods block for about 0.5 % of the audio.

    They are called one at a time. It keeps at most the growing segment, 16 s.
    """

    def __init__(
        self, decoder: AudioDecoder, detector: VoiceDetector, endpointing_s: float | None
    ) -> None:
        self._decoder = decoder
        self._detector = detector
        self._segmenter = Segmenter(endpointing_s)
        self._framer: _Framer | None = None
        self._kept: deque[Samples] = deque()
        self._first_kept = 0

    def feed(self, data: bytes) -> Capture:
        """Take the next bytes, cut anywhere.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        samples = self._decoder.feed(data)
        if len(samples) == 0:
            return self._capture([])
        if self._framer is None:
            self._framer = _Framer(self._detector, self._decoder.rate_hz)
        return self._capture(self._detect(self._framer, self._framer.frames(samples)))

    def end_segment(self) -> Capture:
        """End the growing segment here; what comes next begins anew."""
        return self._capture(self._with_audio(self._segmenter.finish()))

    def close(self) -> Capture:
        """Take what is still held back, then end the growing segment."""
        ended = self._detect(self._framer, self._framer.last_frames()) if self._framer else []
        return self._capture(ended + self._with_audio(self._segmenter.finish()))

    def _detect(self, framer: _Framer, frames: list[Samples]) -> list[SpeechSegment | UtteranceEnd]:
        ended: list[SpeechSegment | UtteranceEnd] = []
        for frame in frames:
            self._kept.append(frame)
            loudness = float(np.dot(frame, frame))
            ended += self._with_audio(self._segmenter.feed(framer.track.detect(frame), loudness))
        return ended

    def _with_audio(
        self, ended: list[Segment | UtteranceEnd]
    ) -> list[SpeechSegment | UtteranceEnd]:
        found = [self._speech(item) if isinstance(item, Segment) else item for item in ended]
        while self._first_kept < self._segmenter.needs_from:
            self._kept.popleft()
            self._first_kept += 1
        return found

    def _capture(self, ended: list[SpeechSegment | UtteranceEnd]) -> Capture:
        growing = self._segmenter.open
        return Capture(
            tuple(ended),
            None if growing is None else self._speech(growing),
            round(self._segmenter.now * FRAME_S, 3),
        )

    def _speech(self, segment: Segment) -> SpeechSegment:
        rate_hz = self._framer.rate_hz if self._framer else 0
        first = self._first_kept
        frames = islice(self._kept, segment.start - first, segment.end - first)
        return SpeechSegment(segment, rate_hz, tuple(frames))
