"""What is asked of every engine, and what engines that only know whole stretches need for it."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import numpy as np

from service.recogniser.audio.samples import Samples
from service.recogniser.models.vad import VoiceDetector, VoiceTrack
from service.recogniser.models.weights import find_models
from service.recogniser.speech.segmenter import FRAME_S, Segment, Segmenter

ENDPOINTING_S: Final = 0.7
FIRST_PARTIAL_S, PARTIAL_EVERY_S = 0.5, 1.0
BEHIND_S: Final = 0.1
"""Who is so far behind shows no partial."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text: a final, or a partial that the next one replaces."""

    text: str
    is_final: bool


class Follower(Protocol):
    """One track that is followed as it is spoken."""

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:
        """Take the next samples; `behind_s` is how far the engine lags behind the speaker."""

    def finish(self) -> Iterator[Said]:
        """Take it that there is nothing more."""


class Engine(Protocol):
    """A loaded engine."""

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:
        """Begin a track; an engine that shows partials anyway may ignore what is asked."""


class Ear:
    """Cuts a track into stretches of speech, as our own recogniser does."""

    def __init__(self, detector: VoiceDetector, rate_hz: int) -> None:
        self._track = VoiceTrack(detector, rate_hz)
        self._segmenter = Segmenter(ENDPOINTING_S)
        self._rest: Samples = np.zeros(0, np.float32)
        self._kept: deque[Samples] = deque()
        self._first = 0

    @property
    def open(self) -> Segment | None:
        """The stretch that is being spoken."""
        return self._segmenter.open

    def hear(self, samples: Samples) -> list[tuple[Segment, Samples]]:
        """Take samples; return the stretches that ended, with their sound."""
        audio = np.concatenate((self._rest, samples))
        size = self._track.frame_samples
        whole = len(audio) - len(audio) % size
        self._rest = audio[whole:]
        ended: list[tuple[Segment, Samples]] = []
        for at in range(0, whole, size):
            frame = audio[at : at + size]
            self._kept.append(frame)
            found = self._segmenter.feed(self._track.detect(frame), float(np.dot(frame, frame)))
            ended += [(one, self.sound(one)) for one in found if isinstance(one, Segment)]
            self._forget()
        return ended

    def finish(self) -> list[tuple[Segment, Samples]]:
        """Return the stretch that is being spoken, if any, as it is."""
        found = self._segmenter.finish()
        return [(one, self.sound(one)) for one in found if isinstance(one, Segment)]

    def sound(self, segment: Segment) -> Samples:
        """Return the samples of a stretch that has not been let go."""
        frames = islice(self._kept, segment.start - self._first, segment.end - self._first)
        return np.concatenate(list(frames))

    def _forget(self) -> None:
        while self._first < self._segmenter.needs_from:
            self._kept.popleft()
            self._first += 1


class Redecoder:
    """Follows with an engine that only knows whole stretches: partials decode all so far again."""

    def __init__(self, decode: Callable[[Samples], str], ear: Ear, *, partials: bool) -> None:
        self._decode = decode
        self._ear = ear
        self._partials = partials
        self._shown: Segment | None = None

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:
        """Decode what ended, or what goes on if it is time to."""
        for _, sound in self._ear.hear(samples):
            yield Said(self._decode(sound), is_final=True)
        growing = self._ear.open
        if self._partials and growing and behind_s < BEHIND_S and self._is_due(growing):
            self._shown = growing
            text = self._decode(self._ear.sound(growing))
            # The last word of speech that goes on may be half a word.
            yield Said(text if growing.paused else text.rpartition(" ")[0], is_final=False)

    def finish(self) -> Iterator[Said]:
        """Decode the rest."""
        for _, sound in self._ear.finish():
            yield Said(self._decode(sound), is_final=True)

    def _is_due(self, growing: Segment) -> bool:
        shown = self._shown
        if shown is not None and shown.start == growing.start:
            return (growing.end - shown.end) * FRAME_S >= PARTIAL_EVERY_S
        return (growing.end - growing.voice_start) * FRAME_S >= FIRST_PARTIAL_S


def load_detector() -> VoiceDetector:
    """Load the voice detector.

    Raises:
        SettingsError: It is not installed.
    """
    return VoiceDetector(find_models("tiny").vad)
