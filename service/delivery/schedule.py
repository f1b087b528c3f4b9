"""Whose turn it is: the lanes of one endpoint. It is told the time and does no I/O."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from service.delivery.breaker import Breaker
from service.delivery.endpoints import Endpoint
from service.delivery.lane import UNKNOWN_SEQ, Lane, Place, Room
from service.delivery.partials import PartialFilter
from service.ids import CallId
from service.ports import Delivery, LaneRow, StoredEvent

_MAX_EVENTS = 4096
_MAX_LANES = 10_000
_MAX_REMEMBERED = 1000


@dataclass(slots=True)
class Counters:
    """What became of the deliveries of one endpoint since the start."""

    delivered: int = 0
    retried: int = 0
    parked: int = 0
    partials_delivered: int = 0
    partials_dropped: int = 0
    """Replaced by newer ones, overtaken by a final, or not taken by the receiver."""


class EndpointLanes:
    """The lanes of one endpoint: each in order, all of them fairly.

    Ready lanes take turns, one delivery each. What waits in memory is bounded: 32 events of a
    lane, 4,096 of all lanes together, none of a lane that waits to retry; and 10,000 lanes.
    What is beyond that is in the journal: events are read when their turn comes, lanes are found
    by the next listing of the backlog (`list_begins`, `adopt`, `list_ends`).
    Times are in monotonic seconds.
    """

    def __init__(
        self, endpoint: Endpoint, *, max_events: int = _MAX_EVENTS, max_lanes: int = _MAX_LANES
    ) -> None:
        self.endpoint = endpoint
        self.counters = Counters()
        self.breaker = Breaker()
        self.room = Room(max_events)
        self.disabled = False
        self.busy = 0
        self._max_lanes = max_lanes
        self._partials = PartialFilter(endpoint.partials)
        self._lanes: dict[CallId, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._waiting: list[tuple[float, int, Lane]] = []
        self._number = count()
        self._remembered: dict[CallId, tuple[int, tuple[int, ...]]] = {}
        self._complete = True
        self._missed = False

    @property
    def behind(self) -> int:
        """How many lanes in memory have durable events left to deliver."""
        return sum(lane.behind for lane in self._lanes.values())

    @property
    def waits(self) -> bool:
        """Whether a lane is ready and has no turn yet."""
        return bool(self._ready)

    def commit(self, events: Sequence[StoredEvent], now: float) -> None:
        """Take the events of one commit of one call."""
        for event in events:
            self._partials.committed(event)
        lane = self._lane(events[0].call_id)
        if lane is not None:
            self.counters.partials_dropped += lane.commit(events)
            self._place(lane, now)

    def publish(self, call_id: CallId, utterance_id: str, delivery: Delivery, now: float) -> None:
        """Offer a partial."""
        chosen = self._partials.choose(call_id, utterance_id, delivery)
        if chosen is None:
            return
        lane = self._lane(call_id)
        if lane is None:
            self.counters.partials_dropped += 1
            return
        due_at = now + self._partials.delay_s
        self.counters.partials_dropped += lane.publish(utterance_id, chosen, due_at)
        self._place(lane, now)

    def take(self, now: float) -> Lane | None:
        """Return the lane whose turn it is, to be handed back with `put_back`."""
        while self._waiting and self._waiting[0][0] <= now:
            *_, lane = heappop(self._waiting)
            if lane.place is Place.WAITING:
                self._place(lane, now)
        if not self._ready or not self.breaker.allows(now, busy=self.busy):
            return None
        lane = self._ready.popleft()
        lane.place = Place.BUSY
        self.busy += 1
        return lane

    def put_back(self, lane: Lane, now: float) -> None:
        """End the lane's turn; it goes to the end of the line if there is more to do."""
        self.busy -= 1
        lane.place = Place.IDLE
        if self._lanes.get(lane.call_id) is lane:
            self._place(lane, now)
            self.forget(lane)

    def wake_at(self) -> float | None:
        """Return when to ask `take` again, if nothing happens and no turn ends before."""
        times = [self._waiting[0][0]] if self._waiting else []
        if self._ready and not self.busy and self.breaker.open_until is not None:
            times.append(self.breaker.open_until)
        return min(times, default=None)

    def forget(self, lane: Lane) -> None:
        """Let go of a lane that has nothing left to do and nothing left to write."""
        if lane.place is not Place.IDLE or lane.unsettled or lane.partials:
            return
        if self._lanes.get(lane.call_id) is lane:
            del self._lanes[lane.call_id]
            if lane.generation or lane.gap_seqs:
                self._remembered[lane.call_id] = (lane.generation, lane.gap_seqs)
                if len(self._remembered) > _MAX_REMEMBERED:
                    del self._remembered[next(iter(self._remembered))]

    def erase(self, call_id: CallId) -> None:
        """Drop what waits of a call that was erased."""
        self._partials.forget(call_id)
        lane = self._lanes.get(call_id)
        if lane is not None:
            self.counters.partials_dropped += lane.erase()

    def disable(self) -> None:
        """Have nothing more to do with any lane. The journal keeps what they were to deliver."""
        self.disabled = True
        for lane in self._lanes.values():
            lane.drop_events()
        self._lanes.clear()
        self._ready.clear()
        self._waiting.clear()

    def list_begins(self, *, disabled: bool) -> None:
        """Note that the backlog is about to be read: from now on no lane may be missed."""
        if disabled and not self.disabled:
            self.disable()
        self.disabled = disabled
        self._missed = False

    def adopt(self, row: LaneRow, now: float, due_at: float, gap_seqs: tuple[int, ...]) -> None:
        """Take up a lane of the backlog, or see that somebody else moved one that is here.

        `due_at` and `gap_seqs` are for a lane that is not here yet.
        """
        lane = self._lanes.get(row.call_id)
        if lane is None:
            lane = self._new_lane(row.call_id, trusted=True)
            if lane is None:
                return
            lane.acked_seq, lane.head_seq = row.acked_seq, row.head_seq
            lane.generation, lane.attempts = row.generation, row.attempts
            lane.due_at, lane.due_wall = due_at, row.due_at
            lane.gap_seqs = lane.gap_seqs or gap_seqs
        elif row.generation != lane.generation:
            lane.rewind(row)
        elif UNKNOWN_SEQ != lane.acked_seq < row.acked_seq:  # another process erased the call
            self._partials.forget(row.call_id)
            self.counters.partials_dropped += lane.erase()
            lane.rewind(row)
        elif lane.head_seq == UNKNOWN_SEQ:
            lane.acked_seq, lane.head_seq = row.acked_seq, row.head_seq
        lane.head_seq = max(lane.head_seq, row.head_seq)
        self._place(lane, now)

    def list_ends(self) -> None:
        """Note that the whole backlog was adopted, as far as there was room."""
        self._complete = not self._missed

    def _lane(self, call_id: CallId) -> Lane | None:
        """Find the lane of a call. A new one stands where the next commit begins.

        That is only true of a lane with no backlog, so there are no new ones until a listing
        has shown that every lane with a backlog is here.
        """
        return self._lanes.get(call_id) or self._new_lane(call_id, trusted=self._complete)

    def _new_lane(self, call_id: CallId, *, trusted: bool) -> Lane | None:
        if self.disabled or not trusted or len(self._lanes) >= self._max_lanes:
            self._missed, self._complete = True, False
            return None
        lane = self._lanes[call_id] = Lane(call_id, self.endpoint.name, self.room)
        lane.generation, lane.gap_seqs = self._remembered.pop(call_id, (0, ()))
        return lane

    def _place(self, lane: Lane, now: float) -> None:
        if lane.place in (Place.BUSY, Place.READY):
            return
        at = lane.next_at()
        if at is None:
            lane.place = Place.IDLE
        elif at <= now:
            lane.place = Place.READY
            self._ready.append(lane)
        elif lane.place is not Place.WAITING or lane.waits_until != at:
            lane.place, lane.waits_until = Place.WAITING, at
            heappush(self._waiting, (at, next(self._number), lane))
