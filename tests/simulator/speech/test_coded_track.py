"""Tracks in OPUS and AMR-WB: payload by payload, as whoever decodes them hears them."""

import pytest

from service.simulator.speech.amr_wb import find_amr_wb, pack_aligned, pack_tightly
from service.simulator.speech.audio import PCMU, RATE_HZ, SILENCE, Encoding, change_rate
from service.simulator.speech.coded_track import CodedTrack
from service.wire.audio import payload_timing
from tests.wire.speech import FIXTURES, amr_wb_frames, likeness

SPEECH = (FIXTURES / "speech" / "jfk.ulaw").read_bytes()[:32_000]
OPUS = Encoding("OPUS", 16_000, frame_ms=20)
AMR_WB = Encoding("AMR-WB", 16_000, frame_ms=20)
needs_library = pytest.mark.skipif(find_amr_wb() is None, reason="libvo-amrwbenc is not installed")
codings = pytest.mark.parametrize(
    "encoding",
    [
        OPUS,
        Encoding("OPUS", 16_000, frame_ms=60),
        pytest.param(AMR_WB, marks=needs_library),
        pytest.param(
            Encoding("AMR-WB", 16_000, frame_ms=40, octet_aligned=True), marks=needs_library
        ),
    ],
)


@codings
def test_what_is_decoded_is_what_was_said(encoding: Encoding) -> None:
    """But for what the codec leaves out; there is a little silence at the end."""
    decoded = CodedTrack(SPEECH, encoding).decoded()
    said = change_rate(PCMU.decode(SPEECH), RATE_HZ, 16_000)

    assert likeness(said, decoded) > 0.9
    assert len(decoded) // 32 == pytest.approx(4200, abs=encoding.frame_ms)


@codings
def test_every_payload_is_as_long_as_a_frame(encoding: Encoding) -> None:
    """Asked for in any order, it is the same one."""
    track, timing = CodedTrack(SPEECH, encoding), payload_timing(encoding.name, 16_000)
    late = track.payload(encoding.frame_ms * 30)
    payloads = [track.payload(start_ms) for start_ms in range(0, 4000, encoding.frame_ms)]

    assert payloads[30] == late
    assert {timing.read(payload).duration_ms for payload in payloads} == {encoding.frame_ms}


def test_after_the_talk_the_last_payload_is_sent_again() -> None:
    """It is silent, and nothing more has to be encoded for it."""
    track = CodedTrack(SPEECH, OPUS)

    assert track.payload(4180) == track.payload(3_600_000)


@needs_library
def test_a_phone_may_send_little_while_nobody_speaks() -> None:
    """A frame of comfort noise every 160 ms, and nothing between them."""
    silence = SILENCE * 16_000
    track = CodedTrack(SPEECH + silence, Encoding("AMR-WB", 16_000, frame_ms=20, dtx=True))
    sent = [bool(track.payload(start_ms)) for start_ms in range(4800, 6000, 20)]

    assert sent.count(True) == pytest.approx(60 / 8, abs=1)


@needs_library
def test_the_files_of_the_fixtures_are_what_the_encoder_gives() -> None:
    """Frame by frame."""
    track = CodedTrack((FIXTURES / "speech" / "jfk.ulaw").read_bytes(), AMR_WB)

    payloads = [track.payload(20 * number) for number in range(200)]

    assert payloads == [pack_tightly([frame]) for frame in amr_wb_frames("jfk")[:200]]


def test_frames_are_packed_in_either_shape() -> None:
    """Both are as long as RFC 4867 says: two frames of 12.65 kbit/s, 67 bytes and 66."""
    frames = amr_wb_frames("jfk")[:2]

    assert len(pack_aligned(frames)) == 1 + 2 + 2 * 32
    assert len(pack_tightly(frames)) == (4 + 2 * 6 + 2 * 253 + 7) // 8
