"""WAVs of others are read as they come, in whatever pieces."""

import struct

import pytest

from service.errors import BadInputError
from service.recording.riff import WavFormat, WavReader
from tests.recording.wavs import ramp, wav

SAMPLES = ramp(300)
ODD = b"LIST" + struct.pack("<I", 3) + b"abc\0"


def read(data: bytes, piece: int) -> tuple[WavReader, bytes]:
    """Feed a file in pieces."""
    reader = WavReader()
    came = b"".join(reader.feed(data[at : at + piece]) for at in range(0, len(data), piece))
    return reader, came


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
@pytest.mark.parametrize("before", [b"", ODD])
def test_samples_are_read_whatever_comes_before_them(piece: int, before: bytes) -> None:
    """And nothing of what comes after."""
    reader, came = read(wav(SAMPLES, before=before) + b"LIST\0\0\0\0", piece)

    assert came == SAMPLES
    assert reader.format == WavFormat("L16", 8_000, 2)
    assert reader.is_whole


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_length_may_be_missing(size: int) -> None:
    """Who writes while it goes on does not know it."""
    reader, came = read(wav(SAMPLES, size=size), 50)

    assert came == SAMPLES
    assert reader.is_whole


def test_what_is_cut_off_is_not_whole() -> None:
    """It said that there is more; or it never came to the audio."""
    assert not read(wav(SAMPLES)[:-1], 50)[0].is_whole
    assert not read(wav(SAMPLES)[:30], 50)[0].is_whole


@pytest.mark.parametrize(
    ("tag", "bits", "encoding"), [(1, 16, "L16"), (6, 8, "PCMA"), (7, 8, "PCMU")]
)
def test_formats(tag: int, bits: int, encoding: str) -> None:
    """G.711 and 16 bits, of one channel or two."""
    reader, _ = read(wav(b"abcd", tag=tag, bits=bits, channels=1, rate_hz=16_000), 99)
    assert reader.format == WavFormat(encoding, 16_000, 1)


def test_the_longer_format_says_the_same() -> None:
    """Microsoft's `WAVE_FORMAT_EXTENSIBLE`."""
    form = struct.pack("<HHIIHH", 0xFFFE, 2, 8_000, 32_000, 4, 16)
    form += struct.pack("<HHIH", 22, 16, 3, 1) + bytes(14)
    chunks = (
        b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 4) + b"abcd"
    )
    reader, came = read(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks, 99)

    assert (reader.format, came) == (WavFormat("L16", 8_000, 2), b"abcd")


@pytest.mark.parametrize(
    "data",
    [
        b"<html>nothing to hear</html>",
        b"ID3\x04" + bytes(60),
        wav(SAMPLES, bits=24),
        wav(SAMPLES, channels=6),
        wav(SAMPLES, rate_hz=1),
        b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0ab" + bytes(40),
        b"RIFF\0\0\0\0WAVELIST\0\0\0\x7f" + bytes(70_000),
    ],
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    """It is somebody's error page, another format, or never comes to its audio."""
    with pytest.raises(BadInputError):
        read(data, 100)
