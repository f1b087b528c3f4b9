"""What listings, erasure and switching leave of a scheduler's lanes, and what they forget. Pure."""

from service.delivery.memories import LaneMemory
from service.delivery.schedule import EndpointLanes
from service.ids import CallId
from tests.delivery.builders import C1, event, live
from tests.delivery.test_schedule_places import (
    NOW,
    commit,
    deliver,
    held,
    lanes,
    listed,
    open_breaker,
    row,
    take,
    taken,
    wait,
)


def test_a_lane_that_is_done_is_remembered_by_which_life_it_is_in() -> None:
    """Also if nothing of it was given up."""
    queue = lanes()
    listed(queue, row("c1", 0, 1, generation=2))
    lane = take(queue, NOW + 600)
    deliver(queue, lane)
    assert queue.take(NOW + 600) is None or lane.behind
    lane.ack(1)
    queue.put_back(lane, NOW)
    commit(queue, "c1", 2)

    again = take(queue)
    assert again is not lane
    assert again.generation == 2


def test_a_call_that_began_before_is_asked_for_once() -> None:
    """An earlier life may have left something of it; what it answered is remembered."""
    queue = lanes()
    for seq, asks in ((2, True), (3, False)):
        commit(queue, "c1", seq)
        lane = take(queue)
        assert lane.asks == asks
        lane.recall(None, ())
        lane.ack(seq)
        queue.put_back(lane, NOW)


def test_a_call_that_began_here_is_not_asked_for() -> None:
    """As long as it is among the newest 5,000, and nobody else had it meanwhile."""
    queue = lanes(attempts=8)
    for number in range(5001):
        commit(queue, f"c{number}", 1)
        lane = take(queue)
        lane.ack(1)
        queue.put_back(lane, NOW)
    queue.let_go(CallId("c2"))
    for number in range(3):
        commit(queue, f"c{number}", 2)

    assert [lane.asks for lane in iter(lambda: queue.take(NOW), None) if lane] == [
        True,
        False,
        True,
    ]


def test_who_let_all_calls_go_knows_nothing_of_any() -> None:
    """Others had them meanwhile."""
    queue = lanes()
    commit(queue, "c1", 1)
    deliver(queue, take(queue))
    queue.let_go()
    commit(queue, "c1", 2)

    assert take(queue).asks


def test_what_another_worker_left_is_known() -> None:
    """Its next event is of the life that the journal has, and names what was given up."""
    queue = lanes()
    queue.remember(C1, LaneMemory(3, (2,)))
    commit(queue, "c1", 3)

    lane = take(queue)
    assert (lane.generation, lane.gap_seqs) == (3, (2,))


def test_what_the_journal_says_last_is_known() -> None:
    """Also that there is nothing to know any more."""
    queue = lanes()
    commit(queue, "c1", 1)
    deliver(queue, take(queue))
    queue.remember(C1, LaneMemory(3, (2,)))
    queue.remember(C1, LaneMemory())
    commit(queue, "c1", 3)

    lane = take(queue)
    assert (lane.generation, lane.gap_seqs, lane.asks) == (0, (), False)


def test_what_is_known_of_a_lane_that_is_here_is_better() -> None:
    """What the journal has of it is older."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    queue.remember(C1, LaneMemory(3, (2,)))
    lane.ack(1)
    queue.put_back(lane, NOW)
    commit(queue, "c1", 2)

    again = take(queue)
    assert (again.generation, again.gap_seqs) == (0, ())


def to_deliver(queue: EndpointLanes) -> list[str]:
    """Take all that is ready; return the calls of which there is something to deliver."""
    ready = iter(lambda: queue.take(NOW), None)
    return [lane.call_id for lane in ready if lane and lane.behind]


def test_a_call_that_is_let_go_is_nobodys_here() -> None:
    """It alone: nothing of it goes out, waits or counts; one that is unknown is no matter."""
    queue = lanes()
    commit(queue, "c1", 1)
    commit(queue, "c2", 1)
    queue.let_go(C1)
    queue.let_go(CallId("nobody"))

    assert queue.behind == 1
    commit(queue, "c1", 2)
    assert queue.behind == 2
    assert to_deliver(queue) == ["c2", "c1"]


def test_what_is_on_its_way_when_all_is_let_go_ends_by_itself() -> None:
    """Until then no other attempt of its call begins; nothing else is left."""
    queue = lanes()
    commit(queue, "c1", 1)
    commit(queue, "c2", 1)
    lane = take(queue)
    queue.let_go()

    assert queue.behind == 0
    commit(queue, "c1", 2)
    assert to_deliver(queue) == []
    queue.put_back(lane, NOW)
    commit(queue, "c2", 2)
    assert to_deliver(queue) == ["c1", "c2"]


def test_a_listing_does_not_forget_what_was_given_up() -> None:
    """Here: the next delivery is still to name it."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    lane.park(1)
    queue.put_back(lane, NOW)
    listed(queue, row("c1", 1, 2))

    assert take(queue, NOW + 600).gap_seqs == (1,)


def test_what_is_given_up_while_an_endpoint_is_disabled_is_named_after() -> None:
    """The attempt was on its way; so is what was given up before, of a lane that rests."""
    queue = lanes()
    for call_id in ("c1", "c2"):
        commit(queue, call_id, 1)
    lane, rests = take(queue), take(queue)
    rests.park(1)
    rests.pending_acks = 1
    queue.put_back(rests, NOW)
    queue.disable()
    lane.park(1)
    queue.put_back(lane, NOW)
    listed(queue)
    for call_id in ("c1", "c2"):
        commit(queue, call_id, 2)

    assert [take(queue).gap_seqs for _ in range(2)] == [(1,), (1,)]


def test_an_endpoint_that_is_enabled_has_no_new_lanes_before_it_is_listed() -> None:
    """Their backlog was dropped when it was disabled."""
    queue = lanes()
    listed(queue)
    queue.disable()
    queue.begin_listing(disabled=False)
    commit(queue, "c1", 2)
    assert queue.take(NOW) is None

    queue.end_listing()
    listed(queue, row("c1", 0, 2))
    assert take(queue, NOW + 600).acked_seq == 0


def test_a_listing_that_is_ahead_says_that_there_is_more() -> None:
    """The events are read when they are next."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    listed(queue, row("c1", 0, 5))
    assert lane.head_seq == 5
    listed(queue, row("c1", 0, 3))
    assert lane.head_seq == 5


def test_a_call_that_another_process_erased_goes_on_where_that_left_it() -> None:
    """Beyond all that was known here."""
    queue = lanes()
    commit(queue, "c1", 1)
    lane = take(queue)
    listed(queue, row("c1", 2, 3))

    assert (lane.acked_seq, lane.head_seq) == (2, 3)


def said(queue: EndpointLanes, *texts: str) -> None:
    """Tell of revisions of an utterance."""
    for revision, text in enumerate(texts, 1):
        queue.publish(live("c1", "u", revision, text), NOW)


def test_after_its_final_an_utterance_begins_anew() -> None:
    """What was stable before is not compared with what comes then."""
    queue = lanes(partials="stable")
    said(queue, "a b", "a b c")
    lane = take(queue)
    assert len(lane.partials) == 1
    queue.commit([event("c1", 1, "transcript.final")], NOW)
    said(queue, "a b c")

    assert lane.partials == {}


def test_of_an_erased_call_no_words_are_remembered() -> None:
    """Whoever erased it: this process or another."""
    queue = lanes(partials="stable")
    commit(queue, "c1", 1)
    lane = take(queue)
    said(queue, "a b")
    queue.erase(C1)
    said(queue, "a b")
    assert lane.partials == {}
    listed(queue, row("c1", 2, 2))
    said(queue, "a b")

    assert lane.partials == {}


def test_what_a_disabled_endpoint_missed_is_counted_once() -> None:
    """By the next listing, which finds all of it in the journal, and by each after that."""
    queue = lanes()
    for call in ("c1", "c2"):
        commit(queue, call, 1)
    queue.disable()
    for _ in range(2):
        listed(queue, row("c1", 0, 1), row("c2", 0, 1), disabled=True)
        assert queue.behind == 2


def test_an_endpoint_that_is_disabled_keeps_nothing_in_memory() -> None:
    """Neither what is ready nor what waits; enabled again, all is as the journal has it."""
    queue = lanes()
    wait(queue, "c1")
    commit(queue, "c2", 1)
    listed(queue, row("c1", 0, 1), row("c2", 0, 1), disabled=True)
    assert (queue.wake_at(), queue.waits, queue.capacity.left) == (None, False, 4096)
    listed(queue, row("c3", 0, 1))

    assert queue.behind == 1
    assert taken(queue, NOW + 600) == ["c3"]


def test_an_endpoint_that_is_disabled_holds_nothing() -> None:
    """Enabled again, it begins with what comes then."""
    queue, first = held("c1", "c2")
    queue.disable()
    queue.put_back(first, NOW)
    listed(queue)

    assert queue.take(NOW) is None


def test_only_who_enables_an_endpoint_forgets_its_failures() -> None:
    """A listing that finds it as it was changes nothing, enabled or disabled."""
    queue = lanes()
    for disabled in (False, True, True):
        open_breaker(queue)
        listed(queue, disabled=disabled)
        assert queue.host.breaker.is_open
    listed(queue)

    assert not queue.host.breaker.is_open


def test_a_listing_counts_anew_what_has_no_room() -> None:
    """It is as many as it finds, not as many more."""
    queue = lanes(max_lanes=1)
    for _ in range(2):
        listed(queue, row("c1", 0, 1), row("c2", 0, 1))
        assert queue.behind == 2


def test_new_calls_have_lanes_again_once_a_listing_had_room_for_all() -> None:
    """Until then the journal may have more of them than is known here."""
    queue = lanes(max_lanes=1)
    commit(queue, "c1", 1)
    commit(queue, "c2", 1)
    deliver(queue, take(queue))
    commit(queue, "c3", 1)
    assert queue.take(NOW) is None
    listed(queue)
    commit(queue, "c4", 1)

    assert taken(queue) == ["c4"]
