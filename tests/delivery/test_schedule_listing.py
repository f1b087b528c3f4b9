"""What a scheduler keeps and forgets: its bounds, listings, being disabled, erasure. Pure."""

from service.delivery.host import Host
from service.delivery.lane import Lane
from service.delivery.schedule import Counters, EndpointLanes
from service.ids import CallId
from service.ports import LaneRow
from tests.delivery.builders import C1, CRM, endpoint, event, live

NOW = 1000.0


def lanes() -> EndpointLanes:
    """Return the lanes of an endpoint that gets everything."""
    return EndpointLanes(endpoint())


def commit(queue: EndpointLanes, call: str, *seqs: int) -> None:
    """Tell of events of a call."""
    queue.commit([event(call, seq) for seq in seqs], NOW)


def take(queue: EndpointLanes, now: float = NOW) -> Lane:
    """Return the next lane; there has to be one."""
    lane = queue.take(now)
    assert lane is not None
    return lane


def taken(queue: EndpointLanes, now: float = NOW) -> list[str]:
    """Take whatever may be taken; return of which calls."""
    calls = []
    while (lane := queue.take(now)) is not None:
        calls.append(str(lane.call_id))
    return calls


def row(
    acked_seq: int, head_seq: int, *, generation: int = 0, attempts: int = 0, live: bool = True
) -> LaneRow:
    """Return the lane of a call as the journal lists it."""
    return LaneRow(C1, CRM, acked_seq, head_seq, attempts, 0.0, generation, live)


def adopt(queue: EndpointLanes, one: LaneRow, *, due_at: float = 0.0) -> None:
    """Find a lane in a listing."""
    queue.begin_listing(disabled=False)
    queue.adopt(one, NOW, due_at)
    queue.end_listing()


def test_what_it_counts_begins_at_nothing() -> None:
    """And no outage has ended yet."""
    assert lanes().counters == Counters(0, 0, 0, 0, 0)
    assert (lanes().behind, lanes().busy, lanes().recovered_at, lanes().waits) == (0, 0, 0, False)


def test_it_has_room_for_4096_events_and_10000_calls() -> None:
    """The rest is in the journal."""
    queue = lanes()
    assert queue.capacity.left == 4096
    for number in range(10_001):
        commit(queue, f"c{number}", 1)

    assert queue.behind == 10_000
    assert queue.capacity.left == 0


def test_it_has_three_places_in_four_for_partials() -> None:
    """Of the 32 that it has unless told otherwise."""
    queue = lanes()
    for number in range(40):
        queue.publish(live(f"c{number}", "u1", 1), NOW)

    assert len(taken(queue)) == 24
    assert (queue.busy, queue.partials_busy) == (24, 24)
    assert (queue.host.busy, queue.host.partials) == (24, 24)


def test_partials_that_are_dropped_are_counted() -> None:
    """One that a newer one replaces, those that a final overtakes, and what has no lane."""
    queue = lanes()
    queue.publish(live("c1", "u1", 1), NOW)
    queue.publish(live("c1", "u1", 2), NOW)
    assert queue.counters.partials_dropped == 1
    queue.publish(live("c1", "u2", 1), NOW)
    queue.commit([event("c1", 1, "transcript.final")], NOW)
    assert queue.counters.partials_dropped == 3
    assert queue.waits
    queue.disable()
    queue.publish(live("c2", "u1", 1), NOW)
    assert queue.counters.partials_dropped == 4


def test_a_place_is_given_back() -> None:
    """At the endpoint and at its host, of a partial and of an event."""
    queue = lanes()
    queue.publish(live("c1", "u1", 1), NOW)
    commit(queue, "c2", 1)
    partial, durable = take(queue), take(queue)
    partial.next(NOW)
    queue.put_back(partial, NOW)
    assert (queue.busy, queue.partials_busy, queue.host.partials) == (1, 0, 0)
    queue.put_back(durable, NOW)

    assert (queue.busy, queue.partials_busy, queue.host.busy) == (0, 0, 0)


def test_the_first_alarm_is_of_what_waits_least() -> None:
    """Of nothing, there is none."""
    queue = lanes()
    assert queue.wake_at() is None
    for call, due_at in (("c1", NOW + 9), ("c2", NOW + 5)):
        commit(queue, call, 1)
        lane = take(queue)
        lane.hold(due_at)
        queue.put_back(lane, NOW)

    assert queue.wake_at() == NOW + 5
    assert taken(queue, NOW + 4.9) == []
    assert taken(queue, NOW + 9) == ["c2", "c1"]


def test_an_open_breaker_has_no_alarm_for_nothing() -> None:
    """Nor while its host is tried."""
    queue = lanes()
    for number in range(10):
        queue.host.breaker.failed(NOW, number)
    assert queue.wake_at() is None
    commit(queue, "c1", 1)
    assert queue.wake_at() == NOW + 5
    take(queue, NOW + 5)
    assert queue.wake_at() is None


def test_an_outage_ends_for_all_that_wait_live_calls_first() -> None:
    """What failed of the host is forgotten."""
    queue = lanes()
    for call in ("over", "live"):
        commit(queue, call, 1)
        lane = take(queue)
        lane.live = call == "live"
        lane.host_failures = 3
        lane.retry(NOW, 600.0, 0.0)
        queue.put_back(lane, NOW)
    queue.pull_forward(NOW + 1)

    assert queue.recovered_at == NOW + 1
    first, second = take(queue, NOW + 1), take(queue, NOW + 1)
    assert [first.call_id, second.call_id] == ["live", "over"]
    assert (first.host_failures, second.host_failures) == (0, 0)


def test_what_its_receiver_puts_off_waits_through_the_end_of_an_outage() -> None:
    """And the alarm knows when."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    lane.not_before = NOW + 40
    lane.retry(NOW, 600.0, 0.0)
    queue.put_back(lane, NOW)
    queue.pull_forward(NOW)

    assert queue.wake_at() == NOW + 40
    assert taken(queue, NOW + 40) == ["c1"]


def test_a_lane_that_is_done_is_remembered_by_what_its_next_event_needs() -> None:
    """Which life it is in, and what was given up before."""
    queue = lanes()
    adopt(queue, row(0, 1, generation=2))
    lane = take(queue)
    lane.park(1)
    queue.put_back(lane, NOW)
    assert queue.behind == 0
    commit(queue, "c1", 2)

    again = take(queue)
    assert again is not lane
    assert (again.generation, again.gap_seqs, again.acked_seq) == (2, (1,), 1)


def test_what_is_remembered_of_lanes_is_bounded() -> None:
    """The last thousand. From then on, what is not remembered may have been forgotten."""
    queue = lanes()
    for number in range(1001):
        commit(queue, f"c{number}", 1)
        lane = take(queue)
        lane.park(1)
        queue.put_back(lane, NOW)
    for number in (0, 1):
        commit(queue, f"c{number}", 2)

    told = [(one.gap_seqs, one.asks) for one in (take(queue), take(queue))]
    assert told == [((), True), ((1,), False)]


def test_a_lane_that_nothing_is_remembered_of_has_nothing_to_ask() -> None:
    """As long as nothing was forgotten."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    lane.ack(1)
    queue.put_back(lane, NOW)
    commit(queue, "c1", 2)

    assert not take(queue).asks


def test_a_lane_that_has_anything_left_is_kept() -> None:
    """An ack to be written, a partial, an attempt on its way."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    queue.release(lane)
    queue.publish(live("c1", "u1", 1), NOW)
    lane.ack(1)
    queue.put_back(lane, NOW)

    assert take(queue) is lane


def test_an_erased_call_has_nothing_left_to_deliver() -> None:
    """Its partials are counted as dropped; a call that nobody knows has none."""
    queue = lanes()
    commit(queue, "c1", 1)
    queue.publish(live("c1", "u1", 1), NOW)
    queue.erase(C1)
    queue.erase(CallId("unknown"))

    assert (queue.behind, queue.counters.partials_dropped) == (0, 1)


def test_a_disabled_endpoint_gets_nothing_and_forgets_nothing() -> None:
    """What it missed is counted; an attempt on its way ends in its own time."""
    queue = lanes()
    for call in ("c1", "c2", "c3"):
        commit(queue, call, 1, 2)
    first, second = take(queue), take(queue)
    queue.last_to_arrive = first
    queue.disable()
    assert queue.behind == 3
    assert queue.last_to_arrive is None
    assert queue.take(NOW) is None
    first.ack(1)
    first.ack(2)
    queue.put_back(first, NOW)
    assert queue.behind == 2
    queue.put_back(second, NOW)

    assert (queue.behind, queue.busy, queue.capacity.left) == (2, 0, 4096)
    assert (queue.wake_at(), queue.waits) == (None, False)


def test_an_endpoint_is_disabled_and_enabled_by_a_listing() -> None:
    """Enabled again, nothing that failed before is held against it, nor against its host."""
    queue = lanes()
    commit(queue, "c1", 1)
    for number in range(10):
        queue.record.failed(NOW)
        queue.host.breaker.failed(NOW, number)
    queue.begin_listing(disabled=True)
    queue.end_listing()
    assert (queue.disabled, queue.take(NOW)) == (True, None)

    queue.begin_listing(disabled=False)
    queue.adopt(row(0, 1, attempts=3, live=False), NOW, NOW + 600)
    queue.end_listing()
    assert not queue.disabled
    assert not queue.host.breaker.is_open
    assert queue.record.failing_for_s(NOW + 60) == 0
    assert taken(queue) == ["c1"]


def test_a_listing_finds_a_lane_where_the_journal_says() -> None:
    """It waits as long as it has to, and asks what was given up before."""
    queue = lanes()
    adopt(queue, row(4, 9, generation=2, attempts=3, live=False), due_at=NOW + 600)
    assert (queue.behind, queue.wake_at()) == (1, NOW + 600)

    lane = take(queue, NOW + 600)
    assert (lane.acked_seq, lane.head_seq, lane.generation) == (4, 9, 2)
    assert (lane.attempts, lane.asks, lane.live) == (3, True, False)


def test_lanes_that_were_tried_before_the_start_have_it_begin_with_a_probe() -> None:
    """Ten of them, of all endpoints of the host; what was never tried says nothing of it."""
    host = Host()
    queues = [EndpointLanes(endpoint(name), host) for name in ("one", "two")]
    for queue, tried, untried in zip(queues, (4, 6), (9, 0), strict=True):
        queue.begin_listing(disabled=False)
        assert not host.breaker.is_open
        for number in range(tried + untried):
            attempts = 1 if number < tried else 0
            one = LaneRow(CallId(f"c{number}"), queue.name, 0, 1, attempts, 0.0, 0, live=False)
            queue.adopt(one, NOW, NOW + 600)

    assert host.breaker.open_until == NOW
    assert sum(len(taken(queue)) for queue in queues) == 1


def test_a_healthy_endpoint_does_not_wait_for_what_a_listing_finds() -> None:
    """Somebody failed before; it takes now."""
    queue = lanes()
    queue.record.succeeded(NOW)
    adopt(queue, row(0, 1, attempts=3, live=False), due_at=NOW + 600)

    assert taken(queue) == ["c1"]


def test_a_lane_that_another_process_rewound_starts_over() -> None:
    """And only if it was: the same life goes on where it is."""
    queue = lanes()
    commit(queue, "c1", 1, 2, 3)
    lane = take(queue)
    lane.ack(1)
    queue.put_back(lane, NOW)
    adopt(queue, row(0, 3))
    assert lane.acked_seq == 1
    adopt(queue, row(0, 4, generation=1))

    assert (lane.acked_seq, lane.head_seq, lane.generation) == (0, 4, 1)


def test_a_call_that_another_process_erased_is_passed_over() -> None:
    """With its partials, which are counted."""
    queue = lanes()
    commit(queue, "c1", 1)
    queue.publish(live("c1", "u1", 1), NOW)
    adopt(queue, row(1, 2, live=False))

    lane = take(queue)
    assert (lane.acked_seq, lane.head_seq, lane.live, lane.partials) == (1, 2, False, {})
    assert queue.counters.partials_dropped == 1


def test_a_call_that_ended_is_live_no_more() -> None:
    """Whoever says so first: the lane or the listing."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    adopt(queue, row(0, 1))
    assert lane.live
    adopt(queue, row(0, 1, live=False))
    assert not lane.live
    adopt(queue, row(0, 1))
    assert not lane.live


def test_another_endpoint_that_finds_the_host_there_has_one_lane_tried() -> None:
    """Ahead of its schedule; if there is none, that is all right."""
    host = Host()
    queue = EndpointLanes(endpoint(), host)
    queue.host_is_back(NOW)
    for call in ("c1", "c2"):
        commit(queue, call, 1)
        lane = take(queue)
        lane.live = False
        lane.retry(NOW, 600.0, 0.0)
        queue.put_back(lane, NOW)
    assert queue.probe_rank(NOW) is not None
    queue.host_is_back(NOW)

    assert len(taken(queue)) == 1


def test_it_is_woken_by_whoever_handles_its_lanes() -> None:
    """Before that, nothing happens."""
    queue, woken = lanes(), list[int]()
    queue.wake()
    queue.on_wake = lambda: woken.append(1)
    queue.wake()

    assert woken == [1]
