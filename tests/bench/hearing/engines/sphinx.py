"""PocketSphinx, with the model that it brings; our voice detector tells it where speech is."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

import numpy as np

from service.recogniser.audio.resampling import Resampler
from service.recogniser.audio.samples import Samples
from service.recogniser.speech.segmenter import Segment
from tests.bench.hearing.engines.following import Ear, Follower, Said, load_detector

RATE_HZ: Final = 16_000


class _Sphinx:
    def __init__(self) -> None:
        library: Any = import_module("pocketsphinx")
        self._decoder = library.Decoder(samprate=float(RATE_HZ), loglevel="FATAL")
        self._detector = load_detector()

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:  # noqa: ARG002 - it always does
        return _Track(self._decoder, Ear(self._detector, rate_hz), rate_hz)


class _Track:
    """It decodes as it hears: each stretch of speech is given to it as it grows."""

    def __init__(self, decoder: Any, ear: Ear, rate_hz: int) -> None:  # noqa: ANN401 - has no types
        self._decoder = decoder
        self._ear = ear
        self._rate_hz = rate_hz
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._given: int | None = None
        """Samples of the open stretch that it has; None while there is none."""
        self._shown = ""

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:  # noqa: ARG002
        for _, sound in self._ear.hear(samples):
            yield from self._end(sound)
        growing = self._ear.open
        if growing is not None:
            yield from self._grow(growing)

    def finish(self) -> Iterator[Said]:
        for _, sound in self._ear.finish():
            yield from self._end(sound)

    def _grow(self, growing: Segment) -> Iterator[Said]:
        self._give(self._ear.sound(growing))
        text = self._text()
        if text and text != self._shown:
            self._shown = text
            yield Said(text, is_final=False)

    def _end(self, sound: Samples) -> Iterator[Said]:
        self._give(sound)
        self._decoder.end_utt()
        self._given, self._shown = None, ""
        text = self._text()
        if text:
            yield Said(text, is_final=True)

    def _give(self, sound: Samples) -> None:
        if self._given is None:
            self._decoder.start_utt()
            self._given = 0
            self._resampler = Resampler(self._rate_hz, RATE_HZ)
        fresh = sound[self._given :]
        if len(fresh):
            self._given = len(sound)
            audio = np.clip(self._resampler.feed(fresh), -1, 1) * 32767
            self._decoder.process_raw(audio.astype("<i2").tobytes(), False, False)

    def _text(self) -> str:
        found = self._decoder.hyp()
        return found.hypstr if found else ""


def load(_: str) -> _Sphinx:
    """Load it."""
    return _Sphinx()
