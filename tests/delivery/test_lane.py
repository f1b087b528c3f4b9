"""One lane in figures: what it keeps, when it is next, and what a failure changes."""

import pytest

from service.delivery.lane import Capacity, Lane, WaitingPartial
from service.ports import LaneRow, LaneUpdate
from tests.delivery.builders import C1, CRM, event, partial

NOW = 1000.0


def lane(*seqs: int, room: int = 100, live: bool = True) -> Lane:
    """Return a lane that was told of these events."""
    made = Lane(C1, CRM, Capacity(room))
    if seqs:
        made.commit([event("c1", seq) for seq in seqs])
    made.live = live
    return made


def row(acked_seq: int, head_seq: int, attempts: int = 0, *, live: bool = True) -> LaneRow:
    """Return the lane as the journal has it, rewound three times."""
    return LaneRow(C1, CRM, acked_seq, head_seq, attempts, 77.0, 3, live)


def kept(one: Lane) -> list[int]:
    """Return the events in memory."""
    return [each.seq for each in one.events]


def publish(one: Lane, *utterances: str, due_at: float = 0.0) -> list[int]:
    """Publish partials; return how many each dropped."""
    return [one.publish(name, partial(name, 1), due_at) for name in utterances]


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
    one.commit([event("c1", 2), event("c1", 3)])

    assert kept(one) == [1, 2, 3]


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
    publish(one, "u1", "u2")

    assert one.commit([event("c1", 2)]) == 0
    assert one.commit([event("c1", 3, "transcript.final"), event("c1", 4, "transcript.final")]) == 2
    assert one.partials == {}


def test_what_is_read_takes_the_place_of_what_was_kept() -> None:
    """Room is counted anew, and one is kept whatever room there is."""
    one = lane(1, 2, room=2)
    one.fill([event("c1", seq) for seq in (1, 2, 3)])
    assert (kept(one), one.capacity.left) == ([1, 2], 0)

    full = lane(room=0)
    full.fill([event("c1", seq) for seq in (1, 2)])
    assert (kept(full), full.capacity.left) == ([1], -1)
    full.drop_events()
    assert full.capacity.left == 0


def test_the_partials_of_sixteen_utterances_wait() -> None:
    """One more drops the oldest; a newer one of the same takes its place behind the others."""
    one = lane()
    names = [f"u{number}" for number in range(16)]

    assert publish(one, *names) == [0] * 16
    assert publish(one, "u0", "new") == [1, 1]
    assert list(one.partials) == [*names[2:], "u0", "new"]


def test_a_partial_waits_for_the_events_before_it() -> None:
    """And for its own time."""
    one = lane(1)
    publish(one, "u1", due_at=NOW)
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
    publish(one, "u1", "u2", due_at=NOW)
    publish(one, "u3", due_at=NOW + 1)

    assert one.drop_due_partials(NOW) == 2
    assert list(one.partials) == ["u3"]


def test_when_it_is_next() -> None:
    """At once with an event; with partials, when the first is due and the lane is; or never."""
    assert lane().next_at() is None
    assert lane(1).next_at() == 0.0
    one = lane()
    publish(one, "u1", due_at=NOW + 2)
    publish(one, "u2", due_at=NOW + 1)
    assert one.next_at() == NOW + 1
    one.hold(NOW + 5)
    assert one.next_at() == NOW + 5


def test_a_partial_behind_an_event_does_not_hasten_it() -> None:
    """The lane is next when the event may go."""
    one = lane(1)
    publish(one, "u1", due_at=NOW)
    one.hold(NOW + 5)
    publish(one, "u2", due_at=NOW)

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


def test_a_hold_keeps_nothing_in_memory() -> None:
    """The room is for others meanwhile."""
    one = lane(1, 2, room=10)
    one.hold(NOW)

    assert (one.due_at, one.not_before, kept(one), one.capacity.left) == (NOW, NOW, [], 10)


def test_a_call_that_is_over_waits_as_the_schedule_says() -> None:
    """Each failure counts, and the journal gets the time on the wall."""
    one = lane(1, live=False)
    one.retry(NOW, 60.0, 1_800_000_060.0)
    one.retry(NOW + 60, 300.0, 1_800_000_360.0)

    assert (one.attempts, one.scheduled_at, one.due_at) == (2, NOW + 360, NOW + 360)
    assert one.update() == LaneUpdate(C1, CRM, 0, 2, 1_800_000_360.0, generation=0)
    assert kept(one) == []


def test_a_live_call_waits_fifteen_seconds_at_most() -> None:
    """The schedule is not moved by that."""
    one = lane(1)
    one.retry(NOW, 300.0, 0.0)
    assert (one.due_at, one.scheduled_at) == (NOW + 15, NOW + 300)

    one.retry(NOW, 5.0, 0.0)
    assert one.due_at == NOW + 5


def test_a_receiver_that_asks_for_more_gets_it() -> None:
    """Also for a live call."""
    one = lane(1)
    one.not_before = NOW + 40
    one.retry(NOW, 5.0, 0.0)

    assert one.due_at == NOW + 40


def test_an_extra_attempt_neither_counts_nor_moves_the_schedule() -> None:
    """The next is fifteen seconds off, or when the schedule says."""
    one = lane(1)
    one.retry(NOW, 60.0, 0.0)
    one.retry_extra(NOW + 15, at_fault=False)
    assert (one.attempts, one.extra_attempts, one.due_at) == (1, 1, NOW + 30)
    one.retry_extra(NOW + 50, at_fault=False)
    assert (one.attempts, one.extra_attempts, one.due_at) == (1, 2, NOW + 60)
    assert one.scheduled_at == NOW + 60


def test_a_lane_that_waits_is_pulled_forward() -> None:
    """Not before its receiver wants it."""
    one = lane(1, live=False)
    one.retry(NOW, 60.0, 0.0)
    one.pull(NOW + 1)
    assert (one.due_at, one.pulled) == (NOW + 1, True)

    one.not_before = NOW + 30
    one.retry(NOW, 60.0, 0.0)
    one.pull(NOW + 1)
    assert one.due_at == NOW + 30


def test_what_is_due_or_has_nothing_is_not_pulled() -> None:
    """Then a failure says nothing of it."""
    due = lane(1)
    due.due_at = NOW
    due.pull(NOW)
    assert not due.pulled
    empty = lane()
    empty.hold(NOW + 5)
    empty.pull(NOW)
    assert (empty.pulled, empty.due_at) == (False, NOW + 5)


def test_a_lane_at_fault_is_pulled_once() -> None:
    """Its event failed where others arrived: the schedule is for that."""
    one = lane(1, live=False)
    one.retry(NOW, 60.0, 0.0)
    one.pull(NOW)
    one.retry_extra(NOW, at_fault=True)
    assert (one.at_fault, one.pulled) == (True, False)

    one.pull(NOW)
    assert (one.due_at, one.pulled) == (NOW + 60, False)
    one.retry_extra(NOW, at_fault=False)
    assert one.at_fault


@pytest.mark.parametrize(("pulled", "at_fault"), [(True, False), (False, True)])
def test_a_lane_is_not_at_fault_for_its_host(pulled: bool, at_fault: bool) -> None:  # noqa: FBT001
    """Nor for what it failed at without being pulled."""
    one = lane(1, live=False)
    one.retry(NOW, 60.0, 0.0)
    if pulled:
        one.pull(NOW)
    one.retry_extra(NOW, at_fault=at_fault)
    one.pull(NOW)

    assert one.due_at == NOW


def failed_in_every_way() -> Lane:
    """Return a lane with a history."""
    one = lane(1, 2, 3)
    one.retry(NOW, 60.0, 77.0)
    one.pull(NOW)
    one.retry_extra(NOW, at_fault=True)
    one.host_failures, one.batch_end, one.pulled, one.not_before = 2, 3, True, NOW
    return one


def assert_begins_anew(one: Lane) -> None:
    """See that nothing of what failed before is held against what comes next."""
    assert (one.attempts, one.extra_attempts, one.host_failures, one.batch_end) == (0, 0, 0, 0)
    assert (one.due_at, one.not_before, one.scheduled_at, one.due_wall) == (0, 0, 0, 0)
    assert (one.pulled, one.at_fault) == (False, False)


def test_each_event_has_a_schedule_of_its_own() -> None:
    """Whether the one before it was delivered or given up."""
    delivered, parked = failed_in_every_way(), failed_in_every_way()
    delivered.ack(1)
    parked.park(1)

    assert_begins_anew(delivered)
    assert_begins_anew(parked)


def test_it_goes_on_where_the_journal_says() -> None:
    """With its attempts; a live call does not wait for long even then."""
    one = lane(live=True)
    one.resume(row(4, 9, attempts=3, live=False), NOW, NOW + 600)
    assert (one.acked_seq, one.head_seq, one.generation, one.attempts) == (4, 9, 3, 3)
    assert (one.scheduled_at, one.due_at, one.due_wall) == (NOW + 600, NOW + 600, 77.0)
    assert not one.live

    one.resume(row(4, 9), NOW, NOW + 600)
    assert (one.live, one.due_at) == (True, NOW + 15)


def test_whoever_rewinds_it_starts_it_over() -> None:
    """From there, with nothing in memory; it does not forget how far the call is."""
    one = failed_in_every_way()
    one.fill([event("c1", seq) for seq in (1, 2)])
    one.gap_seqs = (1,)
    one.rewind(row(0, 2))

    assert (one.acked_seq, one.head_seq, one.generation) == (0, 3, 3)
    assert (kept(one), len(one.gap_seqs), one.capacity.left) == ([], 0, 100)
    assert_begins_anew(one)
    one.rewind(row(0, 7))
    assert one.head_seq == 7


def test_an_erased_call_has_nothing_left() -> None:
    """Neither events nor partials, nor anything to name; it is no live one."""
    one = failed_in_every_way()
    one.fill([event("c1", seq) for seq in (1, 2)])
    publish(one, "u1", "u2")
    one.gap_seqs = (1,)

    assert one.erase() == 2
    assert (one.acked_seq, one.behind, kept(one), one.partials) == (3, False, [], {})
    assert (len(one.gap_seqs), one.live, one.capacity.left) == (0, False, 100)
    assert_begins_anew(one)


def test_the_journal_keeps_where_it_is() -> None:
    """Of which life it is said, too."""
    one = lane()
    one.resume(row(4, 9, attempts=3), NOW, NOW)

    assert one.update() == LaneUpdate(C1, CRM, 4, 3, 77.0, generation=3)
