"""Coded speech: decoded to as much as its payloads say, whatever is in them."""

import random
from collections.abc import Callable, Sequence

import pytest
from av.audio.frame import AudioFrame
from av.codec import CodecContext
from hypothesis import given, settings
from hypothesis import strategies as st

from service.simulator.speech.amr_wb import pack_aligned, pack_tightly
from service.simulator.speech.audio import join_channels
from service.simulator.speech.audio import likeness as correlation
from service.wire.audio import payload_timing
from service.wire.payload_decoder import PayloadDecoder
from tests.wire.speech import amr_wb_frames, likeness, opus_packets, spoken

BYTES_PER_MS = 32


def _amr_wb(pack: Callable[[Sequence[bytes]], bytes]) -> Callable[[], list[bytes]]:
    return lambda: [pack([frame]) for frame in amr_wb_frames("jfk")]


CODED: dict[str, tuple[str, Callable[[], list[bytes]]]] = {
    "opus": ("OPUS", opus_packets),
    "opus of 10 ms": ("OPUS", lambda: opus_packets(10)),
    "opus of 60 ms": ("OPUS", lambda: opus_packets(60)),
    "opus at 12 kbit/s": ("OPUS", lambda: opus_packets(bits_per_s=12_000)),
    "amr-wb, octet-aligned": ("AMR-WB", _amr_wb(pack_aligned)),
    "amr-wb, bandwidth-efficient": ("AMR-WB", _amr_wb(pack_tightly)),
}
either = pytest.mark.parametrize("encoding", ["OPUS", "AMR-WB"])


def size_of(encoding: str, payload: bytes) -> int:
    """Return how many bytes of samples a payload should give."""
    duration_ms = payload_timing(encoding, 16_000).read(payload).duration_ms
    return round(duration_ms * BYTES_PER_MS)


@pytest.mark.parametrize("name", CODED)
def test_speech_sounds_as_it_was_said(name: str) -> None:
    """Sample for sample but for what the codec left out and for its delay."""
    encoding, make = CODED[name]
    payloads, decoder = make(), PayloadDecoder(encoding)

    pieces = [decoder.decode(payload) for payload in payloads]

    assert [len(piece) for piece in pieces] == [size_of(encoding, each) for each in payloads]
    assert likeness(spoken()[:192_000], b"".join(pieces)[:192_000]) > 0.9
    assert decoder.bad_payloads == 0


@pytest.mark.parametrize("name", CODED)
def test_after_a_loss_it_finds_back_by_itself(name: str) -> None:
    """A fifth of a second later it sounds nearly as without a loss."""
    encoding, make = CODED[name]
    payloads, first_at = make(), 4000
    frame_ms = size_of(encoding, payloads[0]) // BYTES_PER_MS
    first = first_at // frame_ms
    before, rest = payloads[:first], payloads[first + 3 : first + 500 // frame_ms]
    whole, broken = PayloadDecoder(encoding), PayloadDecoder(encoding)
    for payload in payloads[: first + 3]:
        whole.decode(payload)
    for payload in before:
        broken.decode(payload)

    expected, found = (b"".join(map(each.decode, rest)) for each in (whole, broken))

    assert correlation(expected[200 * BYTES_PER_MS :], found[200 * BYTES_PER_MS :]) > 0.98


@either
def test_what_cannot_be_decoded_is_silence_and_counted(encoding: str) -> None:
    """Of the length that it says it has; an empty payload has none."""
    decoder = PayloadDecoder(encoding)
    payload = b"\xff\xff\xff\xff"

    assert decoder.decode(payload) == bytes(size_of(encoding, payload))
    assert decoder.decode(b"") == b""
    assert decoder.bad_payloads == 2


def test_comfort_noise_is_silent() -> None:
    """A recogniser has nothing to gain from noise that somebody made up."""
    decoder = PayloadDecoder("AMR-WB")
    frames = [frame for frame in amr_wb_frames("modes") if frame[0] in (0x4C, 0x7C)]

    decoded = [decoder.decode(pack_tightly([frame])) for frame in frames]

    assert decoded == [bytes(640)] * 25
    assert decoder.bad_payloads == 0


def test_two_channels_are_mixed_down() -> None:
    """A packet of Opus says itself how many it has."""
    encoder = CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 16_000, "stereo", "s16"
    decoder, decoded = PayloadDecoder("OPUS"), b""
    for at in range(64_000, 128_000, 640):
        frame = AudioFrame(format="s16", layout="stereo", samples=320)
        frame.sample_rate = 16_000
        frame.planes[0].update(join_channels(*[spoken()[at : at + 640]] * 2))
        decoded += b"".join(decoder.decode(bytes(packet)) for packet in encoder.encode(frame))

    assert likeness(spoken()[64_000:128_000], decoded) > 0.9


rubbish = st.binary(max_size=120)


@either
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_that_comes_stops_it(encoding: str, data: st.DataObject) -> None:
    """Rubbish, frames with bits turned over, frames cut short: each is as long as it says."""
    sound = {"OPUS": opus_packets, "AMR-WB": CODED["amr-wb, octet-aligned"][1]}[encoding]()[50:60]
    decoder = PayloadDecoder(encoding)
    for payload in data.draw(st.lists(rubbish | st.sampled_from(sound), max_size=30)):
        turned = data.draw(st.integers(0, 7))
        changed = bytes((payload[0], *payload[1:-1], payload[-1] ^ turned)) if payload else payload
        for each in (changed, changed[: data.draw(st.integers(0, 60))]):
            assert len(decoder.decode(each)) == size_of(encoding, each)


@either
def test_it_decodes_as_before_after_an_hour_of_rubbish(encoding: str) -> None:
    """Nothing of it stays in the decoder for more than a second."""
    sound = {"OPUS": opus_packets, "AMR-WB": CODED["amr-wb, octet-aligned"][1]}[encoding]()
    dice = random.Random(7)  # noqa: S311 - seeded: the same rubbish each time
    used, new = PayloadDecoder(encoding), PayloadDecoder(encoding)
    for _ in range(5000):
        payload = bytearray(dice.choice(sound))
        payload[2:] = dice.randbytes(len(payload) - 2)
        used.decode(bytes(payload))

    expected, found = (b"".join(map(each.decode, sound[:200])) for each in (new, used))

    assert likeness(expected[-64_000:], found[-64_000:]) > 0.98
