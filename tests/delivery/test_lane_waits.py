"""One lane in figures: what a failure changes, and what starts it over."""

import pytest

from service.delivery.lane import Capacity, Lane
from service.ports import LaneUpdate
from tests.delivery.builders import C1, CRM, event, kept, lane, lane_row, publish_to

NOW = 1000.0


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
    one.resume(lane_row(4, 9, attempts=3, live=False), NOW, NOW + 600)
    assert (one.acked_seq, one.head_seq, one.generation, one.attempts) == (4, 9, 3, 3)
    assert (one.scheduled_at, one.due_at, one.due_wall) == (NOW + 600, NOW + 600, 77.0)
    assert not one.live

    one.resume(lane_row(4, 9), NOW, NOW + 600)
    assert (one.live, one.due_at) == (True, NOW + 15)


def test_where_it_goes_on_it_asks_what_was_given_up() -> None:
    """Unless it remembers that, of this life."""
    one = lane()
    assert not one.asks
    one.resume(lane_row(4, 9), NOW, NOW)
    assert one.asks

    one.asks = False
    one.resume(lane_row(4, 9), NOW, NOW)
    assert one.asks

    one.recall(lane_row(4, 9), (3, 4))
    one.resume(lane_row(4, 9), NOW, NOW)
    assert (one.gap_seqs, one.asks) == ((3, 4), False)

    one.generation = 2
    one.resume(lane_row(4, 9), NOW, NOW)
    assert (one.gap_seqs, one.asks, one.generation) == ((), True, 3)


def test_what_it_learns_of_its_own_life_leaves_it_where_it_is() -> None:
    """What was committed since is still in memory; so it is of a lane that the journal has not."""
    one = lane(5, 6)
    one.generation, one.asks = 3, True
    one.recall(lane_row(4, 5), (4,))
    assert (one.acked_seq, one.head_seq, kept(one)) == (4, 6, [5, 6])
    assert (one.gap_seqs, one.asks) == ((4,), False)

    one.asks = True
    one.recall(None, ())
    assert (one.acked_seq, one.gap_seqs, one.asks) == (4, (), False)


def test_what_it_learns_of_another_life_sets_it_there() -> None:
    """It had forgotten that somebody rewound it."""
    one = lane(5, 6)
    one.asks = True
    one.recall(lane_row(2, 6), (2,))

    assert (one.acked_seq, one.head_seq, one.generation, kept(one)) == (2, 6, 3, [])
    assert (one.gap_seqs, one.asks) == ((2,), False)


def test_an_event_that_arrived_leaves_its_report_a_schedule_of_its_own() -> None:
    """It stays where it is until that is out, too; whoever rewinds it has both sent again."""
    one = failed_in_every_way()
    assert one.sent_seq == 0
    one.sent(1)
    assert (one.sent_seq, one.acked_seq) == (1, 0)
    assert_begins_anew(one)

    one.rewind(lane_row(0, 3))
    assert one.sent_seq == 0


def test_a_lane_that_is_another_workers_has_nothing_left_here() -> None:
    """What arrived is still where it is; partials that waited count as dropped."""
    one = failed_in_every_way()
    one.fill([event("c1", seq) for seq in (1, 2)])
    publish_to(one, "u1", "u2")

    assert one.release() == 2
    assert (one.acked_seq, one.head_seq, one.behind) == (0, 0, False)
    assert (kept(one), one.partials, one.capacity.left) == ([], {}, 100)
    assert_begins_anew(one)


def test_whoever_rewinds_it_starts_it_over() -> None:
    """From there, with nothing in memory; it does not forget how far the call is."""
    one = failed_in_every_way()
    one.fill([event("c1", seq) for seq in (1, 2)])
    one.gap_seqs = (1,)
    one.rewind(lane_row(0, 2))

    assert (one.acked_seq, one.head_seq, one.generation) == (0, 3, 3)
    assert (kept(one), len(one.gap_seqs), one.capacity.left) == ([], 0, 100)
    assert one.asks
    assert_begins_anew(one)
    one.rewind(lane_row(0, 7))
    assert one.head_seq == 7


def test_a_lane_that_is_rewound_is_where_it_was_set() -> None:
    """Although it had come further."""
    one = lane(1, 2, 3)
    one.ack(1)
    one.ack(2)
    one.rewind(lane_row(1, 3))

    assert one.acked_seq == 1


def test_an_erased_call_has_nothing_left() -> None:
    """Neither events nor partials, nor anything to name; it is no live one."""
    one = failed_in_every_way()
    one.fill([event("c1", seq) for seq in (1, 2)])
    publish_to(one, "u1", "u2")
    one.gap_seqs, one.asks = (1,), True

    assert one.erase() == 2
    assert not one.asks
    assert (one.acked_seq, one.behind, kept(one), one.partials) == (3, False, [], {})
    assert (len(one.gap_seqs), one.live, one.capacity.left) == (0, False, 100)
    assert_begins_anew(one)


def test_the_journal_keeps_where_it_is() -> None:
    """Of which life it is said, too."""
    one = lane()
    one.resume(lane_row(4, 9, attempts=3), NOW, NOW)

    assert one.update() == LaneUpdate(C1, CRM, 4, 3, 77.0, generation=3)


def test_a_new_lane_has_no_history() -> None:
    """Its call goes on, as far as is known."""
    one = Lane(C1, CRM, Capacity(1))

    assert_begins_anew(one)
    assert (one.live, one.failures, one.singly_until, one.generation) == (True, 0, 0, 0)
