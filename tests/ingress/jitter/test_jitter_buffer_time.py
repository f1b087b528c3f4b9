"""Time in which nothing came: missing, late, or played faster than it was spoken."""

import pytest

from tests.ingress.builders import TRACKS
from tests.ingress.jitter.builders import audio_of, on_time, spoken
from tests.ingress.jitter.harness import assert_intact, play


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


def test_lost_frames_are_told_when_played_fast() -> None:
    """With no wall clock to bear it out, the numbers are believed."""
    sent = spoken(500)
    kept = [frame for frame in sent if not 300 <= int(str(frame.chunk)) < 400]

    feed, _ = play([(frame.at / 50, frame) for frame in kept])

    assert feed.skipped_ms("inbound") == feed.skipped_ms("outbound") == [2000]
