"""Where a lane is while it waits: what takes it from there, once, and what forgets it. Pure."""

from service.delivery.host import Host
from service.delivery.lane import Bounds, Lane
from service.delivery.schedule import EndpointLanes
from service.ids import CallId
from service.ports import LaneRow
from tests.delivery.builders import CRM, endpoint, event, live

NOW = 1000.0
PROBED_AT = NOW + 5
"""When a breaker that opens now lets somebody through."""


def lanes(
    *, partials: str = "all", attempts: int = 2, max_lanes: int = 100, host: Host | None = None
) -> EndpointLanes:
    """Return the lanes of an endpoint that has two places, one of them for partials as well."""
    bounds = Bounds(attempts=attempts, lanes=max_lanes)
    return EndpointLanes(endpoint(partials=partials), host, bounds)


def commit(queue: EndpointLanes, call: str, *seqs: int) -> None:
    """Tell of events of a call."""
    queue.commit([event(call, seq) for seq in seqs], NOW)


def publish(queue: EndpointLanes, *calls: str) -> None:
    """Tell of a partial of each of these calls."""
    for call in calls:
        queue.publish(live(call, "u", 1), NOW)


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


def deliver(queue: EndpointLanes, lane: Lane) -> None:
    """Have everything that a lane has arrive, and put it back."""
    while lane.next(NOW) is not None:
        if lane.behind:
            lane.ack(lane.acked_seq + 1)
    queue.put_back(lane, NOW)


def wait(queue: EndpointLanes, call: str, until: float = NOW + 600) -> Lane:
    """Have a lane of a call that is over wait to be tried again."""
    commit(queue, call, 1)
    lane = take(queue)
    lane.live = False
    lane.retry(NOW, until - NOW, 0.0)
    queue.put_back(lane, NOW)
    return lane


def open_breaker(queue: EndpointLanes) -> None:
    """Have ten lanes find nobody at its host."""
    for number in range(10):
        queue.host.breaker.failed(NOW, number)


def listed(queue: EndpointLanes, *rows: LaneRow, disabled: bool = False) -> None:
    """List this backlog."""
    queue.begin_listing(disabled=disabled)
    for one in rows:
        queue.adopt(one, NOW, NOW + 600)
    queue.end_listing()


def row(call: str, acked_seq: int, head_seq: int, generation: int = 0) -> LaneRow:
    """Return a lane as the journal lists it."""
    return LaneRow(CallId(call), CRM, acked_seq, head_seq, 0, 0.0, generation)


def held(*calls: str) -> tuple[EndpointLanes, Lane]:
    """Return lanes of which the first is on its way with a partial, and those behind it held."""
    queue = lanes()
    publish(queue, *calls)
    first = take(queue)
    assert queue.take(NOW) is None
    return queue, first


def test_held_lanes_go_out_in_turn_when_there_is_room() -> None:
    """However often they are looked at before."""
    queue, first = held("c1", "c2", "c3")
    assert queue.take(NOW) is None
    deliver(queue, first)

    assert take(queue).call_id == "c2"


def test_a_held_lane_keeps_its_turn_when_its_partial_is_replaced() -> None:
    """By a newer one of the same utterance."""
    queue, first = held("c1", "c2", "c3")
    publish(queue, "c2")
    assert queue.take(NOW) is None
    deliver(queue, first)

    assert take(queue).call_id == "c2"


def test_a_held_lane_that_gets_an_event_is_ready_once() -> None:
    """Also if it was ready again already, behind another."""
    queue, first = held("c1", "c2")
    deliver(queue, first)
    commit(queue, "c3", 1)
    assert take(queue).call_id == "c3"
    commit(queue, "c2", 1)

    assert taken(queue) == ["c2"]


def test_an_event_goes_out_in_place_of_the_partial_before_it() -> None:
    """If there is no place for that; it then has the place of an event."""
    queue, _ = held("c1", "c2")
    commit(queue, "c2", 1)
    lane = take(queue)

    assert (lane.partials, lane.has_place_of_partial) == ({}, False)
    assert (queue.partials_busy, queue.counters.partials_dropped) == (1, 1)


def test_a_lane_whose_hold_is_over_needs_no_place_of_a_partial() -> None:
    """It is forgotten, for it has nothing left."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    lane.ack(1)
    lane.hold(NOW + 5)
    queue.put_back(lane, NOW)
    publish(queue, "c2")
    take(queue)

    assert queue.take(NOW + 5) is lane


def test_who_holds_partials_is_woken_when_there_is_room() -> None:
    """By another endpoint of its host."""
    host = Host(2)
    one, other = lanes(host=host), lanes(host=host)
    woken: list[str] = []
    other.on_wake = lambda: woken.append("other")
    publish(one, "c1")
    lane = take(one)
    publish(other, "c2")
    assert other.take(NOW) is None
    deliver(one, lane)
    host.pass_on()

    assert woken == ["other"]
    assert taken(other) == ["c2"]


def test_who_has_nothing_but_lanes_that_wait_is_woken_when_the_breaker_changes() -> None:
    """They may be what the host is tried with."""
    queue, woken = lanes(), list[int]()
    wait(queue, "c1")
    open_breaker(queue)
    queue.on_wake = lambda: woken.append(1)
    assert queue.take(NOW) is None
    queue.host.pass_on()

    assert woken == [1]


def test_a_host_is_tried_with_a_lane_that_waits() -> None:
    """Ahead of its schedule, and the alarm knows when."""
    queue = lanes()
    lane = wait(queue, "c1")
    open_breaker(queue)
    assert queue.wake_at() == PROBED_AT

    assert queue.take(PROBED_AT) is lane
    assert lane.due_at == PROBED_AT


def test_a_host_is_tried_with_a_lane_that_is_held() -> None:
    """And that is its turn: it is not held any more."""
    queue, first = held("c1", "c2")
    open_breaker(queue)
    deliver(queue, first)
    assert queue.wake_at() == PROBED_AT
    probe = take(queue, PROBED_AT)
    assert probe.call_id == "c2"
    queue.host.breaker.answered()
    deliver(queue, probe)

    assert taken(queue, PROBED_AT) == []


def test_a_host_is_tried_with_a_lane_that_is_ready() -> None:
    """And that is its turn, too."""
    queue = lanes()
    commit(queue, "c1", 1)
    commit(queue, "c2", 1)
    open_breaker(queue)
    assert queue.take(NOW) is None
    assert take(queue, PROBED_AT).call_id == "c1"
    queue.host.breaker.answered()

    assert taken(queue, PROBED_AT) == ["c2"]


def test_lanes_that_were_tried_take_turns_with_those_that_never_were() -> None:
    """There are receivers that fail at whatever is new."""
    for failed_probes, call in enumerate(["tried", "new", "tried", "new"]):
        queue = lanes()
        wait(queue, "tried")
        open_breaker(queue)
        commit(queue, "new", 1)
        queue.host.breaker.failed_probes = failed_probes
        assert take(queue, PROBED_AT).call_id == call


def test_a_lane_that_waits_has_a_chance_beside_however_many_are_ready() -> None:
    """Not all that are ready are looked at."""
    queue = lanes(max_lanes=1000)
    wait(queue, "tried")
    open_breaker(queue)
    for number in range(150):
        commit(queue, f"new {number}", 1)

    assert take(queue, PROBED_AT).call_id == "tried"


def test_an_endpoint_finds_out_for_itself_with_one_lane_at_a_time() -> None:
    """It took the last attempt, so for all it knows another one of its host is not well."""
    queue = lanes()
    queue.record.succeeded(NOW)
    open_breaker(queue)
    for call in ("c1", "c2"):
        commit(queue, call, 1)

    assert taken(queue) == ["c1"]


def test_what_is_on_its_way_stays_in_memory() -> None:
    """Also to a host that is away: of the others the journal has the events."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    open_breaker(queue)
    commit(queue, "c1", 2)
    commit(queue, "c2", 1, 2)

    assert [one.seq for one in lane.events] == [1, 2]
    assert queue.capacity.left == 4096 - 2


def test_the_end_of_an_outage_leaves_no_alarm() -> None:
    """All that waited is ready."""
    queue = lanes()
    for call in ("c1", "c2"):
        wait(queue, call)
    queue.pull_forward(NOW + 1)

    assert queue.wake_at() is None
    assert taken(queue, NOW + 1) == ["c1", "c2"]


def test_a_lane_that_fails_after_an_outage_waits_on_as_before() -> None:
    """Until the time that it had to wait for already."""
    queue = lanes()
    lane = wait(queue, "c1")
    queue.pull_forward(NOW + 1)
    assert queue.take(NOW + 1) is lane
    lane.retry_extra(NOW + 1, at_fault=True)
    queue.put_back(lane, NOW + 1)

    assert queue.wake_at() == NOW + 600


def test_the_end_of_an_outage_sets_the_alarm_for_what_still_waits() -> None:
    """For the first of it: its receiver said how long."""
    queue = lanes()
    for call, asked_s in (("c1", 40), ("c2", 20)):
        wait(queue, call).not_before = NOW + asked_s
    queue.pull_forward(NOW)

    assert queue.wake_at() == NOW + 20
