"""Frames out of order, twice, late or never: each track comes out as it was sent."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ids import Track
from service.ingress.jitter.jitter_buffer import JitterBuffer
from service.wire.media import WireNumber
from tests.ingress.peers import RecordingFeed

Counting = Literal["track", "stream", "sequence"]
COUNTINGS: list[Counting] = ["track", "stream", "sequence"]
TRACKS: tuple[Track, ...] = ("inbound", "outbound")
FRAME_S = 0.02


class Sent(NamedTuple):
    """A frame as Telnyx sent it."""

    track: Track
    payload: bytes
    chunk: WireNumber
    sequence_number: WireNumber
    at: float


def spoken(frames: int, counting: Counting = "track", *, first: int = 1) -> list[Sent]:
    """Two tracks of 20 ms frames, no two of them alike."""
    sent = []
    for nth in range(frames):
        for other, track in enumerate(TRACKS):
            count = first + (nth if counting == "track" else 2 * nth + other)
            payload = bytes([other]) + nth.to_bytes(2, "big") + bytes(157)
            chunk = None if counting == "sequence" else str(count)
            sequence = str(count) if counting == "sequence" else None
            sent.append(Sent(track, payload, chunk, sequence, (nth + 1) * FRAME_S))
    return sent


def play(
    arrivals: Iterable[tuple[float, Sent]], *, until: float = 1e3, is_fast: bool = False
) -> tuple[RecordingFeed, JitterBuffer]:
    """Hand frames in at their times, waking the buffer whenever it asked to be."""
    feed = RecordingFeed()
    buffer = JitterBuffer(feed, bytes_per_s=8000, now=0.0, is_fast=is_fast)
    wake_at: float | None = None
    for now, frame in sorted(arrivals, key=lambda arrival: arrival[0]):
        while wake_at is not None and wake_at <= now:
            wake_at = buffer.wake(wake_at)
        asked = buffer.push(
            frame.track, frame.payload, chunk=frame.chunk,
            sequence_number=frame.sequence_number, now=now,
        )  # fmt: skip
        wake_at = min((at for at in (wake_at, asked) if at is not None), default=None)
    while wake_at is not None and wake_at <= until:
        wake_at = buffer.wake(wake_at)
    return feed, buffer


def on_time(sent: Iterable[Sent]) -> list[tuple[float, Sent]]:
    """Let every frame arrive when it was sent."""
    return [(frame.at, frame) for frame in sent]


def audio_of(sent: Iterable[Sent], track: Track) -> list[bytes]:
    """Return the payloads of a track, in the order they were sent."""
    return [frame.payload for frame in sent if frame.track == track]


def assert_intact(feed: RecordingFeed, sent: list[Sent]) -> None:
    """See that both tracks came out as they were sent, with nothing skipped."""
    for track in TRACKS:
        assert feed.heard.get(track, []) == audio_of(sent, track)


@pytest.mark.parametrize("counting", COUNTINGS)
@pytest.mark.parametrize("first", [0, 1, 40_000])
def test_frames_in_order_come_out_as_they_went_in(counting: Counting, first: int) -> None:
    """Whatever the numbers count and wherever they begin."""
    sent = spoken(50, counting, first=first)

    feed, _ = play(on_time(sent))

    assert_intact(feed, sent)


@given(
    counting=st.sampled_from(COUNTINGS),
    first=st.sampled_from([0, 1, 7, 9_999]),
    frames=st.lists(
        st.tuples(st.floats(0, 0.09), st.floats(0, 0.09), st.lists(st.floats(0, 2), max_size=2)),
        min_size=1,
        max_size=60,
    ),
)
def test_any_bounded_reordering_and_repetition_gives_the_same_audio(
    counting: Counting, first: int, frames: list[Any]
) -> None:
    """Frames up to 90 ms late, and again up to 2 s later, change nothing at all."""
    sent = spoken(len(frames), counting, first=first)
    arrivals = []
    for nth, (inbound_s, outbound_s, again) in enumerate(frames):
        for frame, late_s in zip(sent[2 * nth : 2 * nth + 2], (inbound_s, outbound_s), strict=True):
            arrivals.append((frame.at + late_s, frame))
            arrivals.extend((frame.at + late_s + repeat_s, frame) for repeat_s in again)

    feed, buffer = play(arrivals)

    assert_intact(feed, sent)
    repeats = sum(2 * len(again) for *_, again in frames)
    assert buffer.counts.duplicate_frames <= repeats


@pytest.mark.parametrize("counting", ["track", "sequence"])
def test_lost_frames_become_time(counting: Counting) -> None:
    """What has not come 100 ms after the next frame is skipped, 20 ms for each."""
    sent = spoken(40, counting)
    lost = {41, 43}  # inbound frames 20 and 21: numbers nobody else has
    kept = [frame for nth, frame in enumerate(sent) if nth + 1 not in lost]

    feed, buffer = play(on_time(kept))

    inbound = audio_of(sent, "inbound")
    if counting == "track":
        assert feed.heard["inbound"] == [*inbound[:20], 40, *inbound[22:]]
    assert sum(feed.skipped_ms("inbound") + feed.skipped_ms("outbound")) == 40
    assert buffer.counts.lost_frames == 2
    assert feed.audio("outbound") == b"".join(audio_of(sent, "outbound"))


def test_where_tracks_share_numbers_the_one_behind_has_lost_the_frame() -> None:
    """A number that never came belongs to the track with less audio."""
    sent = spoken(40, "stream")
    kept = [frame for frame in sent if frame.chunk not in ("41", "43", "45")]

    feed, _ = play(on_time(kept))

    assert sum(feed.skipped_ms("inbound")) == 60
    assert feed.skipped_ms("outbound") == []


@pytest.mark.parametrize("ahead", [0, 1, 4, 10, 40, 300, 5000])
@pytest.mark.parametrize("joins_s", [0, 0.3, 2])
def test_tracks_that_count_by_themselves_may_count_from_anywhere(
    ahead: int, joins_s: float
) -> None:
    """However far apart their numbers are, and whenever the second track joins."""
    inbound = [frame for frame in spoken(300) if frame.track == "inbound"]
    outbound = [
        frame._replace(chunk=str(int(str(frame.chunk)) + ahead), at=frame.at + joins_s)
        for frame in spoken(150)
        if frame.track == "outbound"
    ]

    feed, _ = play(on_time(inbound + outbound))

    assert feed.heard["inbound"] == audio_of(inbound, "inbound")
    assert feed.audio("outbound") == b"".join(audio_of(outbound, "outbound"))


def test_lost_frames_are_told_when_played_fast() -> None:
    """With no wall clock to bear it out, the numbers are believed."""
    sent = spoken(500)
    kept = [frame for frame in sent if not 300 <= int(str(frame.chunk)) < 400]

    feed, _ = play([(frame.at / 50, frame) for frame in kept])

    assert feed.skipped_ms("inbound") == feed.skipped_ms("outbound") == [2000]


def test_a_frame_after_its_time_is_dropped_and_counted() -> None:
    """Its place has been skipped already; played late it would shift all that follows."""
    sent = spoken(40)
    arrivals = on_time(sent)
    arrivals[40] = (sent[40].at + 0.3, sent[40])

    feed, buffer = play(arrivals)

    assert feed.skipped_ms("inbound") == [20]
    assert buffer.counts.late_frames == 1
    assert sent[40].payload not in feed.heard["inbound"]


def test_a_hole_delays_only_its_own_track() -> None:
    """While one track waits for a frame, the other passes at once."""
    sent = spoken(30)
    feed, _ = play([each for each in on_time(sent) if each[1] is not sent[40]], until=0.0)

    assert len(feed.heard["outbound"]) == 30
    assert len(feed.heard["inbound"]) > 20


def test_a_counter_that_begins_anew_costs_no_audio() -> None:
    """A jump of thousands, forwards or back, is a new numbering and no loss."""
    sent = spoken(40, first=90_000) + [
        frame._replace(at=frame.at + 0.8) for frame in spoken(40, first=1)
    ]

    feed, buffer = play(on_time(sent))

    assert_intact(feed, sent)
    assert buffer.counts.lost_frames == 0
    assert buffer.counts.renumberings == 2


def test_a_counter_that_begins_anew_nearby_costs_a_second_at_most() -> None:
    """Fifty old numbers in a row with other audio are a new numbering."""
    old, new = spoken(80), spoken(200)
    new = [frame._replace(at=frame.at + 1.6, payload=b"new" + frame.payload) for frame in new]

    feed, _ = play(on_time(old + new))

    assert feed.heard["inbound"][-1] == audio_of(new, "inbound")[-1]
    assert len(feed.audio("inbound")) >= (80 + 149) * 160


@pytest.mark.parametrize("step", [20, 160])
def test_numbers_that_count_something_else_are_not_believed(step: int) -> None:
    """A `chunk` in milliseconds or bytes gives way to `sequence_number`, or to arrival."""
    sent = spoken(30)
    in_steps = [frame._replace(chunk=str(int(str(frame.chunk)) * step)) for frame in sent]
    numbered = [frame._replace(sequence_number=str(n)) for n, frame in enumerate(in_steps)]
    numbered[40], numbered[42] = numbered[42], numbered[40]

    plain, _ = play(on_time(in_steps))
    ordered, _ = play([(sent[n].at, frame) for n, frame in enumerate(numbered)])

    assert_intact(plain, sent)
    assert_intact(ordered, sent)


@pytest.mark.parametrize("chunk", [None, "", "-1", "7.5", "x", "3", "9" * 5000, 10**30, -4])
def test_frames_with_hostile_numbers_pass_as_they_come(chunk: WireNumber) -> None:
    """No number, or none that is one, is no reason to lose audio."""
    sent = [frame._replace(chunk=chunk) for frame in spoken(20)]

    feed, _ = play(on_time(sent))

    assert_intact(feed, sent)


def test_numbers_that_keep_jumping_are_not_believed_for_long() -> None:
    """After some jumps frames pass as they come, and nothing of them is lost."""
    sent = spoken(300)
    jumpy = [
        frame._replace(chunk=str(nth * 7919 % 100_003 if nth > 60 else frame.chunk))
        for nth, frame in enumerate(sent)
    ]

    feed, buffer = play(on_time(jumpy))

    assert feed.heard["inbound"][-200:] == audio_of(sent, "inbound")[-200:]
    assert buffer.counts.renumberings < 12


def test_messages_that_are_no_frames_use_numbers_up() -> None:
    """A dtmf in the middle is no lost frame where `sequence_number` counts."""
    feed = RecordingFeed()
    buffer = JitterBuffer(feed, bytes_per_s=8000, now=0.0)
    sent = spoken(40, "sequence")
    for nth, frame in enumerate(sent):
        if nth + 1 in (5, 60):
            buffer.count_message(str(nth + 1), frame.at)
        else:
            buffer.push(*frame[:2], chunk=None, sequence_number=str(nth + 1), now=frame.at)

    buffer.flush(1.0)

    assert buffer.counts.lost_frames == 0


def test_a_track_that_joins_later_keeps_its_own_time() -> None:
    """Its clock begins with the stream's, so its first words are not heard too early."""
    inbound = [frame for frame in spoken(300) if frame.track == "inbound"]
    outbound = [
        frame._replace(at=frame.at + 3) for frame in spoken(100) if frame.track == "outbound"
    ]

    feed, _ = play(on_time(inbound + outbound))

    assert feed.heard["inbound"] == audio_of(inbound, "inbound")
    assert feed.skipped_ms("outbound") == [pytest.approx(3000, abs=150)]
    assert feed.audio("outbound") == b"".join(audio_of(outbound, "outbound"))


def test_time_on_hold_is_skipped_when_the_audio_goes_on() -> None:
    """Five seconds without a frame, and none of them follows: the clock moves on by five."""
    sent = [
        frame._replace(at=frame.at + (5 if nth >= 60 else 0))
        for nth, frame in enumerate(spoken(60))
    ]

    feed, _ = play(on_time(sent))

    for track in TRACKS:
        assert feed.skipped_ms(track) == [pytest.approx(5000, abs=150)]
        assert feed.heard[track].index(feed.skipped_ms(track)[0]) == 30


def test_a_network_that_catches_up_skips_nothing() -> None:
    """Two seconds held back on the way come in one burst: nothing was missing."""
    sent = spoken(200)
    arrivals = [(4.0 if 2 < frame.at < 4 else frame.at, frame) for frame in sent]

    feed, _ = play(arrivals)

    assert_intact(feed, sent)


@pytest.mark.parametrize("speed", [5, 50])
def test_faster_than_real_time_no_pause_counts(speed: int) -> None:
    """A simulator that plays fast, and stops to think for seconds, has lost nothing."""
    sent = spoken(1000)
    arrivals = [(frame.at / speed + (3 if frame.at > 10 else 0), frame) for frame in sent]

    feed, _ = play(arrivals)

    assert_intact(feed, sent)


def test_played_fast_from_the_first_frame_on() -> None:
    """Who knows the speed beforehand need not find it out: a pause at the start is no stall."""
    sent = spoken(100)
    arrivals = [(frame.at / 10 + (1 if frame.at > 0.5 else 0), frame) for frame in sent]

    feed, _ = play(arrivals, is_fast=True)

    assert_intact(feed, sent)


def test_faster_than_real_time_a_late_track_begins_where_the_other_is() -> None:
    """With the wall clock of no use, the other track tells the time."""
    inbound = [frame for frame in spoken(500) if frame.track == "inbound"]
    outbound = [
        frame._replace(at=frame.at + 6) for frame in spoken(200) if frame.track == "outbound"
    ]

    feed, _ = play([(frame.at / 20, frame) for frame in inbound + outbound])

    assert feed.skipped_ms("outbound") == [pytest.approx(6000, abs=50)]


def test_what_waits_is_bounded_and_the_oldest_hole_is_given_up() -> None:
    """A flood behind a hole is let go once 256 frames wait, whatever the clock says."""
    sent = [frame for frame in spoken(600) if frame.track == "inbound"]
    arrivals = [(frame.at if nth < 20 else 0.5, frame) for nth, frame in enumerate(sent)]
    del arrivals[20]

    feed, buffer = play(arrivals, until=0.5)

    assert buffer.counts.lost_frames == 1
    assert len(feed.audio("inbound")) == 599 * 160


def test_the_end_lets_everything_go() -> None:
    """What still waits at the end comes out, with its holes told."""
    feed = RecordingFeed()
    buffer = JitterBuffer(feed, bytes_per_s=8000, now=0.0)
    for frame in spoken(3):
        if frame.chunk != "2":
            buffer.push(*frame[:2], chunk=frame.chunk, sequence_number=None, now=frame.at)
    assert feed.heard == {}

    buffer.flush(0.06)

    assert [len(each) if isinstance(each, bytes) else each for each in feed.heard["inbound"]] == [
        160,
        20,
        160,
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["inbound", "outbound"]),
            st.one_of(st.integers(-5, 40), st.integers(0, 10**20), st.none(), st.text(max_size=3)),
            st.integers(0, 400),
            st.floats(0, 1),
        ),
        max_size=120,
    )
)
def test_nothing_a_peer_numbers_breaks_it(frames: list[Any]) -> None:
    """Any numbers, sizes and pauses: every frame comes out once at most, and skips are real."""
    sent, now = [], 0.0
    for nth, (track, number, size, pause_s) in enumerate(frames):
        now += pause_s
        sent.append(Sent(track, nth.to_bytes(2, "big") + bytes(size), number, str(nth), now))

    feed, buffer = play(on_time(sent))
    buffer.flush(now + 1)

    for track in TRACKS:
        out = [each for each in feed.heard.get(track, []) if isinstance(each, bytes)]
        assert len(out) == len(set(out)) <= len(audio_of(sent, track))
        assert all(0 < skipped_ms <= (now + 2) * 1000 * 2 for skipped_ms in feed.skipped_ms(track))
