"""One lane: a call's ordered queue to one endpoint. It keeps no time and does no I/O."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from service.ids import CallId, EndpointName
from service.ports import Delivery, LaneRow, LaneUpdate, StoredEvent

MAX_LANE_EVENTS = 32
"""Events a lane keeps in memory; the rest it reads from the journal when their turn comes."""
MAX_LANE_PARTIALS = 16
"""Utterances of a lane whose newest partial may wait; beyond that the oldest is dropped."""
MAX_GAP_SEQS = 100
"""Parked seqs that the next delivery names; beyond that the oldest are left out."""
UNKNOWN_SEQ = -1
"""Where a lane stands that has seen partials, but no durable event yet."""


class Place(Enum):
    """Where a lane is in its endpoint's schedule."""

    IDLE = auto()
    READY = auto()
    WAITING = auto()
    BUSY = auto()


@dataclass(slots=True)
class Room:
    """How many events the lanes of one endpoint may keep in memory between them."""

    left: int

    def take(self) -> bool:
        """Take a place; False if there is none."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Partial:
    """A partial that waits: for the event `after_seq`, and until `due_at`."""

    after_seq: int
    due_at: float
    delivery: Delivery


@dataclass(slots=True, eq=False)
class Lane:
    """What of a call one endpoint has had, and what it is to have next.

    Times are in the seconds of whatever clock the caller goes by. An event stays in `events`
    while it is on its way and leaves with `ack`, so a failed attempt changes nothing here.
    """

    call_id: CallId
    endpoint: EndpointName
    room: Room
    acked_seq: int = UNKNOWN_SEQ
    """Everything up to here was delivered, filtered out or parked."""
    head_seq: int = UNKNOWN_SEQ
    generation: int = 0
    attempts: int = 0
    due_at: float = 0.0
    due_wall: float = 0.0
    """`due_at` in Unix seconds, for the journal."""
    gap_seqs: tuple[int, ...] = ()
    events: deque[StoredEvent] = field(default_factory=deque)
    partials: dict[str, Partial] = field(default_factory=dict)
    place: Place = Place.IDLE
    waits_until: float = 0.0
    unsettled: int = 0
    """Changes the journal does not have yet."""

    @property
    def behind(self) -> bool:
        """Whether durable events are left to deliver."""
        return self.head_seq > self.acked_seq

    def commit(self, events: Sequence[StoredEvent]) -> int:
        """Take new durable events; return how many waiting partials they overtook."""
        if self.head_seq == UNKNOWN_SEQ:
            self.acked_seq = self.head_seq = events[0].seq - 1
        overtaken = 0
        for event in events:
            if event.seq <= self.head_seq:
                continue
            self._keep(event)
            self.head_seq = event.seq
            if event.type == "transcript.final":
                overtaken += len(self.partials)
                self.partials.clear()
        return overtaken

    def fill(self, events: Sequence[StoredEvent]) -> None:
        """Take events that the journal had after `acked_seq`, as far as there is room.

        One is always kept, or a lane could starve beside full ones.
        """
        self.drop_events()
        for event in events:
            if not self.room.take():
                if self.events:
                    return
                self.room.left -= 1
            self.events.append(event)

    def publish(self, utterance_id: str, delivery: Delivery, due_at: float) -> int:
        """Let a partial wait behind what there is; return how many partials that replaced."""
        replaced = self.partials.pop(utterance_id, None) is not None
        if len(self.partials) >= MAX_LANE_PARTIALS:
            del self.partials[next(iter(self.partials))]
            replaced = True
        self.partials[utterance_id] = Partial(self.head_seq, due_at, delivery)
        return int(replaced)

    def next_at(self) -> float | None:
        """Return when there is something to do, or None if nothing is left.

        A lane on hold has something to do even if it is empty: to remember that it is.
        """
        times = [one.due_at for one in self.partials.values() if self._in_turn(one)]
        if times and not self.behind:
            return max(min(times), self.due_at)
        return self.due_at if self.behind or self.due_at else None

    def next(self, now: float) -> Partial | StoredEvent | None:
        """Return what is to go out now; None if events must be read, or nothing is due.

        A partial is taken out, an event stays until `ack`.
        """
        for utterance_id, partial in self.partials.items():
            if self._in_turn(partial) and partial.due_at <= now:
                return self.partials.pop(utterance_id)
        if not self.behind:
            self.due_at = 0.0
        return self.events[0] if self.events else None

    def ack(self, seq: int) -> None:
        """Move on past an event that was delivered or is not wanted."""
        if self.events and self.events[0].seq == seq:
            self.events.popleft()
            self.room.left += 1
        self.acked_seq, self.attempts, self.due_at, self.due_wall = seq, 0, 0.0, 0.0

    def park(self, seq: int) -> None:
        """Move on past an event that was given up; the next delivery names it."""
        self.ack(seq)
        self.gap_seqs = (*self.gap_seqs, seq)[-MAX_GAP_SEQS:]

    def hold(self, due_at: float, due_wall: float = 0.0) -> None:
        """Do nothing until then, and keep no events in memory meanwhile."""
        self.due_at, self.due_wall = due_at, due_wall
        self.drop_events()

    def rewind(self, row: LaneRow) -> None:
        """Start over from where somebody else set the lane."""
        self.drop_events()
        self.acked_seq, self.generation = row.acked_seq, row.generation
        self.head_seq = max(self.head_seq, row.head_seq)
        self.attempts, self.due_at, self.due_wall, self.gap_seqs = 0, 0.0, 0.0, ()

    def erase(self) -> int:
        """Have nothing to deliver of what was committed so far; return how many partials went."""
        self.drop_events()
        dropped = len(self.partials)
        self.partials.clear()
        self.acked_seq = self.head_seq
        self.attempts, self.due_at, self.due_wall, self.gap_seqs = 0, 0.0, 0.0, ()
        return dropped

    def update(self) -> LaneUpdate:
        """Return where the lane stands, for the journal."""
        return LaneUpdate(
            self.call_id,
            self.endpoint,
            self.acked_seq,
            self.attempts,
            self.due_wall,
            generation=self.generation,
        )

    def drop_events(self) -> None:
        """Forget the events in memory; the journal has them."""
        self.room.left += len(self.events)
        self.events.clear()

    def _keep(self, event: StoredEvent) -> None:
        last = self.events[-1].seq if self.events else self.acked_seq
        if event.seq == last + 1 and len(self.events) < MAX_LANE_EVENTS and self.room.take():
            self.events.append(event)

    def _in_turn(self, partial: Partial) -> bool:
        return partial.after_seq <= self.acked_seq
