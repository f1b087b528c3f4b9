"""What an Opus packet says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.opus import MAX_DURATION_MS, read_packet
from tests.wire.speech import opus_packets


@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60])
def test_a_packet_is_as_long_as_its_encoder_made_it(frame_ms: float) -> None:
    """Packets of a real encoder."""
    packets = opus_packets(frame_ms, samples=bytes(range(256)) * 250)

    assert {read_packet(packet).duration_ms for packet in packets} == {frame_ms}


@pytest.mark.parametrize(
    ("packet", "duration_ms"),
    [
        (b"\x00...", 10),  # SILK, one frame
        (b"\x79...", 40),  # hybrid, two frames of one size
        (b"\xfa...", 40),  # CELT, two frames of any size
        (b"\x83\x30..", 120),  # CELT, 48 frames of 2.5 ms
        (b"\xfb\xc6..", 120),  # CELT, six of 20 ms, with padding and sizes of their own
    ],
)
def test_the_first_bytes_say_how_many_frames_of_which_length(
    packet: bytes, duration_ms: float
) -> None:
    """RFC 6716, tables 2 and 3.2."""
    assert read_packet(packet).duration_ms == duration_ms


@pytest.mark.parametrize(
    "packet",
    [
        b"\xfb",  # says that a count follows
        b"\xfb\x00...",  # of none
        b"\xfb\x07...",  # of 140 ms
        b"\x1b\x3f...",  # of 3.78 s
    ],
)
def test_a_packet_that_cannot_be_so_long_counts_as_one_frame(packet: bytes) -> None:
    """It will be silent, and the track goes on."""
    assert read_packet(packet).duration_ms in {20, 60}


@pytest.mark.parametrize(
    ("packet", "expected"), [(b"\x78", True), (b"\x78\x00", True), (b"\x78\x00\x00", False)]
)
def test_a_packet_without_audio_says_that_nobody_speaks(*, packet: bytes, expected: bool) -> None:
    """DTX: two bytes at most."""
    assert read_packet(packet).begins_silence is expected


@given(st.binary(max_size=40))
def test_whatever_comes_has_a_length(packet: bytes) -> None:
    """None, or one that Opus has."""
    duration_ms = read_packet(packet).duration_ms

    assert 2.5 <= duration_ms <= MAX_DURATION_MS if packet else duration_ms == 0
