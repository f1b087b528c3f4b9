"""One numbering: frames held, emitted, dropped and given up."""

from collections.abc import Sequence

import pytest

from service.ids import Track
from service.ingress.jitter.reorder_buffer import (
    MAX_HELD_FRAMES,
    FrameCounts,
    Released,
    ReorderBuffer,
)


class Out:
    """What a reorder buffer released: payloads, and how many frames were lost between them."""

    def __init__(self, first: int = 1) -> None:
        self.out: list[bytes | int] = []
        self.counts = FrameCounts()
        self.buffer = ReorderBuffer(first, self.counts)

    def push(self, number: int, now: float, track: Track = "inbound") -> None:
        """Hand in a frame whose payload is its number."""
        self.take(self.buffer.push(number, (track, b"%d" % number, None), now))

    def take(self, released: Sequence[Released]) -> None:
        """Keep what was released."""
        self.out += [each if isinstance(each, int) else each[1] for each in released]


def test_what_came_early_waits_for_what_is_before_it() -> None:
    """Three, two, one comes out as one, two, three."""
    case = Out()
    for number in (3, 2, 1):
        case.push(number, 0.0)

    assert case.out == [b"1", b"2", b"3"]
    assert case.buffer.wake_at is None


def test_several_holes_are_given_up_together_when_their_time_comes() -> None:
    """No frame waits longer than 100 ms, however many holes are before it."""
    case = Out()
    for number, now in ((3, 0.0), (6, 0.01), (9, 0.05)):
        case.push(number, now)

    assert case.buffer.wake_at == pytest.approx(0.1)
    case.take(case.buffer.wake(0.11))
    assert case.out == [2, b"3", 2, b"6"]
    assert case.buffer.wake_at == pytest.approx(0.15)


def test_the_same_number_twice_comes_out_once() -> None:
    """Given out or still held, a duplicate is counted and dropped."""
    case = Out()
    for number in (1, 1, 3, 3, 2, 2):
        case.push(number, 0.0)

    assert case.out == [b"1", b"2", b"3"]
    assert case.counts.duplicate_frames == 3


def test_held_frames_are_bounded() -> None:
    """One more than 256 gives up the hole they wait behind."""
    case = Out()
    for number in range(2, MAX_HELD_FRAMES + 3):
        case.push(number, 0.0)

    assert case.out[:2] == [1, b"2"]
    assert case.counts.lost_frames == 1


def test_parting_leaves_each_track_its_own() -> None:
    """What is held goes with its track, and each goes on after its own last number."""
    case = Out()
    case.push(1, 0.0)
    case.push(2, 0.0, "outbound")
    case.push(4, 0.0)
    case.push(5, 0.0, "outbound")

    inbound, outbound = case.buffer.split("inbound", 2), case.buffer.split("outbound", 2)
    assert (inbound.next_number, outbound.next_number) == (2, 3)
    assert list(inbound.flush()) == [2, ("inbound", b"4", None)]
    assert case.out == [b"1", b"2"]


def test_a_parted_track_without_a_past_begins_where_it_is_told() -> None:
    """Its first number is the one that just came."""
    case = Out()
    case.push(1, 0.0)

    assert case.buffer.split("outbound", 40).next_number == 40
