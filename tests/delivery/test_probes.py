"""Which lane a host that was not there is tried with."""

from service.delivery.lane import Capacity, Lane, Place
from service.delivery.probes import best_probe
from service.ids import CallId
from tests.delivery.builders import CRM, event

NOW = 1000.0


def lane(name: str, place: Place = Place.READY, **so: object) -> Lane:
    """Return a lane with one event, in this place."""
    made = Lane(CallId(name), CRM, Capacity(10))
    made.commit([event(name, 1)])
    made.place = place
    for field, value in so.items():
        setattr(made, field, value)
    return made


def best(*lanes: Lane, last: Lane | None = None, wants_tried: bool = True) -> str | None:
    """Return which lane it is."""
    found = best_probe(lanes, NOW, last=last, healthy=False, wants_tried=wants_tried)
    return found.lane.call_id if found else None


def test_there_may_be_none() -> None:
    """What is idle or on its way is none."""
    assert best() is None
    assert best(lane("idle", Place.IDLE), lane("busy", Place.BUSY)) is None


def test_what_waits_may_be_one_ahead_of_its_schedule() -> None:
    """Not before its receiver wants it, and not if a partial is all it has."""
    late = lane("late", Place.WAITING, due_at=NOW + 60, not_before=NOW)
    early = lane("early", Place.WAITING, not_before=NOW + 0.1)
    empty = lane("empty", Place.WAITING, acked_seq=1)

    assert best(early, empty) is None
    assert best(early, empty, late) == "late"


def test_what_is_ready_may_be_one_whatever_it_has() -> None:
    """Also a partial, also one for which there is no place; an event is better."""
    partial_only = lane("partial", acked_seq=1)
    held = lane("held", Place.HELD, acked_seq=1)

    assert best(partial_only) == "partial"
    assert best(held) == "held"
    assert best(held, partial_only, lane("event", host_failures=9)) == "event"


def test_those_that_were_tried_take_turns_with_those_that_never_were() -> None:
    """The one that arrived last counts as tried."""
    new, tried, last = lane("new"), lane("tried", attempts=1), lane("last")

    assert best(new, tried) == "tried"
    assert best(new, last, last=last) == "last"
    assert best(tried, last, new, last=last, wants_tried=False) == "new"


def test_a_lane_that_failed_seldom_is_better() -> None:
    """Then one of a live call."""
    often = lane("often", attempts=1, host_failures=2)
    seldom = lane("seldom", attempts=1, host_failures=1, live=False)
    live = lane("live", attempts=1, host_failures=1)

    assert best(often, seldom) == "seldom"
    assert best(often, seldom, live) == "live"


def test_a_healthy_endpoint_has_better_ones() -> None:
    """Better than another's, whatever its lanes are, but no partial is better than an event."""
    ranks = {
        (healthy, behind): probe.rank
        for healthy in (True, False)
        for behind in (True, False)
        for acked in (0 if behind else 1,)
        if (
            probe := best_probe(
                [lane("c1", acked_seq=acked, host_failures=9 * healthy)],
                NOW,
                last=None,
                healthy=healthy,
                wants_tried=healthy,
            )
        )
    }

    assert sorted(ranks, key=ranks.__getitem__) == [
        (True, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_the_first_hundred_are_enough() -> None:
    """Of those that may be one: what comes after is not looked at, however good."""
    busy = [lane(f"busy{number}", Place.BUSY) for number in range(50)]
    bad = [lane(f"bad{number}", host_failures=1) for number in range(99)]

    assert best(*busy, *bad, lane("good")) == "good"
    assert best(*busy, *bad, lane("bad99", host_failures=1), lane("good")) == "bad0"
