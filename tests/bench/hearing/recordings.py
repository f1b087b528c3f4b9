"""What is listened to: recordings of people with the words they say, as recorded and degraded."""

import io
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np

from service.recogniser.audio.samples import Samples
from tests.bench.hearing.conditions import over_a_bad_line, over_the_phone
from tests.bench.hearing.fetching import ROOT, read_member

FIXTURES: Final = ROOT / "fixtures"
CLEAN_HZ: Final = 16_000
_LIST: Final = Path(__file__).with_name("recordings.toml")
_TWINS: Final = {"mfa_spont_25s": "mfa_spont", "sonnet1_14s": "sonnet1"}
"""Recordings of the repository that are named otherwise in `recordings.toml`."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording. `clean` is at 16 kHz, None if all there is went through a telephone."""

    name: str
    kind: str
    """`read`, `spontaneous`, or `synthetic`."""
    text: str
    phone: bytes
    """8 kHz, mu-law."""
    clean: Samples | None = None

    @property
    def noise(self) -> bytes:
        """`phone` on a bad line; the same each time."""
        return over_a_bad_line(self.phone, seed=len(self.phone))


def load_recordings() -> list[Recording]:
    """Return what was fetched, what is installed, and what is in the repository, each once."""
    found = list(_listed())
    names = {recording.name for recording in found}
    found += [recording for recording in _repository() if recording.name not in names]
    return found + list(_calls())


def seconds(recordings: Sequence[Recording]) -> float:
    """Return how long they are together."""
    return sum(len(recording.phone) for recording in recordings) / 8_000


def _listed() -> Iterator[Recording]:
    for one in tomllib.loads(_LIST.read_text())["recording"]:
        data = read_member(one["in"], one["path"])
        if data is not None:
            clean = _decode(data)
            phone = over_the_phone(clean, CLEAN_HZ)
            yield Recording(one["name"], one["kind"], one["text"], phone, clean)


def _repository() -> Iterator[Recording]:
    for path in sorted((FIXTURES / "speech").glob("*.ulaw")):
        name = _TWINS.get(path.stem, path.stem)
        kind = "spontaneous" if name.startswith("mfa") else "read"
        yield Recording(name, kind, path.with_suffix(".txt").read_text(), path.read_bytes())


def _calls() -> Iterator[Recording]:
    # Of the two calls the other is made of recordings that are in the list already.
    folder = FIXTURES / "calls"
    call = json.loads((folder / "support-call.json").read_text())
    for speaker, track in (("customer", "inbound"), ("agent", "outbound")):
        text = " ".join(turn["text"] for turn in call["script"] if turn["speaker"] == speaker)
        phone = (folder / call["tracks"][track]).read_bytes()
        yield Recording(f"support-call.{speaker}", "synthetic", text, phone)


def _decode(data: bytes) -> Samples:
    resampler = av.AudioResampler("flt", "mono", CLEAN_HZ)
    with av.open(io.BytesIO(data), "r") as file:
        pieces = [
            piece.to_ndarray()[0]
            for frame in (*file.decode(audio=0), None)
            for piece in resampler.resample(frame)
        ]
    return np.concatenate(pieces)
