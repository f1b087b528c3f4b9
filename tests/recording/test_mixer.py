"""Two tracks into two channels: in place, whatever the order and the holes."""

from hypothesis import given
from hypothesis import strategies as st

from service.ids import Track
from service.recording.mixer import LAG_MS, Mixer
from service.recording.wav import Layout

MULAW = Layout("PCMU", 8000)
PCM = Layout("L16", 8000)
SECOND = 8000


def channels(data: bytes, layout: Layout) -> tuple[bytes, bytes]:
    """Take the two channels apart."""
    width, block = layout.sample_bytes, layout.block_bytes
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    return b"".join(b[:width] for b in blocks), b"".join(b[width:] for b in blocks)


def test_tracks_lie_side_by_side() -> None:
    """Inbound is left, outbound is right."""
    mixer = Mixer(MULAW, written=0, begin=0)
    mixer.place("outbound", b"\x02" * 3)
    mixer.place("inbound", b"\x01" * 2)

    assert b"".join(mixer.take()) == b"\x01\x02\x01\x02"
    assert b"".join(mixer.take(everything=True)) == b"\xff\x02"


def test_samples_of_two_bytes_stay_together() -> None:
    """Linear audio is placed sample by sample, an odd byte is left out."""
    mixer = Mixer(PCM, written=0, begin=0)
    mixer.place("inbound", b"\x01\x11\x02\x12\x03")
    mixer.place("outbound", b"\x0a\x1a\x0b\x1b")

    assert b"".join(mixer.take()) == b"\x01\x11\x0a\x1a\x02\x12\x0b\x1b"


def test_a_track_that_says_nothing_holds_the_other_up_for_a_while_only() -> None:
    """Then silence takes its place, and what it says later for that time is dropped."""
    mixer = Mixer(MULAW, written=0, begin=0)
    mixer.place("inbound", b"\x01" * (5 * SECOND))
    written = len(b"".join(mixer.take())) // 2
    assert written == 5 * SECOND - LAG_MS * 8

    mixer.place("outbound", b"\x02" * (4 * SECOND))
    _, right = channels(b"".join(mixer.take(everything=True)), MULAW)

    assert right == b"\x02" * SECOND + b"\xff" * SECOND


def test_a_recording_goes_on_where_the_call_is() -> None:
    """Between the two streams there is silence, and nothing before the end is touched again."""
    mixer = Mixer(MULAW, written=10, begin=14)
    mixer.place("inbound", b"\x01")
    mixer.place("outbound", b"\x02")

    assert b"".join(mixer.take()) == b"\xff" * 8 + b"\x01\x02"
    assert mixer.written == 15


pieces = st.lists(
    st.tuples(st.sampled_from(("inbound", "outbound")), st.integers(0, 40), st.booleans()),
    max_size=40,
)


@given(pieces)
def test_every_sample_is_in_its_place(given_pieces: list[tuple[Track, int, bool]]) -> None:
    """Against a model: two plain lists, padded with silence."""
    mixer, model = Mixer(PCM, written=0, begin=0), {"inbound": b"", "outbound": b""}
    out = b""
    for number, (track, length, silent) in enumerate(given_pieces):
        sample = bytes((number + 1, track == "inbound"))
        if silent:
            mixer.skip(track, length)
            model[track] += b"\0\0" * (length * 8)
        else:
            mixer.place(track, sample * length)
            model[track] += sample * length
        out += b"".join(mixer.take())
    out += b"".join(mixer.take(everything=True))

    longest = max(len(samples) for samples in model.values())
    assert channels(out, PCM) == tuple(model[t].ljust(longest, b"\0") for t in model)
