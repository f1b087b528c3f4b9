"""A track's clock against the wall's."""

from collections.abc import Sequence

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
        if clock.wake_at is not None:
            clock.wake(clock.wake_at)
        clock.push(FRAME, 0.02, nth * 0.42)
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
    """What is in it is owed an answer. It was late, and what is missing comes behind it.

    For it to come before, the track would have had to be on hold from when we stood still on, and
    again from when we did not.
    """
    feed, clock = clock_after(10)
    for _ in range(50):
        clock.push(FRAME, 0.02, 3.2)
    for nth in range(1, 21):
        assert feed.heard["inbound"] == [FRAME] * 10
        clock.wake(3.2 + nth * 0.101)
    assert feed.heard["inbound"][10:] == [FRAME] * 50
    for nth in range(6):
        clock.push(FRAME, 0.02, 6.2 + nth * 0.02)
        clock.wake(6.2 + nth * 0.02)

    assert feed.heard["inbound"][60:62] == [4980, FRAME]


def test_audio_that_comes_faster_than_it_is_spoken_is_only_late() -> None:
    """Whoever sends it was held up for a while, and has not caught up in a tenth of a second."""
    feed, clock = clock_after(10)
    for nth in range(150):  # a second late, and three times as fast
        now = 1.2 + nth * 0.02 / 3
        if clock.wake_at is not None and clock.wake_at <= now:
            clock.wake(clock.wake_at)
        clock.push(FRAME, 0.02, now)

    assert feed.heard["inbound"] == [FRAME] * 160


def test_what_came_faster_for_a_while_and_then_as_it_is_spoken_is_not_all() -> None:
    """The rest was never sent."""
    feed, clock = clock_after(10)
    now = 3.2
    for nth in range(150):
        now += 0.02 if nth >= 30 else 0.02 / 3
        if clock.wake_at is not None and clock.wake_at <= now:
            clock.wake(clock.wake_at)
        clock.push(FRAME, 0.02, now)

    assert len(feed.skipped_ms("inbound")) == 1
    assert clock.position_s == pytest.approx(now, abs=0.5)


def test_what_does_not_catch_up_in_two_seconds_is_passed_on_meanwhile() -> None:
    """An engine is not to wait for it, and the clock neither."""
    feed, clock = clock_after(10)
    for nth in range(160):  # four seconds late, and half as fast again
        now = 4.2 + nth * 0.02 / 1.5
        if clock.wake_at is not None and clock.wake_at <= now:
            clock.wake(clock.wake_at)
        clock.push(FRAME, 0.02, now)

    assert len(feed.heard["inbound"]) > 150
    assert feed.skipped_ms("inbound") == []


def test_who_was_held_up_himself_looks_again_before_he_decides() -> None:
    """What came meanwhile is still to be read."""
    feed, clock = clock_after(10)
    clock.push(FRAME, 0.02, 1.2)

    clock.wake(1.5)
    for _ in range(64):
        clock.push(FRAME, 0.02, 1.5)

    assert feed.heard["inbound"] == [FRAME] * 75


def pushed_at_once(stamps: Sequence[int], now: float) -> tuple[RecordingFeed, PlayoutClock]:
    """Return a clock to which a burst came after ten frames, and six more as they were spoken."""
    feed = RecordingFeed()
    clock = PlayoutClock("inbound", feed, StreamTiming(0.0))
    for nth in range(10):
        clock.push(FRAME, 0.02, (nth + 1) * 0.02, str(nth * 20))
    for stamp in stamps:
        clock.push(FRAME, 0.02, now, str(stamp))
    for nth in range(1, 7):
        clock.push(FRAME, 0.02, now + nth * 0.02, str(stamps[-1] + nth * 20))
        clock.wake(now + nth * 0.02)
    return feed, clock


def test_in_a_burst_the_stamps_say_where_nothing_was_sent() -> None:
    """We stood still, and the stream was silent meanwhile: the hole is not where we stood still."""
    feed, clock = pushed_at_once([*range(200, 1200, 20), *range(3200, 3300, 20)], 3.3)

    assert feed.heard["inbound"] == [*[FRAME] * 60, 2000, *[FRAME] * 11]
    assert clock.position_s == pytest.approx(3.42)


def test_stamps_that_leap_do_not_move_the_clock_past_the_time() -> None:
    """A stamp that says an hour is believed as far as so much time has passed."""
    feed, clock = pushed_at_once([*range(200, 1200, 20), 3_600_000], 3.3)

    assert feed.skipped_ms("inbound") == [pytest.approx(2080)]
    assert clock.position_s == pytest.approx(3.42)


def test_a_burst_that_is_let_go_has_its_holes_where_its_stamps_say() -> None:
    """Also where it is more than can be held."""
    stamps = [*range(200, 1200, 20), *range(11_200, 11_200 + 20 * MAX_HELD_FRAMES, 20)]
    feed, _ = pushed_at_once(stamps, (stamps[-1] + 20) / 1000)

    assert feed.heard["inbound"] == [*[FRAME] * 60, 10_000, *[FRAME] * (MAX_HELD_FRAMES + 6)]


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
