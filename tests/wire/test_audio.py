"""What is known of a media stream's audio before it is decoded."""

import pytest

from service.wire.audio import Decoder, bytes_per_s, decodable


@pytest.mark.parametrize(
    ("encoding", "sample_rate_hz", "expected"),
    [
        *(("PCMU", 8000, 8000), ("PCMA", 16_000, 16_000), ("pcmu", 8000, 8000)),
        *(("L16", 16_000, 32_000), ("l16", 8000, 16_000)),
        *(("G722", 16_000, 8000), ("G722", 8000, 8000)),
    ],
)
def test_a_second_of_audio_has_so_many_bytes(
    encoding: str, sample_rate_hz: int, expected: int
) -> None:
    """One a sample, two for linear; G.722 has 64 kbit/s whatever rate is said."""
    assert bytes_per_s(encoding, sample_rate_hz) == expected
    assert Decoder(encoding, sample_rate_hz).bytes_per_s == expected


@pytest.mark.parametrize(("channels", "expected"), [(0, False), (1, True), (2, False)])
def test_a_track_has_one_channel(*, channels: int, expected: bool) -> None:
    """What has two, or an unknown number of them, is not the audio of a track."""
    assert decodable("PCMU", 8000, channels) is expected
