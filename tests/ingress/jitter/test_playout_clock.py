"""A track's clock against the wall's."""

import pytest

from service.ingress.jitter.playout_clock import MAX_HELD_FRAMES, PlayoutClock, StreamTiming
from tests.ingress.peers import RecordingFeed

FRAME = bytes(160)


def clock_after(frames: int) -> tuple[RecordingFeed, PlayoutClock]:
    """Return a clock that has heard some 20 ms frames in real time, from 0 on."""
    feed = RecordingFeed()
    clock = PlayoutClock("inbound", feed, StreamTiming(0.0))
    for nth in range(frames):
        clock.push(FRAME, 0.02, (nth + 1) * 0.02)
    return feed, clock


def test_half_a_second_late_is_not_yet_missing() -> None:
    """Jitter below that passes as it comes."""
    feed, clock = clock_after(10)

    clock.push(FRAME, 0.02, 0.2 + 0.49)

    assert feed.heard["inbound"] == [FRAME] * 11


def test_after_a_stall_the_first_audio_waits_for_a_decision() -> None:
    """It is held 100 ms; when nothing has caught up by then, the stall is skipped first."""
    feed, clock = clock_after(10)

    clock.push(FRAME, 0.02, 3.22)
    assert clock.wake_at == pytest.approx(3.32)
    clock.wake(3.31)
    assert feed.heard["inbound"] == [FRAME] * 10
    clock.wake(3.33)

    assert feed.heard["inbound"][10:] == [3000, FRAME]
    assert clock.position_s == pytest.approx(3.22)


def test_short_stalls_add_up_to_a_skip() -> None:
    """Pauses of 400 ms, none of which counts by itself, do not shift the clock for good."""
    feed, clock = clock_after(0)
    for nth in range(1, 11):
        now = nth * 0.42
        clock.wake(now)
        clock.push(FRAME, 0.02, now)
    clock.flush()

    assert clock.position_s == pytest.approx(4.2, abs=0.5)
    assert len(feed.skipped_ms("inbound")) >= 3


def test_a_loss_during_a_stall_keeps_its_place() -> None:
    """Lost frames are skipped where they were, between the held ones."""
    feed, clock = clock_after(10)

    clock.push(b"before", 0.02, 3.2)
    clock.push_gap(0.04, 3.2)
    clock.push(b"after", 0.02, 3.21)
    clock.wake(3.31)

    assert feed.heard["inbound"][11:] == [b"before", 40, b"after"]


def test_a_burst_is_not_held_without_end() -> None:
    """Past 256 frames it is let go: so much at once was only late."""
    feed, clock = clock_after(0)
    for _ in range(MAX_HELD_FRAMES + 1):
        clock.push(FRAME, 0.02, 60.0)

    assert feed.heard["inbound"] == [FRAME] * (MAX_HELD_FRAMES + 1)


def test_a_long_loss_is_believed_as_far_as_time_has_passed() -> None:
    """A number that leaps by minutes does not move the clock by minutes."""
    feed, clock = clock_after(10)

    clock.push_gap(19.0, 5.2)
    clock.push_gap(19.0, 5.2)

    assert feed.heard["inbound"][10:] == [5000, 1000]


def test_a_burst_that_nothing_comes_behind_is_not_the_end_of_a_stall() -> None:
    """We stood still, and the network is late as well: the rest comes in another burst."""
    feed, clock = clock_after(10)
    for _ in range(50):
        clock.push(FRAME, 0.02, 3.2)
    for now in (3.31, 3.42, 3.53):
        clock.wake(now)
    for nth in range(100):
        clock.push(FRAME, 0.02, 3.6 + nth // 50 * 0.09)
        clock.wake(3.6 + nth // 50 * 0.09)

    assert feed.heard["inbound"] == [FRAME] * 160


def test_a_burst_that_audio_comes_behind_as_it_is_spoken_is_the_end_of_a_stall() -> None:
    """The rest was never sent."""
    feed, clock = clock_after(10)
    for _ in range(50):
        clock.push(FRAME, 0.02, 3.2)
    for nth in range(1, 7):
        clock.push(FRAME, 0.02, 3.2 + nth * 0.02)
        clock.wake(3.2 + nth * 0.02)

    assert feed.heard["inbound"][10:12] == [2000, FRAME]
    assert clock.position_s == pytest.approx(3.32)


def test_a_burst_is_waited_behind_for_so_long_and_no_longer() -> None:
    """What is in it is owed an answer."""
    feed, clock = clock_after(10)
    for _ in range(50):
        clock.push(FRAME, 0.02, 3.2)
    for nth in range(1, 21):
        assert feed.heard["inbound"] == [FRAME] * 10
        clock.wake(3.2 + nth * 0.101)

    assert feed.heard["inbound"][10:] == [2000, *[FRAME] * 50]


def test_a_stream_whose_first_audio_is_late_begins_late() -> None:
    """Nothing was before it that the network could have held up; a burst is another matter."""
    late, burst = clock_after(0), clock_after(0)
    for nth in range(6):
        late[1].push(FRAME, 0.02, 0.32 + nth * 0.02)
        late[1].wake(0.32 + nth * 0.02)
    for _ in range(10):
        burst[1].push(FRAME, 0.02, 0.32)

    assert late[0].heard["inbound"] == [300, *[FRAME] * 6]
    assert burst[0].heard["inbound"] == [FRAME] * 10
