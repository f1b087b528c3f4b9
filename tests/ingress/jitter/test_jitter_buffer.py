"""Frames out of order, twice, late or never: each track comes out as it was sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingress.builders import TRACKS
from tests.ingress.jitter.builders import (
    COUNTINGS,
    Counting,
    Sent,
    audio_of,
    on_time,
    spoken,
)
from tests.ingress.jitter.harness import assert_intact, open_buffer, play


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
    feed, buffer = open_buffer()
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
