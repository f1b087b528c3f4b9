"""Files without a header: known by their names, and by nothing else."""

import tempfile

import numpy as np
import pytest
from numpy.typing import NDArray

from service.errors import BadInputError
from service.recogniser.audio.file_reader import open_file_reader
from service.recogniser.audio.raw_files import RawFile, raw_file
from service.recogniser.audio.samples import Samples
from tests.recogniser.builders import audio, pack, pcm, recording

CLIP = "austen_0920"
LENGTH_S = len(recording(CLIP)) / 8_000
GSM_FRAME = b"\xd0" + bytes(32)
"""20 ms of nothing: four bits say that it is one."""


async def read(data: bytes, name: str) -> tuple[Samples, int]:
    """Read a file of this name; return its samples and their rate."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        async with open_file_reader(file, name=name) as reader:
            parts = [reader.decoder.feed(piece) async for piece in reader.pieces()]
            return np.concatenate(parts), reader.decoder.rate_hz


def likeness(one: Samples, other: Samples) -> float:
    """Return how alike two recordings sound, as far as both go."""
    size = min(len(one), len(other))
    both: NDArray[np.float64] = np.corrcoef(one[:size], other[:size])
    return float(both[0, 1])


@pytest.mark.parametrize("name", ["call.ul", "call.ULAW", "2026.11.mu", "calls/a b.pcmu"])
async def test_a_file_of_mu_law_is_read_by_its_name(name: str) -> None:
    """Whatever is before the ending, in letters of either case."""
    samples, rate_hz = await read(recording(CLIP), name)

    assert rate_hz == 8_000
    assert np.array_equal(samples, audio(CLIP))


async def test_linear_samples_have_the_rate_that_the_name_says() -> None:
    """Asterisk writes `sln16` for 16 kHz."""
    narrow, wide = await read(pcm(CLIP, 8_000), "a.sln"), await read(pcm(CLIP, 16_000), "a.sln16")

    assert (narrow[1], wide[1]) == (8_000, 16_000)
    assert len(wide[0]) / 16_000 == pytest.approx(LENGTH_S, abs=0.01)
    assert likeness(narrow[0], audio(CLIP)) > 0.999


async def test_g722_is_read_by_its_name() -> None:
    """Its bytes say nothing of it."""
    samples, rate_hz = await read(pack(audio(CLIP), "g722"), "a.g722")

    assert rate_hz == 16_000
    assert len(samples) / rate_hz == pytest.approx(LENGTH_S, abs=0.05)


async def test_gsm_is_read_by_its_name() -> None:
    """Frames of 33 bytes; a second has fifty."""
    samples, rate_hz = await read(GSM_FRAME * 100, "voicemail.gsm")

    assert len(samples) / rate_hz == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (recording(CLIP), "call.pcm"),
        (recording(CLIP), "call"),
        (recording(CLIP), ""),
        (recording(CLIP) * 4, "call.gsm"),
        (b"", "call.ul"),
        (b"", "call.gsm"),
    ],
)
async def test_what_cannot_be_known_is_no_audio(data: bytes, name: str) -> None:
    """Nor is what is not what its name says, or nothing."""
    with pytest.raises(BadInputError):
        await read(data, name)


@pytest.mark.parametrize("container", ["wav", "mp3", "ogg", "flac", "m4a", "webm", "au", "amr"])
async def test_a_file_that_says_itself_what_it_is_may_have_any_name(container: str) -> None:
    """People rename files."""
    named, plain = [await read(pack(audio(CLIP), container), name) for name in ("a.ul", "a")]

    assert named[1] == plain[1]
    assert np.array_equal(named[0], plain[0])


def test_a_name_says_what_asterisk_means_by_it() -> None:
    """By its end; the dot is no part of that."""
    kinds = {
        end: raw_file(f"a.{end}", GSM_FRAME) for end in ("pcma", "sln44", "G729", "gsm", "vox")
    }

    assert kinds == {
        "pcma": RawFile("alaw", 8_000),
        "sln44": RawFile("linear16", 44_100),
        "G729": RawFile("g729", 8_000, is_packed=True),
        "gsm": RawFile("gsm", 8_000, is_packed=True),
        "vox": None,
    }
    assert raw_file("ul", GSM_FRAME) is None
