"""From one client's bytes to stretches of speech: decode, resample, detect, cut."""

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
class Speech:
    """A segment together with its audio."""

    segment: Segment
    rate_hz: int
    frames: tuple[Samples, ...]

    @property
    def begins_s(self) -> float:
        """Seconds of the session's audio at which the frames begin, a little before the voice."""
        return self.segment.start * FRAME_S

    @property
    def start_s(self) -> float:
        """Seconds of the session's audio at which the voice begins."""
        return round(self.segment.voice_start * FRAME_S, 3)

    @property
    def duration_s(self) -> float:
        """Seconds from the beginning of the voice to its end."""
        return round((self.segment.voice_end - self.segment.voice_start) * FRAME_S, 3)

    @property
    def end_s(self) -> float:
        """Seconds of the session's audio up to which this was heard."""
        return self.segment.end * FRAME_S

    def extent_s(self, words: Sequence[TimedWord] = ()) -> tuple[float, float]:
        """Seconds of the session's audio at which the voice, or its words, begin and end.

        The voice detector notices soft sounds late and leaves them early: a word that was found
        in the audio around the voice belongs to it.
        """
        start_s, end_s = self.start_s, self.start_s + self.duration_s
        if words:
            start_s, end_s = min(start_s, words[0].start_s), max(end_s, words[-1].end_s)
        return round(start_s, 3), round(end_s, 3)

    @property
    def span(self) -> tuple[int, int]:
        """What tells this audio from any other of the session."""
        return self.segment.start, self.segment.end


@dataclass(frozen=True, slots=True)
class Report:
    """What a piece of audio brought: what came to an end, and the speech that is going on."""

    ended: tuple[Speech | UtteranceEnd, ...]
    open: Speech | None
    heard_s: float
    """Seconds of audio of the session so far."""


class _Ear:
    """What depends on the rate: hears 8 kHz as it is, everything else at 16 kHz."""

    def __init__(self, detector: VoiceDetector, rate_hz: int) -> None:
        self.rate_hz = RATES_HZ[0] if rate_hz == RATES_HZ[0] else RATES_HZ[1]
        self.resampler = Resampler(rate_hz, self.rate_hz)
        self.track = VoiceTrack(detector, self.rate_hz)
        self.rest = NO_SAMPLES

    def frames(self, samples: Samples) -> list[Samples]:
        """Return the whole frames that these samples complete."""
        audio = np.concatenate((self.rest, self.resampler.feed(samples)))
        size = self.track.frame_samples
        whole = len(audio) - len(audio) % size
        self.rest = audio[whole:]
        return [audio[at : at + size] for at in range(0, whole, size)]

    def last_frames(self) -> list[Samples]:
        """Return what was held back, filled up with silence."""
        size = self.track.frame_samples
        tail = np.concatenate((self.rest, self.resampler.flush()))
        padded = np.pad(tail, (0, -len(tail) % size))
        return [padded[at : at + size] for at in range(0, len(padded), size)]


class Listener:
    """The ear of one session. Its methods block for about 0.5 % of the audio; one at a time.

    It keeps at most the open segment, 12 s.
    """

    def __init__(
        self, decoder: AudioDecoder, detector: VoiceDetector, endpointing_s: float | None
    ) -> None:
        self._decoder = decoder
        self._detector = detector
        self._segmenter = Segmenter(endpointing_s)
        self._ear: _Ear | None = None
        self._kept: deque[Samples] = deque()
        self._first = 0

    def feed(self, data: bytes) -> Report:
        """Hear the next bytes, cut anywhere.

        Raises:
            BadInputError: They are not the format that was announced.
        """
        samples = self._decoder.feed(data)
        if len(samples) == 0:
            return self._report([])
        if self._ear is None:
            self._ear = _Ear(self._detector, self._decoder.rate_hz)
        return self._report(self._hear(self._ear, self._ear.frames(samples)))

    def pause(self) -> Report:
        """End the speech that is going on here, and go on listening."""
        return self._report(self._with_audio(self._segmenter.finish()))

    def close(self) -> Report:
        """Hear what is still held back, then end the speech that is going on."""
        ended = self._hear(self._ear, self._ear.last_frames()) if self._ear else []
        return self._report(ended + self._with_audio(self._segmenter.finish()))

    def _hear(self, ear: _Ear, frames: list[Samples]) -> list[Speech | UtteranceEnd]:
        ended: list[Speech | UtteranceEnd] = []
        for frame in frames:
            self._kept.append(frame)
            loudness = float(np.dot(frame, frame))
            ended += self._with_audio(self._segmenter.hear(ear.track.hear(frame), loudness))
        return ended

    def _with_audio(self, ended: list[Segment | UtteranceEnd]) -> list[Speech | UtteranceEnd]:
        found = [self._speech(item) if isinstance(item, Segment) else item for item in ended]
        while self._first < self._segmenter.needs_from:
            self._kept.popleft()
            self._first += 1
        return found

    def _report(self, ended: list[Speech | UtteranceEnd]) -> Report:
        growing = self._segmenter.open
        return Report(
            tuple(ended),
            None if growing is None else self._speech(growing),
            round(self._segmenter.now * FRAME_S, 3),
        )

    def _speech(self, segment: Segment) -> Speech:
        rate_hz = self._ear.rate_hz if self._ear else 0
        frames = islice(self._kept, segment.start - self._first, segment.end - self._first)
        return Speech(segment, rate_hz, tuple(frames))
