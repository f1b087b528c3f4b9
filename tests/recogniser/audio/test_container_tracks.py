"""A container's own times, and all of its tracks."""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from service.recogniser.audio.container_messages import (
    AUDIO,
    CHANNELS,
    DONE,
    FILE_DEMUXERS,
    FORMAT,
    HEADER,
    LIVE_FLAG,
    NOTE,
)
from service.recogniser.audio.container_reader import ContainerDecoder
from service.recogniser.audio.file_reader import open_file_reader
from service.recogniser.audio.samples import NO_SAMPLES, Samples
from tests.recogniser.audio.test_container_child import read

RATE_HZ = 48_000
FRAME_S = 0.02
LOUD = 0.05


@dataclass(frozen=True)
class TrackPlan:
    """A track of a file to be made: a tone at these times, in seconds."""

    sounds: Sequence[tuple[float, float]] = ((0.0, 1.0),)
    """From and to; there is nothing in the file between them."""
    flag: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    inverted: bool = False


def made(muxer: str, *plans: TrackPlan, codec: str = "libopus", in_order: bool = True) -> bytes:
    """Return a file with these tracks, their packets in the order of time, or track after track."""
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as out:
        streams = [out.add_stream(codec, rate=RATE_HZ) for _ in plans]
        packets = []
        for stream, plan in zip(streams, plans, strict=True):
            assert isinstance(stream, av.AudioStream)
            stream.layout = "stereo" if plan.inverted else "mono"
            stream.time_base = Fraction(1, RATE_HZ)
            stream.disposition = Disposition(plan.flag)
            stream.metadata.update(plan.tags)
            size = stream.codec_context.frame_size or round(FRAME_S * RATE_HZ)
            for start_s, end_s in plan.sounds:
                for at in range(round(start_s * RATE_HZ), round(end_s * RATE_HZ), size):
                    packets += stream.encode(tone(at, size, stream, inverted=plan.inverted))
            packets += stream.encode(None)
        if in_order:
            packets.sort(key=lambda one: (one.dts or 0) * one.time_base)
        write = out.mux if in_order else out.mux_one
        for packet in packets:
            write(packet)
    return file.getvalue()


def tone(at: int, size: int, stream: av.AudioStream, *, inverted: bool) -> av.AudioFrame:
    """Return a piece of a tone that stands at its time."""
    samples = (np.sin(2 * np.pi * 440 * np.arange(at, at + size) / RATE_HZ) * 9000).astype("<i2")
    units = np.stack([samples, -samples], axis=1).reshape(1, -1) if inverted else samples[None]
    frame = av.AudioFrame.from_ndarray(units, format="s16", layout=stream.layout.name)
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
    (given,) = av.AudioResampler(stream.format.name, stream.layout.name, RATE_HZ).resample(frame)
    given.pts, given.time_base = at, Fraction(1, RATE_HZ)
    return given


@dataclass(frozen=True)
class Heard:
    """What came out of the child: samples, and what it said."""

    samples: Samples
    rate_hz: int
    notes: list[str]
    channels: int | None

    @property
    def sounds(self) -> list[tuple[float, float]]:
        """When something sounds, in tenths of a second, from and to."""
        step = self.rate_hz // 10
        loud = [
            float(np.abs(self.samples[at : at + step]).mean()) > LOUD
            for at in range(0, len(self.samples), step)
        ]
        edges = np.flatnonzero(np.diff([False, *loud, False]))
        return [(start / 10, end / 10) for start, end in edges.reshape(-1, 2).tolist()]


def assert_sounds(found: Heard, *spans: tuple[float, float]) -> None:
    """Fail unless it sounds from and to these seconds, within a frame or two."""
    assert np.ravel(found.sounds).tolist() == pytest.approx(np.ravel(spans).tolist(), abs=0.11)


def heard(data: bytes, demuxers: str = FILE_DEMUXERS, *flags: str) -> Heard:
    """Return what is heard of a file."""
    decoder, parts, notes, channels = ContainerDecoder(), [NO_SAMPLES], [], None
    for kind, body in read(data, demuxers, *flags):
        if kind in {FORMAT, AUDIO, DONE}:
            parts.append(decoder.feed(HEADER.pack(kind, len(body)) + body))
        elif kind == NOTE:
            notes.append(body.decode())
        elif kind == CHANNELS:
            channels = int.from_bytes(body, "little")
    return Heard(np.concatenate(parts), decoder.rate_hz, notes, channels)


@pytest.mark.parametrize(
    ("muxer", "codec"),
    [
        ("webm", "libopus"),
        ("matroska", "flac"),
        ("mp4", "aac"),
        ("mov", "alac"),
        ("ogg", "libopus"),
    ],
)
def test_what_stands_later_in_a_container_is_heard_later(muxer: str, codec: str) -> None:
    """A recorder's pause is silence of its length, and is named."""
    found = heard(made(muxer, TrackPlan([(0, 1), (4, 5)]), codec=codec))

    assert_sounds(found, (0, 1), (4, 5))
    (note,) = found.notes
    assert note.startswith(("no audio from 1.", "no audio from 0.9"))


def test_a_live_stream_has_its_pauses_too() -> None:
    """As a file has; and a beginning that is late."""
    found = heard(made("webm", TrackPlan([(2, 3), (5, 6)])), "matroska", LIVE_FLAG)

    assert_sounds(found, (2, 3), (5, 6))


def test_a_pause_without_end_is_cut_off_and_named() -> None:
    """Two hours of it are ten minutes, and what comes after them goes on from there."""
    found = heard(made("webm", TrackPlan([(0, 1), (7201, 7202), (7204, 7205)])))

    assert_sounds(found, (0, 1), (601, 602), (604, 605))
    assert "where 7200 s are missing" in found.notes[0]


def test_a_recording_that_was_cut_out_of_a_longer_one_begins_at_its_first_sound() -> None:
    """Its times are the longer one's."""
    found = heard(made("webm", TrackPlan([(5000, 5001)])))

    assert_sounds(found, (0, 1))
    assert found.notes == []


def test_people_on_tracks_of_their_own_are_heard_together_and_apart() -> None:
    """Also the one who begins later; each has a number of its own."""
    file = made("matroska", TrackPlan([(0, 1)]), TrackPlan([(2, 4)]))

    assert_sounds(heard(file), (0, 1), (2, 4))
    apart = [heard(file, FILE_DEMUXERS, f"--channel={number}") for number in (0, 1)]
    assert_sounds(apart[0], (0, 1))
    assert_sounds(apart[1], (2, 4))
    assert {one.channels for one in apart} == {2}


async def test_a_track_that_is_too_far_behind_is_left_out_and_named() -> None:
    """One that only comes when another has told more than a minute."""
    with tempfile.TemporaryFile() as file:
        behind = [TrackPlan([(0, 64)]), TrackPlan([(0, 3)])]
        file.write(made("matroska", *behind, in_order=False))
        file.seek(0)
        async with open_file_reader(file) as reader:
            async for piece in reader.pieces():
                reader.decoder.feed(piece)

    assert [note.split(" s are left out")[1] for note in reader.notes] == [
        ": their track is too far behind"
    ]


def test_the_tracks_of_a_film_are_heard_as_it_would_be_played() -> None:
    """One that is not the default beside one that is; dubs and comments; all of them named."""
    default, other = Disposition.default, 0
    for first, second in (
        (TrackPlan([(0, 1)], default), TrackPlan([(2, 3)], other)),
        (TrackPlan([(0, 1)]), TrackPlan([(2, 3)], Disposition.comment)),
    ):
        found = heard(made("matroska", first, second))
        assert_sounds(found, (0, 1))
        assert found.notes == ["track 2 is left out: it is an alternative to what is heard"]


def test_mp4_flags_one_track_whatever_the_others_are() -> None:
    """So they belong together, unless they have languages of their own."""
    first, second = TrackPlan([(0, 1)]), TrackPlan([(2, 3)])
    languages = [TrackPlan(one.sounds, tags={"language": tongue})
                 for one, tongue in ((first, "eng"), (second, "spa"))]  # fmt: skip

    assert_sounds(heard(made("mp4", first, second, codec="aac")), (0, 1), (2, 3))
    assert_sounds(heard(made("mp4", *languages, codec="aac")), (0, 1))


def test_a_track_without_anything_is_none() -> None:
    """It is no channel, and does not keep others from being heard."""
    file = made("matroska", TrackPlan([], Disposition.default), TrackPlan([(0, 1)]))

    assert_sounds(heard(file), (0, 1))
    assert heard(file, FILE_DEMUXERS, "--channel=0").channels == 1


def test_a_track_with_one_side_inverted_is_heard() -> None:
    """Its sides cancel each other out, but for what the codec left."""
    assert_sounds(heard(made("webm", TrackPlan(inverted=True))), (0, 1))


def test_packets_that_cannot_be_decoded_are_counted() -> None:
    """And are silence of their length."""
    whole = made("matroska", TrackPlan([(0, 4)]), codec="aac")
    damaged = bytearray(whole)
    middle = len(damaged) // 2
    damaged[middle : middle + 100] = b"\xff" * 100
    found = heard(bytes(damaged))

    assert any("cannot be decoded" in note or "no audio" in note for note in found.notes)
    assert len(found.samples) / found.rate_hz == pytest.approx(4, abs=0.15)
