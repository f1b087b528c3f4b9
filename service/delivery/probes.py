"""Which lane of an endpoint to try with, where nobody was there. Pure: the time is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from service.delivery.host import Rank
from service.delivery.lane import Lane, Place

MAX_RANKED: Final = 100
"""Of thousands of lanes, the first few make as good a probe."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A lane, and how good it is: the lowest rank is the best."""

    rank: Rank
    lane: Lane


def best_probe(
    lanes: Iterable[Lane], now: float, *, last: Lane | None, healthy: bool, wants_tried: bool
) -> Probe | None:
    """Return the best lane to try a host with, of the first hundred that may be; None if none may.

    Best is one of an endpoint that took the last attempt (`healthy`), then the one that arrived
    `last`, then one that failed seldom: an event that its receiver never manages must not be all
    that it is asked for. Lanes that were tried take turns with those that never were
    (`wants_tried`): there are receivers that fail at whatever is new.
    """

    def rank(lane: Lane) -> Rank:
        tried = lane.attempts > 0 or lane is last
        return (
            not lane.behind,
            not healthy,
            tried != wants_tried,
            lane.host_failures,
            not lane.live,
        )

    able = (lane for lane in lanes if _may_probe(lane, now))
    ranked = (Probe(rank(lane), lane) for lane in islice(able, MAX_RANKED))
    return min(ranked, key=lambda probe: probe.rank, default=None)


def _may_probe(lane: Lane, now: float) -> bool:
    if lane.place in (Place.READY, Place.HELD):
        return True
    return lane.place is Place.WAITING and lane.behind and lane.not_before <= now
