"""Moonshine's own streaming library, which has the same tiny model as our recogniser."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from service.recogniser.audio.resampling import Resampler, resample
from service.recogniser.audio.samples import Samples
from tests.bench.hearing.engines.following import Follower, Said

RATE_HZ = 16_000


class _Native:
    def __init__(self) -> None:
        # It wants a sound card's library, for a microphone that nobody is going to use.
        sys.modules.setdefault("sounddevice", ModuleType("sounddevice"))
        library: Any = import_module("moonshine_voice")
        folder = Path(library.__file__).parent / "assets" / "tiny-en"
        self._transcriber = library.Transcriber(str(folder), library.ModelArch.TINY)

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:
        track = _Track if partials else _Whole
        return track(self._transcriber, rate_hz)


class _Whole:
    """Keeps all it hears and has it transcribed at once, which is quicker."""

    def __init__(self, transcriber: Any, rate_hz: int) -> None:  # noqa: ANN401 - has no types
        self._transcriber = transcriber
        self._rate_hz = rate_hz
        self._heard: list[Samples] = []

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:  # noqa: ARG002
        self._heard.append(samples)
        return iter(())

    def finish(self) -> Iterator[Said]:
        audio = resample(np.concatenate(self._heard), self._rate_hz, RATE_HZ)
        transcript = self._transcriber.transcribe_without_streaming(audio.tolist(), RATE_HZ)
        return iter([Said(line.text, is_final=True) for line in transcript.lines])


class _Track:
    """Its events, in its own words: a line that changed is a partial, a complete one is final."""

    def __init__(self, transcriber: Any, rate_hz: int) -> None:  # noqa: ANN401 - has no types
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._said: list[Said] = []
        self._stream = transcriber.create_stream(update_interval=0.5)
        self._stream.add_listener(self._note)
        self._stream.start()

    def hear(self, samples: Samples, *, behind_s: float) -> Iterator[Said]:  # noqa: ARG002
        self._stream.add_audio(self._resampler.feed(samples).tolist(), RATE_HZ)
        return self._take()

    def finish(self) -> Iterator[Said]:
        self._stream.stop()
        said = self._take()
        self._stream.close()
        return said

    def _note(self, event: Any) -> None:  # noqa: ANN401 - has no types
        kind = type(event).__name__
        if kind == "LineCompleted":
            self._said.append(Said(event.line.text, is_final=True))
        elif kind == "LineTextChanged" and not event.line.is_complete:
            self._said.append(Said(event.line.text, is_final=False))

    def _take(self) -> Iterator[Said]:
        said, self._said = self._said, []
        return iter(said)


def load(_: str) -> _Native:
    """Load it."""
    return _Native()
