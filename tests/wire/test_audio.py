"""What is known of a media stream's audio before it is decoded."""

import math
import os
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from service.wire.audio import (
    LINEAR16,
    AudioFormat,
    Decoder,
    Resampler,
    bytes_per_s,
    carried,
    decodable,
    is_fixed_rate,
    payload_timing,
)
from tests.wire.speech import amr_wb_frames, opus_packets, spoken


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


@pytest.mark.parametrize(
    ("encoding", "sample_rate_hz", "expected"),
    [
        *(("PCMU", 8000, True), ("pcma", 8000, True), ("PCMU", 0, False)),
        *(("L16", 16_000, True), ("L16", 48_000, True), ("L16", 11_025, False)),
        *(("G722", 8000, True), ("G722", 16_000, True)),
        *(("OPUS", 8000, True), ("opus", 16_000, True), ("OPUS", 48_000, True), ("OPUS", 0, False)),
        *(("AMR-WB", 8000, True), ("AMR-WB", 16_000, True), ("AMR-WB", 48_000, False)),
        *(("G729", 8000, False), ("", 8000, False), (LINEAR16, 16_000, False)),
    ],
)
def test_what_can_be_decoded_is_known_beforehand(
    *, encoding: str, sample_rate_hz: int, expected: bool
) -> None:
    """Telnyx says the codec in `start`; others are refused there and then."""
    assert decodable(encoding, sample_rate_hz) is expected


@pytest.mark.parametrize(
    ("encoding", "channels", "expected"),
    [
        *(("PCMU", 0, False), ("PCMU", 1, True), ("PCMU", 2, False)),
        *(("OPUS", 0, False), ("OPUS", 1, True), ("OPUS", 2, True), ("OPUS", 3, False)),
        *(("AMR-WB", 1, True), ("AMR-WB", 2, False)),
    ],
)
def test_a_track_has_one_channel(*, encoding: str, channels: int, expected: bool) -> None:
    """What has two, or an unknown number of them, is no track's; packets of Opus say their own."""
    assert decodable(encoding, 16_000, channels) is expected


def test_without_the_extra_only_what_it_brings_cannot_be_decoded(tmp_path: Path) -> None:
    """Nobody is asked to install what a call in PCMU has no use for."""
    (tmp_path / "av.py").write_text("raise ImportError('not installed')")
    asked = (
        "from service.wire.audio import decodable\n"
        "codecs = 'PCMU', 'PCMA', 'G722', 'L16', 'OPUS', 'AMR-WB'\n"
        "print([codec for codec in codecs if decodable(codec, 16000)])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, check=True, text=True
    )

    assert told.stdout.strip() == "['PCMU', 'PCMA', 'G722', 'L16']"


@pytest.mark.parametrize("encoding", ["OPUS", "amr-wb"])
def test_coded_speech_goes_on_decoded(encoding: str) -> None:
    """And has a fixed rate from then on."""
    assert carried(encoding, 8000) == AudioFormat(LINEAR16, 16_000)
    assert is_fixed_rate(LINEAR16, 16_000)
    assert not is_fixed_rate(encoding, 16_000)
    assert Decoder(*carried(encoding, 8000)).decode(b"\x01\x02\x03\x04\x05") == b"\x01\x02\x03\x04"


@pytest.mark.parametrize(("encoding", "rate_hz"), [("PCMU", 8000), ("G722", 8000), ("L16", 48_000)])
def test_what_has_a_fixed_rate_goes_on_as_it_is(encoding: str, rate_hz: int) -> None:
    """Nothing is done to it that need not be done."""
    assert carried(encoding, rate_hz) == (encoding, rate_hz)


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "payload", "duration_ms"),
    [
        ("PCMU", 8000, bytes(160), 20),
        ("G722", 16_000, bytes(160), 20),
        ("L16", 16_000, bytes(640), 20),
        ("OPUS", 48_000, opus_packets(60)[9], 60),
        ("AMR-WB", 16_000, b"\xf0" + amr_wb_frames("jfk")[9], 20),
    ],
)
def test_how_long_a_payload_plays_is_known_without_decoding_it(
    encoding: str, rate_hz: int, payload: bytes, duration_ms: float
) -> None:
    """By its size, or by what is in it."""
    timing = payload_timing(encoding, rate_hz)

    assert timing.read(payload).duration_ms == pytest.approx(duration_ms)
    expected = 0 if carried(encoding, rate_hz).encoding == LINEAR16 else duration_ms / 1000
    assert timing.s_per_byte * len(payload) == pytest.approx(expected)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 16_000), (16_000, 8000), (48_000, 16_000)])
def test_a_rate_is_changed_without_seams(from_hz: int, to_hz: int) -> None:
    """Piece by piece it is what it is in one go."""
    pieces, whole = Resampler(from_hz, to_hz), Resampler(from_hz, to_hz)
    samples = spoken()[:96_000]

    changed = b"".join(pieces.convert(samples[at : at + 640]) for at in range(0, 96_000, 640))

    assert changed == whole.convert(samples)
    assert len(changed) == pytest.approx(96_000 * to_hz / from_hz, abs=8)


def test_a_lower_rate_lets_no_high_tone_come_back_as_a_low_one() -> None:
    """Of 7 kHz next to nothing is left at 8 kHz, where it would sound as 1 kHz."""
    tone = (round(8000 * math.sin(2 * math.pi * 7 / 16 * n)) for n in range(1600))

    changed = Resampler(16_000, 8000).convert(array("h", tone).tobytes())

    assert max(map(abs, array("h", changed))) < 400


def test_the_same_rate_changes_nothing() -> None:
    """Not even the object."""
    assert Resampler(8000, 8000).convert(b"\x01\x02") == b"\x01\x02"
