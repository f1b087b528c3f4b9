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


@pytest.mark.parametrize("step", [1, 7, 20, 5000])
@pytest.mark.parametrize(
    ("data", "times"),
    [
        (wav(DATA, size=100), 1),
        (wav(DATA, size=99), 1),
        (wav(DATA) + wav(DATA), 2),
        (wav(DATA, size=len(DATA) + 50) + wav(DATA), 2),
        (wav(DATA, size=0) + wav(DATA, size=0xFFFFFFFF) + wav(DATA), 3),
        (wav(DATA) + b"LIST\x04\0\0\0INFO" + wav(DATA), 2),
        (wav(DATA) + b"LIST\x03\0\0\0INF\0" + b"id3 \x02\0\0\0xx" + wav(DATA), 2),
        (b"ID3\x04\0\0\0\0\x02\x05" + bytes(261) + wav(DATA), 1),
        (wav(DATA, before=b"junk\x03\0\0\0xyz"), 1),
        (wav(DATA, before=b"junk\x03\0\0\0xyz\0"), 1),
        (b"RF64" + wav(DATA, size=0xFFFFFFFF)[4:], 1),
    ],
)
def test_all_of_it_is_heard_whatever_the_lengths_say(data: bytes, times: int, step: int) -> None:
    """The first piece's length, a header in each message, files in a row, a tag, odd chunks."""
    assert decode(data, step) == decode(wav(DATA)) * times


def test_a_long_wav_has_its_length_elsewhere() -> None:
    """What stands behind the data of an RF64 is no audio, either."""
    sizes = b"ds64\x1c\0\0\0" + struct.pack("<QQQI", 0, len(DATA), 0, 0)
    whole = b"RF64" + wav(DATA, size=0xFFFFFFFF)[4:12] + sizes + wav(DATA, size=0xFFFFFFFF)[12:]

    assert decode(whole + b"LIST\x04\0\0\0INFO") == decode(wav(DATA))


def test_one_more_wav_with_another_rate_is_refused() -> None:
    """It could only be heard too fast."""
    with pytest.raises(BadInputError, match="another sample rate"):
        decode(wav(DATA) + wav(DATA, rate_hz=16_000))


@pytest.mark.parametrize("size", [len(DATA) + 1000, len(DATA)])
def test_what_is_missing_is_told(size: int) -> None:
    """A header that promises more than there is."""
    decoder = WavDecoder()
    decoder.feed(wav(DATA, size=size))

    said = ["the audio is shorter than the WAV header says"]
    assert decoder.notes == (said if size > len(DATA) else [])


def test_a_sample_may_have_fewer_bits_than_its_bytes_hold() -> None:
    """24 bits in 32, 12 in 16, 20 in 24: they stand at the upper end."""
    values = [-(2**23), -256, 256, 2**22]
    padded = struct.pack("<4i", *(value << 8 for value in values))
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 32000, 4, 32, 22, 24, 4)
    form += struct.pack("<H", 1) + bytes(14)
    extensible = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form
    plain = wav(padded, bits=24).replace(
        struct.pack("<IHH", 24000, 3, 24), struct.pack("<IHH", 32000, 4, 24)
    )

    right = [value / 2**23 for value in values]
    assert decode(extensible + b"data\x10\0\0\0" + padded) == right
    assert decode(plain) == right
    assert decode(wav(struct.pack("<2h", 0x1230, -0x1230), bits=12).replace(
        struct.pack("<IHH", 8000, 1, 12), struct.pack("<IHH", 16000, 2, 12)
    )) == [0x1230 / 2**15, -0x1230 / 2**15]  # fmt: skip


def test_one_channel_can_be_asked_for() -> None:
    """As they are numbered, from 0."""
    decoder = WavDecoder(channel=1)

    assert decoder.feed(wav(struct.pack("<4h", 1, 2, 3, 4), channels=2)).tolist() == [
        2 / 2**15,
        4 / 2**15,
    ]
    assert decoder.channels == 2


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
