"""One lane in figures: what it keeps, and when it is next."""

import pytest

from service.delivery.lane import Capacity, WaitingPartial
from tests.delivery.builders import event, kept, lane, publish_to

NOW = 1000.0


def test_room_for_one_is_taken_once() -> None:
    """Then there is none."""
    room = Capacity(1)

    assert [room.take(), room.take(), room.left] == [True, False, 0]


def test_a_new_lane_stands_before_its_first_event() -> None:
    """Wherever the call's numbers begin for it; before that it is behind nothing."""
    assert not lane().behind
    one = lane(5, 6)

    assert (one.acked_seq, one.head_seq, kept(one)) == (4, 6, [5, 6])
    assert one.behind


def test_what_it_was_told_before_is_passed_over() -> None:
    """The journal may be ahead of the commit."""
    one = lane(1, 2)
    one.commit([event("c1", 1), event("c1", 2)])
    assert (kept(one), one.head_seq) == ([1, 2], 2)
    one.commit([event("c1", 2), event("c1", 3)])

    assert kept(one) == [1, 2, 3]


def test_what_follows_the_first_event_does_not_pass_it_over() -> None:
    """Also when each comes by itself."""
    one = lane(1)
    one.commit([event("c1", 2)])

    assert (one.acked_seq, kept(one)) == (0, [1, 2])


def test_a_final_that_it_was_told_before_drops_nothing() -> None:
    """What waits came after it."""
    one = lane()
    one.commit([event("c1", 1, "transcript.final")])
    publish_to(one, "u1")

    assert one.commit([event("c1", 1, "transcript.final")]) == 0
    assert list(one.partials) == ["u1"]


def test_it_keeps_thirty_two_events() -> None:
    """The rest are in the journal."""
    assert kept(lane(*range(1, 41))) == list(range(1, 33))


def test_it_keeps_no_event_that_does_not_follow() -> None:
    """Those between are in the journal, and go first."""
    one = lane(1, 2)
    one.drop_events()
    one.commit([event("c1", 3)])

    assert (kept(one), one.head_seq) == ([], 3)
    one.ack(3)
    one.commit([event("c1", 4)])
    assert kept(one) == [4]


def test_without_room_it_keeps_nothing() -> None:
    """It knows that there is something all the same."""
    one = lane(1, 2, 3, room=2)

    assert (kept(one), one.head_seq, one.capacity.left) == ([1, 2], 3, 0)


@pytest.mark.parametrize("kind", ["call.ended", "transcript.completed", "transcript.erased"])
def test_a_call_is_live_until_its_last_words(kind: str) -> None:
    """And does not come to life again."""
    one = lane(1)
    one.commit([event("c1", 2, "transcript.final")])
    assert one.live
    one.commit([event("c1", 3, kind)])
    assert not one.live
    one.commit([event("c1", 4)])
    assert not one.live


def test_a_final_drops_the_partials_that_wait() -> None:
    """Each is counted, once."""
    one = lane(1)
    publish_to(one, "u1", "u2")

    assert one.commit([event("c1", 2)]) == 0
    assert one.commit([event("c1", 3, "transcript.final"), event("c1", 4, "transcript.final")]) == 2
    assert one.partials == {}


def test_what_is_read_takes_the_place_of_what_was_kept() -> None:
    """Room is counted anew, and one is kept whatever room there is."""
    one = lane(1, 2, room=2)
    one.fill([event("c1", seq) for seq in (1, 2, 3)])
    assert (kept(one), one.capacity.left) == ([1, 2], 0)

    roomy = lane(1, 2, room=10)
    roomy.fill([event("c1", seq) for seq in (1, 2, 3)])
    assert (kept(roomy), roomy.capacity.left) == ([1, 2, 3], 7)

    full = lane(room=0)
    full.fill([event("c1", seq) for seq in (1, 2)])
    assert (kept(full), full.capacity.left) == ([1], -1)
    full.drop_events()
    assert full.capacity.left == 0


def test_the_partials_of_sixteen_utterances_wait() -> None:
    """One more drops the oldest; a newer one of the same takes its place behind the others."""
    one = lane()
    names = [f"u{number}" for number in range(16)]

    assert publish_to(one, *names) == [0] * 16
    assert publish_to(one, "u0", "new") == [1, 1]
    assert list(one.partials) == [*names[2:], "u0", "new"]


def test_a_partial_waits_for_the_events_before_it() -> None:
    """And for its own time."""
    one = lane(1)
    publish_to(one, "u1", due_at=NOW)
    assert one.next(NOW) == event("c1", 1)
    assert not one.has_partial_due(NOW)
    one.ack(1)

    assert one.next_at() == NOW
    assert not one.has_partial_due(NOW - 0.1)
    assert one.next(NOW - 0.1) is None
    assert one.has_partial_due(NOW)
    sent = one.next(NOW)
    assert isinstance(sent, WaitingPartial)
    assert sent.delivery.id == "prt_u1_1"
    assert one.partials == {}


def test_partials_that_are_due_can_be_dropped() -> None:
    """Only those: the others wait on."""
    one = lane()
    publish_to(one, "u1", "u2", due_at=NOW)
    publish_to(one, "u3", due_at=NOW + 1)

    assert one.drop_due_partials(NOW) == 2
    assert list(one.partials) == ["u3"]


def test_when_it_is_next() -> None:
    """At once with an event; with partials, when the first is due and the lane is; or never."""
    assert lane().next_at() is None
    assert lane(1).next_at() == 0.0
    one = lane()
    publish_to(one, "u1", due_at=NOW + 2)
    publish_to(one, "u2", due_at=NOW + 1)
    assert one.next_at() == NOW + 1
    one.hold(NOW + 5)
    assert one.next_at() == NOW + 5


def test_a_partial_behind_an_event_does_not_hasten_it() -> None:
    """The lane is next when the event may go."""
    one = lane(1)
    publish_to(one, "u1", due_at=NOW)
    one.hold(NOW + 5)
    publish_to(one, "u2", due_at=NOW)

    assert one.next_at() == NOW + 5


def test_an_empty_lane_on_hold_is_kept_until_then() -> None:
    """And no longer: once it was asked, the hold is over."""
    one = lane()
    one.hold(NOW)
    assert one.next_at() == NOW
    assert one.next(NOW) is None

    assert one.next_at() is None


def test_the_hold_of_a_lane_with_events_is_not_forgotten_by_asking() -> None:
    """It has something to be held for."""
    one = lane(1)
    one.hold(NOW)
    one.next(NOW)

    assert one.next_at() == NOW


def test_what_is_delivered_makes_room() -> None:
    """An event that is not in memory makes none."""
    one = lane(1, 2, room=10)
    one.ack(1)
    assert (kept(one), one.acked_seq, one.capacity.left) == ([2], 1, 9)
    one.drop_events()
    one.ack(2)
    assert (one.acked_seq, one.capacity.left) == (2, 10)
    assert not one.behind


def test_a_batch_moves_past_what_it_holds_only() -> None:
    """Events out of turn stay: nobody knows that they were delivered."""
    one = lane(1, 2, room=10)
    one.ack(2)

    assert (kept(one), one.capacity.left) == ([1, 2], 8)


def test_what_is_given_up_is_named_by_the_next() -> None:
    """The last hundred, in order."""
    one = lane(*range(1, 31))
    for seq in (*range(1, 103), 105):
        one.park(seq)

    assert one.gap_seqs == (*range(4, 103), 105)
    assert one.acked_seq == 105


def test_one_partial_that_is_due_is_enough() -> None:
    """The others wait on."""
    one = lane()
    publish_to(one, "u1", due_at=NOW + 1)
    publish_to(one, "u2", due_at=NOW)

    assert one.has_partial_due(NOW)


def test_an_event_does_not_wait_for_a_partial() -> None:
    """One that came before it, and is to wait for a while yet."""
    one = lane()
    publish_to(one, "u1", due_at=NOW + 9)
    one.commit([event("c1", 1)])

    assert one.next_at() == 0.0
