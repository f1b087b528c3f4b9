"""Which lane is next, and what is kept in memory: pure, so no loop and no clock."""

from service.delivery.lane import (
    MAX_GAP_SEQS,
    MAX_LANE_EVENTS,
    MAX_LANE_PARTIALS,
    Bounds,
    Capacity,
    Lane,
    WaitingPartial,
    bounds_for_each,
)
from service.delivery.schedule import EndpointLanes
from service.ids import CallId
from service.ports import LaneRow, StoredEvent
from tests.delivery.builders import CRM, endpoint, event, live, partial


def lanes(*, max_events: int = 100, max_lanes: int = 100, partials: str = "all") -> EndpointLanes:
    """Return the lanes of an endpoint with little room."""
    return EndpointLanes(
        endpoint(partials=partials), bounds=Bounds(events=max_events, lanes=max_lanes)
    )


def take(queue: EndpointLanes, now: float = 0.0) -> Lane:
    """Return the next lane; there has to be one."""
    lane = queue.take(now)
    assert lane is not None
    return lane


def deliver(queue: EndpointLanes, now: float = 0.0) -> str:
    """Take the next lane as if its event was delivered; return which it was."""
    lane = take(queue, now)
    item = lane.next(now)
    assert isinstance(item, StoredEvent)
    lane.ack(item.seq)
    queue.put_back(lane, now)
    return f"{item.call_id}_{item.seq}"


def row(call_id: str, acked_seq: int, head_seq: int, generation: int = 0) -> LaneRow:
    """Return a lane as the journal lists it."""
    return LaneRow(CallId(call_id), CRM, acked_seq, head_seq, 0, 0.0, generation)


def listed(queue: EndpointLanes, *rows: LaneRow) -> None:
    """List this backlog."""
    queue.begin_listing(disabled=False)
    for one in rows:
        queue.adopt(one, 0.0, 0.0)
    queue.end_listing()


def test_lanes_are_served_round_robin() -> None:
    """One delivery each, in the order in which they got something."""
    queue = lanes()
    queue.commit([event("c1", 1), event("c1", 2)], 0.0)
    queue.commit([event("c2", 1)], 0.0)

    assert [deliver(queue) for _ in range(3)] == ["c1_1", "c2_1", "c1_2"]
    assert queue.take(0.0) is None


def test_a_lane_is_taken_once_at_a_time() -> None:
    """What comes while somebody has a lane does not make it ready."""
    queue = lanes()
    queue.commit([event("c1", 1)], 0.0)
    first = take(queue)
    queue.commit([event("c1", 2)], 0.0)
    queue.publish(live("c1", "u1", 1), 0.0)

    assert queue.take(0.0) is None
    queue.put_back(first, 0.0)
    assert take(queue) is first


def test_a_lane_on_hold_is_back_when_it_is_due() -> None:
    """Not before, whatever else is offered to it; and the alarm says when."""
    queue = lanes()
    queue.commit([event("c1", 1)], 0.0)
    lane = take(queue)
    lane.hold(5.0)
    queue.put_back(lane, 0.0)
    queue.commit([event("c1", 2)], 1.0)

    assert queue.take(4.9) is None
    assert queue.wake_at() == 5.0
    assert queue.take(5.0) is lane


def test_a_partial_that_was_replaced_does_not_ring_the_old_alarm() -> None:
    """With debounce, a newer revision starts the quiet anew; the earlier alarm means nothing."""
    queue = lanes(partials="debounce:300ms")
    queue.publish(live("c1", "u1", 1), 0.0)
    queue.publish(live("c1", "u1", 2), 0.2)

    assert queue.take(0.35) is None
    lane = take(queue, 0.5)
    item = lane.next(0.5)
    assert isinstance(item, WaitingPartial)
    assert item.delivery.id == "prt_u1_2"
    queue.put_back(lane, 0.5)
    assert queue.wake_at() is None


def test_an_open_breaker_sets_the_alarm_once_nothing_is_on_its_way() -> None:
    """While an attempt is on its way, its end is what to wait for."""
    queue = lanes()
    queue.commit([event("c1", 1)], 0.0)
    queue.commit([event("c2", 1)], 0.0)
    lane = take(queue)
    for call in range(10):
        queue.host.breaker.failed(0.0, CallId(f"c{call}"))

    assert queue.wake_at() is None
    queue.put_back(lane, 0.0)
    assert queue.wake_at() == 5.0


def test_a_lane_keeps_few_events_in_memory() -> None:
    """The rest is to be read from the journal; the head says that there is more."""
    queue = lanes()
    queue.commit([event("c1", seq) for seq in range(1, MAX_LANE_EVENTS + 10)], 0.0)
    lane = take(queue)

    assert len(lane.events) == MAX_LANE_EVENTS
    assert lane.head_seq == MAX_LANE_EVENTS + 9


def test_all_lanes_share_the_room_and_give_it_back() -> None:
    """Delivered, held and dropped events make room again, to the last place."""
    queue = lanes(max_events=6)
    for call in ("c1", "c2", "c3"):
        queue.commit([event(call, seq) for seq in (1, 2, 3)], 0.0)
    assert queue.capacity.left == 0

    assert [deliver(queue) for _ in range(2)] == ["c1_1", "c2_1"]
    third = take(queue)
    assert third.next(0.0) is None
    third.fill([event("c3", seq) for seq in (1, 2, 3)])
    assert len(third.events) == 2
    third.hold(5.0)
    queue.put_back(third, 0.0)
    assert queue.capacity.left == 2
    queue.disable()
    assert queue.capacity.left == 6


def test_a_lane_that_must_read_gets_one_place_at_least() -> None:
    """Full lanes beside it cannot starve it."""
    lane = Lane(CallId("c1"), CRM, Capacity(0))
    lane.fill([event("c1", 1), event("c1", 2)])

    assert [one.seq for one in lane.events] == [1]
    lane.ack(1)
    assert lane.capacity.left == 0


def test_a_lane_with_nothing_left_is_forgotten() -> None:
    """Only once it is settled: until then the journal does not know what it had."""
    queue = lanes(max_lanes=1)
    queue.commit([event("c1", 1)], 0.0)
    lane = take(queue)
    lane.ack(1)
    lane.pending_acks = 1
    queue.put_back(lane, 0.0)
    queue.commit([event("c2", 1)], 0.0)
    assert queue.behind == 0

    lane.pending_acks = 0
    queue.release(lane)
    listed(queue, row("c2", 0, 1))
    assert queue.behind == 1


def test_calls_beyond_the_bound_wait_in_the_journal() -> None:
    """They are found by a listing when there is room, from where they stand: nothing is skipped."""
    queue = lanes(max_lanes=1)
    queue.commit([event("c1", 1)], 0.0)
    queue.commit([event("c2", 1)], 0.0)
    queue.publish(live("c2", "u1", 1), 0.0)
    assert deliver(queue) == "c1_1"

    queue.commit([event("c2", 2)], 0.0)
    assert queue.take(0.0) is None
    assert queue.counters.partials_dropped == 1
    listed(queue, row("c2", 0, 2))
    assert take(queue).acked_seq == 0


def test_a_commit_during_a_listing_is_not_lost() -> None:
    """If the listing was too early to show it, the next one has to, before new lanes are made."""
    queue = lanes(max_lanes=1)
    queue.commit([event("c1", 1)], 0.0)
    queue.commit([event("c2", 1)], 0.0)
    deliver(queue)
    queue.begin_listing(disabled=False)
    queue.commit([event("c3", 1)], 0.0)
    queue.end_listing()
    queue.commit([event("c3", 2)], 0.0)
    assert queue.take(0.0) is None

    listed(queue, row("c3", 0, 2))
    assert take(queue).acked_seq == 0


def test_a_backlog_beyond_the_bound_is_taken_up_bit_by_bit() -> None:
    """As many lanes as there is room for, and the rest by later listings."""
    queue = lanes(max_lanes=2)
    rows = [row(f"c{number}", 0, 1) for number in range(3)]
    listed(queue, *rows)
    assert queue.behind == 3

    for _ in range(2):
        lane = take(queue)
        lane.fill([event(lane.call_id, 1)])
        lane.ack(1)
        queue.put_back(lane, 0.0)
    listed(queue, rows[2])
    assert take(queue).call_id == "c2"


def test_a_listing_that_is_ahead_of_a_commit_is_no_second_delivery() -> None:
    """The lanes may find events in the journal before they are told of them."""
    queue = lanes()
    listed(queue, row("c1", 0, 2))
    queue.commit([event("c1", 1), event("c1", 2)], 0.0)
    lane = take(queue)
    lane.fill([event("c1", 1), event("c1", 2)])

    assert [one.seq for one in lane.events] == [1, 2]
    assert lane.head_seq == 2


def test_a_lane_that_saw_only_partials_learns_where_it_stands() -> None:
    """From a listing as well as from the next commit."""
    queue = lanes()
    queue.publish(live("c1", "u1", 1), 0.0)
    lane = take(queue)
    listed(queue, row("c1", 3, 5))

    assert (lane.acked_seq, lane.head_seq, lane.asks) == (3, 5, True)


def test_waiting_partials_are_bounded() -> None:
    """Beyond sixteen utterances the oldest is dropped, and counted."""
    lane = Lane(CallId("c1"), CRM, Capacity(10))
    dropped = [
        lane.publish(f"u{n}", partial(f"u{n}", 1), 0.0) for n in range(MAX_LANE_PARTIALS + 2)
    ]

    assert dropped == [0] * MAX_LANE_PARTIALS + [1, 1]
    assert list(lane.partials) == [f"u{n}" for n in range(2, MAX_LANE_PARTIALS + 2)]


def test_a_gap_does_not_grow_without_end() -> None:
    """A receiver that refuses everything is told of the last hundred."""
    lane = Lane(CallId("c1"), CRM, Capacity(10))
    for seq in range(1, MAX_GAP_SEQS + 51):
        lane.park(seq)

    assert lane.gap_seqs == tuple(range(51, MAX_GAP_SEQS + 51))


def test_room_is_divided_among_endpoints() -> None:
    """A few have as much as is of use; many have all together what a few have."""
    assert bounds_for_each(0) == bounds_for_each(1) == bounds_for_each(6) == Bounds()
    assert bounds_for_each(200) == Bounds(events=163, lanes=300)
    assert bounds_for_each(1000) == Bounds(events=128, lanes=300)
    assert (Bounds().events, Bounds().lanes) == (4096, 10_000)
    assert bounds_for_each(9) == Bounds(events=3640, lanes=6666)
    assert bounds_for_each(29) == Bounds(events=1129, lanes=2068)


def test_nothing_is_kept_in_memory_for_a_host_that_is_away() -> None:
    """Nobody knows for how long, and the journal has it."""
    queue = lanes(max_events=100)
    for call in range(10):
        queue.host.breaker.failed(0.0, call)
    queue.commit([event("c1", 1), event("c1", 2)], 0.0)

    assert queue.capacity.left == 100
    assert queue.behind == 1
    lane = take(queue, 5.0)
    assert lane.next(5.0) is None
