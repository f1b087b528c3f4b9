"""The scheduler of one endpoint's lanes: which is next. Pure: the time is an argument."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import chain, count, islice

from service.delivery.endpoints import Endpoint
from service.delivery.host import Host, Rank, events_apart
from service.delivery.lane import UNKNOWN_SEQ, Bounds, Capacity, Lane, Place
from service.delivery.memories import BegunCalls, LaneMemory, Memories
from service.delivery.partials import PartialFilter
from service.delivery.probes import MAX_RANKED, Probe, best_probe
from service.delivery.record import Record
from service.ids import CallId, EndpointName
from service.ports import LaneRow, LivePartial, StoredEvent

_BOUNDS = Bounds()


@dataclass(slots=True)
class Counters:
    """What became of the deliveries of one endpoint since the start."""

    delivered: int = 0
    retried: int = 0
    parked: int = 0
    partials_delivered: int = 0
    partials_dropped: int = 0
    """Replaced by newer ones, overtaken by a final, broken off, or not taken by the receiver."""


class EndpointLanes:
    """The lanes of one endpoint: each in order, all of them fairly.

    Ready lanes are served round robin, one delivery each, as far as the endpoint's host has room.
    A quarter of the places is for events alone. Memory is bounded: 32 events of a lane,
    4,096 of all lanes together, none of a lane that waits to retry; and 10,000 lanes: less where
    there are many endpoints. The rest is in the journal: events are read when they are next, and
    the next listing of the backlog finds the lanes (`begin_listing`, `adopt`, `end_listing`). Times
    are in monotonic seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        host: Host | None = None,
        bounds: Bounds = _BOUNDS,
        begun: BegunCalls | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.host = host or Host()
        self.host.join(self)
        self.counters, self.record = Counters(), Record()
        self.capacity = Capacity(bounds.events)
        self.on_wake: Callable[[], None] = lambda: None
        """What `wake` does; whoever handles the lanes sets it."""
        self.disabled = False
        self.notings = 0
        """Begins and ends of noting in the journal that it is disabled: odd while that goes on."""
        self.busy = self.partials_busy = 0
        """How many are being handled, and how many of them were taken for a partial."""
        self.recovered_at = 0.0
        """When the last outage ended."""
        self.last_to_arrive: Lane | None = None
        self._max_lanes = bounds.lanes
        self._max_partials = events_apart(bounds.attempts)
        self._partials = PartialFilter(endpoint.partials)
        self._lanes: dict[CallId, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._held: dict[Lane, None] = {}
        self._waiting: list[tuple[float, int, Lane]] = []
        self._number = count()
        self._memories = Memories(begun or BegunCalls())
        self._complete = True
        """Whether every lane with a backlog is in memory."""
        self._missed = self._enabled_now = False
        """The first: whether a lane had no room since the last listing began."""
        self._found_no_room = self._left_out = 0
        """Lanes of the backlog that are not in memory: so far in this listing, and in the last."""
        self._behind = 0
        """How many in memory are behind, to be told at once of any number."""

    @property
    def name(self) -> EndpointName:
        """The endpoint's name."""
        return self.endpoint.name

    @property
    def behind(self) -> int:
        """How many lanes have durable events left to deliver, as far as is known.

        Those that are not in memory, because there is no room or the endpoint is disabled, are
        as many as at the last listing.
        """
        return self._behind + self._left_out

    @property
    def waits(self) -> bool:
        """Whether a lane is ready and nobody has taken it yet."""
        return bool(self._ready)

    def commit(self, events: Sequence[StoredEvent], now: float) -> None:
        """Add the events of one commit of one call."""
        for event in events:
            self._partials.committed(event)
        if events[0].seq == 1:
            self._memories.begun.add(events[0].call_id)
        lane = self._lane(events[0].call_id)
        if lane is not None:
            self.counters.partials_dropped += lane.commit(events)
            if self._spared and lane.place is not Place.BUSY:
                lane.drop_events()  # the journal has them for as long as it takes
            self._place(lane, now)

    def publish(self, partial: LivePartial, now: float) -> None:
        """Add a partial, if the endpoint gets it."""
        chosen = self._partials.choose(partial)
        if chosen is None:
            return
        lane = self._lane(partial.call_id)
        if lane is None:
            self.counters.partials_dropped += 1
            return
        due_at = now + self._partials.delay_s
        self.counters.partials_dropped += lane.publish(partial.utterance_id, chosen, due_at)
        self._place(lane, now)

    def take(self, now: float) -> Lane | None:
        """Return the next ready lane; whoever has it calls `put_back` when it was handled."""
        if self.disabled:
            return None
        while self._waiting and self._waiting[0][0] <= now:
            *_, due = heappop(self._waiting)
            if due.place is Place.WAITING:
                self._place(due, now)
        if not (self._ready or self._held or self._waiting):
            return None
        lane = self._probe(now) if self._spared else self._next_ready(now)
        if lane is None:
            if self._spared or self._ready or self._held:
                self.host.wait(self)
            return None
        lane.place = Place.BUSY
        lane.has_place_of_partial = lane.has_partial_due(now)
        self.busy += 1
        self.partials_busy += lane.has_place_of_partial
        self.host.begin(partial=lane.has_place_of_partial)
        return lane

    def put_back(self, lane: Lane, now: float) -> None:
        """Take back a lane; if it has more to deliver, it goes behind all ready lanes."""
        self.busy -= 1
        self.partials_busy -= lane.has_place_of_partial
        self.host.end(partial=lane.has_place_of_partial)
        lane.place = Place.IDLE
        if self.disabled and self._lanes.get(lane.call_id) is lane:
            self._count(lane)
            self._left_out += lane.behind
            self._behind -= lane.behind
            lane.drop_events()
            del self._lanes[lane.call_id]
            self._memories.leave(lane)
        if self._lanes.get(lane.call_id) is lane:
            self._place(lane, now)
            self.release(lane)

    def wake_at(self) -> float | None:
        """Return when to call `take` again, unless something comes or the host wakes it before."""
        if not self._spared:
            return self._waiting[0][0] if self._waiting else None
        if self.host.busy or not (self._ready or self._held or self._waiting):
            return None
        return self.host.breaker.open_until

    def wake(self) -> None:
        """Have what is ready begin, if it may."""
        self.on_wake()

    def host_is_back(self, now: float) -> None:
        """Try one lane ahead of its schedule: another endpoint found the host there.

        That says little of this one. If the lane arrives, it pulls the others forward.
        """
        best = self._best_probe(now)
        if best is not None:
            best.lane.pull(now)
            self._place(best.lane, now)

    def probe_rank(self, now: float) -> Rank | None:
        """Return how good its best probe is, the lowest being best; None if it has none now."""
        best = self._best_probe(now)
        return best.rank if best else None

    def pull_forward(self, now: float) -> None:
        """End an outage: what waits to be tried again goes out now, live calls first."""
        self.recovered_at = now
        for lane in self._lanes.values():
            lane.host_failures = 0
            lane.pull(now)
            self._place(lane, now)
        self._ready = deque(sorted(self._ready, key=lambda lane: not lane.live))
        self._waiting = [
            (lane.waits_until, next(self._number), lane)
            for lane in self._lanes.values()
            if lane.place is Place.WAITING
        ]
        heapify(self._waiting)

    def release(self, lane: Lane) -> None:
        """Drop a lane from memory if it has nothing left to deliver and nothing left to write."""
        if lane.place is not Place.IDLE or lane.pending_acks or lane.partials:
            return
        if self._lanes.get(lane.call_id) is lane:
            del self._lanes[lane.call_id]
            self._memories.leave(lane)

    def remember(self, call_id: CallId, memory: LaneMemory) -> None:
        """Know of a lane that another worker had, and that has nothing left to deliver."""
        if call_id not in self._lanes:
            self._memories.keep(call_id, memory)

    def erase(self, call_id: CallId, drop: Callable[[Lane], int] = Lane.erase) -> None:
        """Drop everything that waits of a call that was erased."""
        self._partials.forget(call_id)
        lane = self._lanes.get(call_id)
        if lane is not None:
            self.counters.partials_dropped += drop(lane)
            self._count(lane)

    def let_go(self, call_id: CallId | None = None) -> None:
        """Drop what waits of a call that is another's, or of all; what is on its way goes on."""
        self._memories.begun.forget(call_id)
        for one in list(self._lanes) if call_id is None else (call_id,):
            self.erase(one, Lane.release)
            if one in self._lanes and self._lanes[one].place is not Place.BUSY:
                del self._lanes[one]

    def disable(self) -> None:
        """Drop all lanes. The journal keeps what they were to deliver.

        Those with an attempt on its way are dropped when it ends: enabled before that, the endpoint
        must not get another one of the same call beside it.
        """
        self.disabled = True
        busy = {one: lane for one, lane in self._lanes.items() if lane.place is Place.BUSY}
        kept = sum(lane.counted_behind for lane in busy.values())
        self._left_out, self._behind = self.behind - kept, kept
        self.last_to_arrive = None
        for lane in self._lanes.values():
            if lane.place is not Place.BUSY:
                lane.drop_events()
                self._memories.leave(lane)
        self._lanes = busy
        self._ready.clear()
        self._held.clear()
        self._waiting.clear()

    def begin_listing(self, *, disabled: bool) -> None:
        """Begin to list the backlog: from now on, every lane that has no room counts as missed."""
        self._enabled_now = self.disabled and not disabled
        if self._enabled_now:
            self._complete = False  # what was dropped when it was disabled
            self.record.reset()
            self.host.breaker.answered()
        if disabled and not self.disabled:
            self.disable()
        self.disabled = disabled
        self._missed = False
        self._found_no_room = 0

    def adopt(self, row: LaneRow, now: float, due_at: float) -> None:
        """Take up a lane of the backlog, or follow what another process did to one in memory.

        `due_at` is for a lane that is not in memory yet.
        """
        lane = self._lanes.get(row.call_id)
        if lane is None:
            lane = self._new_lane(row.call_id, trusted=True)
            if lane is None:
                self._found_no_room += 1
                return
            lane.resume(row, now, due_at)
            if row.attempts:
                self.host.breaker.resume(now, (self.name, row.call_id))
            if self.record.healthy or self._enabled_now:
                lane.pull(now)
        elif row.generation != lane.generation:
            lane.rewind(row)
        elif UNKNOWN_SEQ != lane.acked_seq < row.acked_seq:  # another process erased the call
            self._partials.forget(row.call_id)
            self.counters.partials_dropped += lane.erase()
            lane.rewind(row)
        elif lane.head_seq == UNKNOWN_SEQ:
            lane.acked_seq, lane.asks = row.acked_seq, True
        lane.head_seq = max(lane.head_seq, row.head_seq)
        lane.live = lane.live and row.live
        self._place(lane, now)

    def end_listing(self) -> None:
        """End the listing: the whole backlog was adopted, as far as there was room."""
        self._complete = not self._missed
        self._left_out = self._found_no_room

    def _lane(self, call_id: CallId) -> Lane | None:
        """Return the lane of a call, or a new one, whose place is where the next commit begins.

        That is its place only if it has no backlog. So there are no new lanes until a listing has
        shown that every lane with a backlog is in memory.
        """
        return self._lanes.get(call_id) or self._new_lane(call_id, trusted=self._complete)

    def _new_lane(self, call_id: CallId, *, trusted: bool) -> Lane | None:
        if self.disabled or not trusted or len(self._lanes) >= self._max_lanes:
            self._missed, self._complete = True, False
            return None
        lane = self._lanes[call_id] = Lane(call_id, self.endpoint.name, self.capacity)
        self._memories.enter(lane)
        return lane

    @property
    def _spared(self) -> bool:
        """Whether only probes may go out.

        An endpoint that took the last attempt may find out for itself: for all that is known it is
        another one of the same host that is not well.
        """
        return self.host.breaker.is_open and not (self.record.healthy and not self.busy)

    def _next_ready(self, now: float) -> Lane | None:
        if not self.host.has_room(self):
            return None
        if self._held and self._has_room_for_partial:
            self._release_held(next(iter(self._held)))
        for _ in range(len(self._ready)):
            lane = self._ready.popleft()
            if not lane.has_partial_due(now) or self._has_room_for_partial:
                return lane
            if lane.behind:
                self.counters.partials_dropped += lane.drop_due_partials(now)
                return lane
            lane.place = Place.HELD
            self._held[lane] = None
        return None

    @property
    def _has_room_for_partial(self) -> bool:
        return self.partials_busy < self._max_partials and self.host.has_room_for_partial(self)

    def _release_held(self, lane: Lane) -> None:
        del self._held[lane]
        lane.place = Place.READY
        self._ready.append(lane)

    def _probe(self, now: float) -> Lane | None:
        """Return the lane to try an open breaker with, ready or not; None if not now."""
        best = self._best_probe(now) if self.host.may_probe(self, now) else None
        if best is None:
            return None
        lane = best.lane
        if lane.place is Place.HELD:
            self._release_held(lane)
        if lane.place is Place.READY:
            self._ready.remove(lane)
        lane.due_at = min(lane.due_at, now)
        return lane

    def _best_probe(self, now: float) -> Probe | None:
        last = [self.last_to_arrive] if self.last_to_arrive else []
        ready = islice(self._ready, MAX_RANKED // 2)
        waiting = (lane for *_, lane in self._waiting)
        return best_probe(
            chain(last, ready, waiting, self._ready, self._held),
            now,
            last=self.last_to_arrive,
            healthy=self.record.healthy,
            wants_tried=self.host.breaker.failed_probes % 2 == 0,
        )

    def _count(self, lane: Lane) -> None:
        self._behind += lane.behind - lane.counted_behind
        lane.counted_behind = lane.behind

    def _place(self, lane: Lane, now: float) -> None:
        self._count(lane)
        if lane.place is Place.HELD and lane.behind:
            self._release_held(lane)
        if lane.place in (Place.BUSY, Place.READY, Place.HELD):
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
