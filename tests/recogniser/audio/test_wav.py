import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.recogniser.audio.wav import MAX_HEADER_BYTES, WavDecoder

DATA = (np.sin(np.arange(500) / 7) * 20_000).astype("<i2").tobytes()


def wav(
    data: bytes,
    *,
    size: int | None = None,
    code: int = 1,
    channels: int = 1,
    rate_hz: int = 8_000,
    bits: int = 16,
    before: bytes = b"",
) -> bytes:
    """Return a WAV file; `size` is what its header says, `before` are chunks before the data."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate_hz, rate_hz * block, block, bits)
    size = len(data) if size is None else size
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVE"
        b"fmt " + struct.pack("<I", len(form)) + form + before
        + b"data" + struct.pack("<I", size) + data
    )  # fmt: skip


def decode(data: bytes, step: int | None = None) -> list[float]:
    """Decode in messages of `step` bytes."""
    decoder, step = WavDecoder(), step or len(data)
    parts = [decoder.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return [float(sample) for part in parts for sample in part]


@pytest.mark.parametrize("step", [1, 2, 13, 45, 5000])
def test_the_header_may_come_in_pieces(step: int) -> None:
    """However it is cut, the samples are the same."""
    note = b"LIST" + struct.pack("<I", 5) + b"INFOx\0"

    assert decode(wav(DATA, before=note), step) == decode(wav(DATA))


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_live_stream_has_no_length(size: int) -> None:
    """What live clients write where the length should be means: until the end."""
    assert decode(wav(DATA, size=size)) == decode(wav(DATA))


def test_what_follows_the_data_is_not_audio() -> None:
    """Chunks after data of a known length are not heard as a crackle."""
    assert decode(wav(DATA, size=len(DATA)) + b"LIST" + b"x" * 100) == decode(wav(DATA))


def test_an_extensible_header_names_its_codec_further_down() -> None:
    """Some programs write plain PCM that way."""
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16000, 2, 16, 22, 16, 4)
    form += struct.pack("<H", 1) + bytes(14)
    head = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form

    assert decode(head + b"data" + struct.pack("<I", len(DATA)) + DATA) == decode(wav(DATA))


@pytest.mark.parametrize(
    "data",
    [
        b"ID3\x04 and then some mp3",
        b"RIFF\0\0\0\0AVI LIST",
        wav(DATA, code=2, bits=4),
        wav(DATA, rate_hz=4_000),
        wav(DATA, rate_hz=1_000_000),
        wav(DATA, channels=0),
        wav(DATA, channels=200),
        wav(DATA, before=b"LIST" + struct.pack("<I", MAX_HEADER_BYTES)),
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\x01\0",
    ],
)
def test_what_is_not_a_wav_we_take_is_refused(data: bytes) -> None:
    """Other containers and codecs, impossible rates and channels, headers without end."""
    with pytest.raises(BadInputError):
        decode(data)


@given(st.dictionaries(st.integers(12, 43), st.integers(0, 255)), st.integers(1, 600))
def test_no_header_can_crash_the_decoder(damage: dict[int, int], step: int) -> None:
    """A damaged header is refused, waited on, or heard as something else: never an error."""
    data = bytearray(wav(DATA))
    for at, value in damage.items():
        data[at] = value

    with suppress(BadInputError):
        assert all(-1 <= sample <= 1 for sample in decode(bytes(data), step))
