"""One lane: a call's ordered queue to one endpoint. Pure: the time is an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from service.calls.events import CallEnded, TranscriptCompleted, TranscriptErased, TranscriptFinal
from service.ids import CallId, EndpointName
from service.ports import Delivery, LaneRow, LaneUpdate, StoredEvent

MAX_LANE_EVENTS = 32
"""Events that a lane keeps in memory; it reads the rest from the journal when they are next."""
MAX_LANE_PARTIALS = 16
"""Utterances of a lane whose newest partial waits; one more drops the oldest."""
MAX_EVENTS = 4_096
"""Events that all lanes of an endpoint keep in memory."""
MAX_LANES = 10_000
"""Lanes of an endpoint that are in memory."""
MAX_GAP_SEQS = 100
"""Parked seqs that the next delivery names; one more leaves the oldest out."""
MAX_LIVE_WAIT_S = 15.0
"""While somebody is still on the phone, the next attempt is no further away than this."""
UNKNOWN_SEQ = -1
"""The place of a lane that has seen partials, but no durable event yet."""


_ALL_EVENTS, _MIN_EVENTS = 32_768, 128
_ALL_LANES, _MIN_LANES = 60_000, 300
_LAST_WORDS = frozenset({CallEnded.type, TranscriptCompleted.type, TranscriptErased.type})


class Place(Enum):
    """Where a lane is in its endpoint's schedule."""

    IDLE = auto()
    READY = auto()
    HELD = auto()
    """Ready, with nothing but a partial, while as many of those are on their way as may be."""
    WAITING = auto()
    BUSY = auto()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of an endpoint's may be on its way at once, and in memory."""

    attempts: int = 32
    events: int = MAX_EVENTS
    lanes: int = MAX_LANES


def bounds_for_each(endpoints: int, *, attempts: int = 32) -> Bounds:
    """Return the bounds of each of so many endpoints.

    Memory is divided, not given out as it is asked for: those that are down would have it all.
    """
    events = max(_MIN_EVENTS, _ALL_EVENTS // max(1, endpoints))
    lanes = max(_MIN_LANES, _ALL_LANES // max(1, endpoints))
    return Bounds(attempts, min(MAX_EVENTS, events), min(MAX_LANES, lanes))


@dataclass(slots=True)
class Capacity:
    """How many more events the lanes of one endpoint, all together, may keep in memory."""

    left: int

    def take(self) -> bool:
        """Take room for one event; False if there is none."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True, slots=True)
class WaitingPartial:
    """A partial that waits for the event `after_seq` to be delivered, and until `due_at`."""

    after_seq: int
    due_at: float
    delivery: Delivery


_NO_PARTIALS: dict[str, WaitingPartial] = {}
"""Never changed: most lanes have none, and there are tens of thousands."""


class Lane(msgspec.Struct, eq=False, gc=False):
    """What one endpoint has got of a call, and what it gets next.

    Times are in seconds of the caller's clock. An event stays in `events` while it is on its way
    and leaves with `ack`, so a failed attempt changes nothing here.

    The collector need not look at it: nothing that it holds leads back to it.
    """

    call_id: CallId
    endpoint: EndpointName
    capacity: Capacity
    acked_seq: int = UNKNOWN_SEQ
    """Everything up to here was delivered, filtered out or parked."""
    head_seq: int = UNKNOWN_SEQ
    generation: int = 0
    attempts: int = 0
    failures: int = 0
    """How often in a row handling it ended with an error nobody foresaw."""
    live: bool = True
    """Whether the call goes on, as far as is known here."""
    due_at: float = 0.0
    """Before that nothing is delivered, unless something pulls the lane forward."""
    not_before: float = 0.0
    """Before that nothing is delivered whatever happens."""
    partials_not_before: float = 0.0
    """Before that no partial is delivered: its receiver asked for a pause."""
    scheduled_at: float = 0.0
    """When the schedule of attempts has its next. Attempts before that are extra: they neither
    count as one of the schedule nor move it."""
    due_wall: float = 0.0
    """`scheduled_at` in Unix seconds, for the journal."""
    extra_attempts: int = 0
    lost: int = 0
    """How often in a row a connection was lost over its next event that had been used before."""
    host_failures: int = 0
    """How often in a row this lane found the host unavailable."""
    failed_alone: int = 0
    """How often it did with its next event, though what was tried before, of any lane, arrived."""
    pulled: bool = False
    at_fault: bool = False
    """Whether it failed as soon as others arrived: then it is not pulled forward again."""
    batch_end: int = 0
    """The last event of the batch that is being tried again; 0 if none is."""
    batch_limit: int = 0
    """So many events go out at once: more were not answered while the endpoint took others; 0 if
    there is no such limit."""
    singly_until: int = 0
    """Up to there events go one by one: as a batch, they were not taken."""
    gap_seqs: tuple[int, ...] = ()
    asks: bool = False
    """Whether the journal is to be asked for `gap_seqs` before an event goes out."""
    sent_seq: int = 0
    """The event that arrived last, where its report is still to go out before the `ack`."""
    events: tuple[StoredEvent, ...] = ()
    partials: dict[str, WaitingPartial] = msgspec.field(default_factory=lambda: _NO_PARTIALS)
    place: Place = Place.IDLE
    has_place_of_partial: bool = False
    """Whether it was taken for a partial: that is what its attempt counts as."""
    counted_behind: bool = False
    """Whether the scheduler counts it among those that are behind."""
    waits_until: float = 0.0
    pending_acks: int = 0
    """How many changes of this lane are yet to be written to the journal."""

    @property
    def behind(self) -> bool:
        """Whether durable events are left to deliver."""
        return self.head_seq > self.acked_seq

    def commit(self, events: Sequence[StoredEvent]) -> int:
        """Take new durable events; return how many waiting partials a final among them drops."""
        if self.head_seq == UNKNOWN_SEQ:
            self.acked_seq = self.head_seq = events[0].seq - 1
        overtaken = 0
        for event in events:
            if event.seq <= self.head_seq:
                continue
            self._keep(event)
            self.head_seq = event.seq
            self.live = self.live and event.type not in _LAST_WORDS
            if event.type == TranscriptFinal.type:
                overtaken += len(self.partials)
                self.partials = _NO_PARTIALS
        return overtaken

    def fill(self, events: Sequence[StoredEvent]) -> None:
        """Take the events that the journal has after `acked_seq`, as many as there is room for.

        One is always kept: else full lanes could starve this one.
        """
        self.drop_events()
        for event in events:
            if not self.capacity.take():
                if self.events:
                    return
                self.capacity.left -= 1
            self.events = (*self.events, event)

    def publish(self, utterance_id: str, delivery: Delivery, due_at: float) -> int:
        """Have a partial wait behind the events so far; return how many partials it drops."""
        if self.partials is _NO_PARTIALS:
            self.partials = {}
        replaced = self.partials.pop(utterance_id, None) is not None
        if len(self.partials) >= MAX_LANE_PARTIALS:
            del self.partials[next(iter(self.partials))]
            replaced = True
        self.partials[utterance_id] = WaitingPartial(self.head_seq, due_at, delivery)
        return int(replaced)

    def next_at(self) -> float | None:
        """Return when the lane is to be handled next; None if it has nothing left to do.

        A lane on hold is, even if it is empty: until then it is kept, or the hold would be
        forgotten with it.
        """
        if self.partials and not self.behind:
            times = [one.due_at for one in self.partials.values() if self._may_go(one)]
            if times:
                return max(min(times), self.due_at, self.partials_not_before)
        return self.due_at if self.behind or self.due_at else self.partials_not_before or None

    def next(self, now: float) -> WaitingPartial | StoredEvent | None:
        """Return what goes out now; None if events must be read first, or nothing is due.

        A partial leaves the lane with this, an event with `ack`.
        """
        for utterance_id, partial in self.partials.items():
            if self._is_due(partial, now):
                return self.partials.pop(utterance_id)
        if not self.behind:
            self.due_at = 0.0
            if self.partials_not_before <= now:
                self.partials_not_before = 0.0
        return self.events[0] if self.events else None

    def has_partial_due(self, now: float) -> bool:
        """Return whether what goes out now is a partial."""
        return any(self._is_due(one, now) for one in self.partials.values())

    def drop_due_partials(self, now: float) -> int:
        """Have the next event go out in place of the partials before it; return how many go."""
        due = [one for one, partial in self.partials.items() if self._is_due(partial, now)]
        for utterance_id in due:
            del self.partials[utterance_id]
        return len(due)

    def ack(self, seq: int) -> None:
        """Move past an event that was delivered, or that the endpoint's filter leaves out."""
        if self.events and self.events[0].seq == seq:
            self.events = self.events[1:]
            self.capacity.left += 1
        self.acked_seq = seq
        self._begin_schedule()

    def sent(self, seq: int) -> None:
        """Stay at an event that was delivered: its report goes out before what is behind it."""
        self.sent_seq = seq
        self._begin_schedule()

    def park(self, seq: int) -> None:
        """Move past an event that was given up; the next delivery names it."""
        self.ack(seq)
        self.gap_seqs = (*self.gap_seqs, seq)[-MAX_GAP_SEQS:]

    def hold(self, due_at: float) -> None:
        """Deliver nothing before `due_at`, and keep no events in memory meanwhile."""
        self.due_at = self.not_before = due_at
        self.drop_events()

    def hold_partials(self, until: float) -> None:
        """Deliver no partial before that: events learn by themselves how their receiver is."""
        self.partials_not_before = until

    def retry(self, now: float, delay_s: float, due_wall: float) -> None:
        """Have the next attempt of the schedule follow after `delay_s`."""
        self.attempts += 1
        self.scheduled_at, self.due_wall = now + delay_s, due_wall
        self._wait(now)

    def retry_extra(self, now: float, *, at_fault: bool) -> None:
        """Wait on after an extra attempt; `at_fault`: what failed was the event, not the host."""
        self.extra_attempts += 1
        self.at_fault = self.at_fault or (self.pulled and at_fault)
        self.pulled = False
        self._wait(now)

    def retry_lost(self) -> None:
        """Go on at once: most likely nobody saw the attempt."""
        self.extra_attempts += 1
        self.lost += 1

    def pull(self, now: float) -> None:
        """Have the lane go on now, ahead of its schedule: the endpoint takes again."""
        if self.behind and self.due_at > now and not self.at_fault:
            self.due_at, self.pulled = max(now, self.not_before), True

    def resume(self, row: LaneRow, now: float, due_at: float) -> None:
        """Go on where the journal says that the lane is."""
        if row.generation != self.generation or not self.gap_seqs:  # else it remembers them
            self.gap_seqs, self.asks = (), True
        self.acked_seq, self.head_seq = row.acked_seq, row.head_seq
        self.generation, self.attempts, self.live = row.generation, row.attempts, row.live
        self.scheduled_at, self.due_wall = due_at, row.due_at
        self._wait(now)

    def rewind(self, row: LaneRow) -> None:
        """Start over from where `row` says that somebody set the lane."""
        self.drop_events()
        self.acked_seq, self.generation, self.sent_seq = row.acked_seq, row.generation, 0
        self.head_seq = max(self.head_seq, row.head_seq)
        self.gap_seqs, self.asks = (), True
        self._begin_schedule()

    def recall(self, row: LaneRow | None, gap_seqs: tuple[int, ...]) -> None:
        """Learn what the journal has of it, if it has it: what was given up before its place."""
        if row is not None and row.generation != self.generation:
            self.rewind(row)  # nobody here remembered which life it is in
        self.gap_seqs, self.asks = gap_seqs, False

    def erase(self) -> int:
        """Drop everything committed so far; return how many waiting partials that drops."""
        self.drop_events()
        dropped = len(self.partials)
        self.partials = _NO_PARTIALS
        self.acked_seq, self.gap_seqs, self.live = self.head_seq, (), False
        self.asks = False
        self._begin_schedule()
        return dropped

    def release(self) -> int:
        """Have nothing left to deliver: the call is another worker's; return dropped partials.

        What arrived of it is still to be written.
        """
        self.drop_events()
        dropped = len(self.partials)
        self.partials = _NO_PARTIALS
        self.head_seq = self.acked_seq
        self._begin_schedule()
        return dropped

    def update(self) -> LaneUpdate:
        """Return the lane's place as the journal keeps it."""
        return LaneUpdate(
            self.call_id,
            self.endpoint,
            self.acked_seq,
            self.attempts,
            self.due_wall,
            generation=self.generation,
        )

    def drop_events(self) -> None:
        """Drop the events in memory; the journal has them."""
        self.capacity.left += len(self.events)
        self.events = ()

    def _wait(self, now: float) -> None:
        at = self.scheduled_at
        if self.live:
            at = min(at, now + MAX_LIVE_WAIT_S)
        self.due_at = max(at, self.not_before)
        self.drop_events()

    def _begin_schedule(self) -> None:
        self.attempts = self.extra_attempts = self.lost = 0
        self.host_failures = self.failed_alone = 0
        self.due_at = self.not_before = self.scheduled_at = self.due_wall = 0.0
        self.pulled = self.at_fault = False
        self.batch_end = 0

    def _keep(self, event: StoredEvent) -> None:
        last = self.events[-1].seq if self.events else self.acked_seq
        if event.seq == last + 1 and len(self.events) < MAX_LANE_EVENTS and self.capacity.take():
            self.events = (*self.events, event)

    def _may_go(self, partial: WaitingPartial) -> bool:
        return partial.after_seq <= self.acked_seq

    def _is_due(self, partial: WaitingPartial, now: float) -> bool:
        due_at = max(partial.due_at, self.partials_not_before)
        return self._may_go(partial) and due_at <= now
