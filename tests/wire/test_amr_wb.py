"""AMR-WB in RTP: two shapes of payload, told apart by what fits."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.simulator.speech.amr_wb import pack_aligned, pack_tightly
from service.wire.amr_wb import FRAME_MS, MAX_FRAMES, PayloadReader
from service.wire.payload import Payload
from tests.wire.speech import amr_wb_frames

Pack = Callable[[Sequence[bytes]], bytes]
shapes = pytest.mark.parametrize("pack", [pack_aligned, pack_tightly])
COMFORT_NOISE = b"\x4c" + bytes(5)
NO_DATA = b"\x7c"


@shapes
@pytest.mark.parametrize("together", [1, 2, 3, 12])
def test_every_mode_comes_out_of_either_shape(pack: Pack, together: int) -> None:
    """As it is in a file, however many frames are in a payload."""
    frames = amr_wb_frames("modes")
    reader, found = PayloadReader(), list[bytes]()
    for at in range(0, len(frames), together):
        some = frames[at : at + together]
        payload = pack(some)
        assert reader.read(payload).duration_ms == FRAME_MS * len(some)
        found += [frame.stored for frame in reader.frames(payload)]

    assert found == frames


@shapes
def test_a_payload_in_the_sample_of_the_standard(pack: Pack) -> None:
    """One frame of 6.6 kbit/s, bit by bit as RFC 4867 draws it (§4.3.5.1, §4.4.5.1)."""
    frame = b"\x04" + bytes(range(1, 17)) + b"\x10"
    tight = int.from_bytes(frame[1:], "big") >> 4
    drawn: dict[Pack, bytes] = {
        pack_aligned: b"\xf0" + frame,
        pack_tightly: (0b1111_0_0000_1 << 134 | tight << 2).to_bytes(18, "big"),
    }

    assert pack([frame]) == drawn[pack]
    assert [each.stored for each in PayloadReader().frames(drawn[pack])] == [frame]


@pytest.mark.parametrize("first", [COMFORT_NOISE, NO_DATA])
def test_the_shape_is_found_though_the_first_payloads_fit_both(first: bytes) -> None:
    """Comfort noise has seven bytes in either; the first frame of speech settles it."""
    reader, speech = PayloadReader(), amr_wb_frames("jfk")[100]

    for frame in (first, first, speech, first, speech):
        found = reader.frames(pack_tightly([frame]))
        if frame is speech:
            assert [each.stored for each in found] == [speech]


def test_only_whole_speech_is_to_be_decoded() -> None:
    """Comfort noise and frames that were damaged or lost before they were sent are silence."""
    speech = amr_wb_frames("jfk")[100]
    damaged = bytes((speech[0] & ~4,)) + speech[1:]
    frames = PayloadReader().frames(pack_aligned([speech, damaged, COMFORT_NOISE, b"\x74"]))

    assert [frame.is_speech for frame in frames] == [True, False, False, False]


@shapes
def test_a_payload_of_nothing_but_silence_says_that_more_follows(pack: Pack) -> None:
    """One that has speech in it does not."""
    reader, speech = PayloadReader(), amr_wb_frames("jfk")[100]

    assert reader.read(pack([COMFORT_NOISE])) == Payload(20.0, begins_silence=True)
    assert reader.read(pack([COMFORT_NOISE, NO_DATA])).begins_silence
    assert not reader.read(pack([speech, COMFORT_NOISE])).begins_silence


@pytest.mark.parametrize(
    "payload",
    [
        b"\xf0",
        b"\xf0\x14" + bytes(31),  # a byte is missing
        b"\xf0\x14" + bytes(33),  # one is too many
        b"\xf0\x54" + bytes(32),  # a type that is reserved
        b"\xf0" + b"\xfc" * 400,  # 8 s of nothing in one payload
    ],
)
def test_a_broken_payload_is_one_frame_of_nothing(payload: bytes) -> None:
    """The track goes on by 20 ms."""
    reader = PayloadReader()

    assert list(reader.frames(payload)) == []
    assert reader.read(payload) == Payload(FRAME_MS)


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_whatever_comes_has_a_length(payloads: list[bytes]) -> None:
    """Also after other things came."""
    reader = PayloadReader()

    for payload in payloads:
        duration_ms = reader.read(payload).duration_ms
        assert FRAME_MS <= duration_ms <= FRAME_MS * MAX_FRAMES if payload else duration_ms == 0
