"""How far lanes have come, put together so that many updates are few rows. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from service.ids import CallId, EndpointName
from service.ports import LaneUpdate

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """Updates that are written in one go: what they park, and then where each lane stands.

    What is parked comes first: once the lane has moved on it can no longer be told from a repeat.
    """

    lanes: dict[tuple[CallId, EndpointName], LaneUpdate] = field(default_factory=dict)
    parking: list[LaneUpdate] = field(default_factory=list)

    def parked_rows(self, now: float) -> list[Row]:
        """Return `call_id, endpoint, seq, status, reason, generation, parked_at, type` of each."""
        return [
            (
                update.call_id,
                update.endpoint,
                parked.seq,
                parked.status,
                parked.reason,
                update.generation,
                now,
                parked.type,
            )
            for update in self.parking
            if (parked := update.parked)
        ]

    def lane_rows(self) -> list[Row]:
        """Return `call_id, endpoint, acked_seq, attempts, due_at, generation` of each."""
        return [
            (
                update.call_id,
                update.endpoint,
                update.acked_seq,
                update.attempts,
                update.due_at,
                update.generation,
            )
            for update in self.lanes.values()
        ]

    def clashes_with(self, update: LaneUpdate) -> bool:
        """Tell whether the lane has an update of another generation already."""
        earlier = self.lanes.get((update.call_id, update.endpoint))
        return earlier is not None and earlier.generation != update.generation

    def add(self, update: LaneUpdate) -> None:
        """Take an update in that does not clash."""
        lane = (update.call_id, update.endpoint)
        earlier = self.lanes.get(lane)
        if update.parked:
            self.parking.append(update)
        if earlier is None or earlier.acked_seq <= update.acked_seq:
            self.lanes[lane] = update


def settlements(updates: Iterable[LaneUpdate]) -> Iterator[Settlement]:
    """Yield what to write, in order, for the outcome of one update after the other."""
    gathered = Settlement()
    for update in updates:
        if gathered.clashes_with(update):
            yield gathered
            gathered = Settlement()
        gathered.add(update)
    yield gathered
