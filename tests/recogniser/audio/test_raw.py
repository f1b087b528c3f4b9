import struct

import numpy as np
import pytest

from service.recogniser.audio.raw import RawDecoder

SPEECH = (np.sin(np.arange(2000) / 7) * 20_000).astype("<i2")


@pytest.mark.parametrize(
    ("codec", "code", "value"),
    [
        ("mulaw", 0x00, -32124),
        ("mulaw", 0x80, 32124),
        ("mulaw", 0xFF, 0),
        ("mulaw", 0x7F, 0),
        ("alaw", 0x2A, -32256),
        ("alaw", 0xAA, 32256),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
    ],
)
def test_telephone_codes_mean_what_the_standard_says(codec: str, code: int, value: int) -> None:
    """The ends and the middle of ITU-T G.711's tables, in 16 bits."""
    samples = RawDecoder(codec, 8_000).feed(bytes([code]))

    assert samples[0] * 32768 == value


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_samples_may_be_cut_in_the_middle(step: int) -> None:
    """The bytes of one sample may come in two messages."""
    data = SPEECH.tobytes()
    decoder = RawDecoder("linear16", 8_000)

    made = np.concatenate([decoder.feed(data[at : at + step]) for at in range(0, len(data), step)])

    assert np.array_equal(made, SPEECH / np.float32(32768))


def test_linear32_is_float_and_cannot_poison_what_listens() -> None:
    """What is not a number becomes silence, what is too loud full scale."""
    data = struct.pack("<5f", 0.5, float("nan"), float("inf"), -float("inf"), 1e30)

    assert RawDecoder("linear32", 8_000).feed(data).tolist() == [0.5, 0.0, 1.0, -1.0, 1.0]


@pytest.mark.parametrize(
    ("codec", "data"),
    [
        ("uint8", bytes([192])),
        ("linear16", struct.pack("<h", 16384)),
        ("int24", bytes([0, 0, 0x40])),
        ("int32", struct.pack("<i", 1 << 30)),
        ("linear32", struct.pack("<f", 0.5)),
    ],
)
def test_half_scale_is_half_scale_in_every_codec(codec: str, data: bytes) -> None:
    """All samples come out in -1 to 1."""
    assert RawDecoder(codec, 8_000).feed(data).tolist() == [0.5]


def test_channels_are_mixed_down() -> None:
    """Two speakers on two channels are both heard."""
    data = struct.pack("<4h", 16384, 0, 0, -16384)

    assert RawDecoder("linear16", 8_000, channels=2).feed(data).tolist() == [0.25, -0.25]
