"""The journal as dictionaries: what it must look like from outside after any history."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from service.ids import CallId, EndpointName, InputId, LegId
from service.ports import Entry, LaneRow, LaneUpdate, StoredEvent

Outcome = Literal["written", "stale"] | frozenset[InputId]
Lane = tuple[CallId, EndpointName]


@dataclass(slots=True)
class ModelCall:
    """A call: its last entry, its epoch and its events."""

    entry: Entry
    epoch: int
    events: list[StoredEvent] = field(default_factory=list)


@dataclass(slots=True)
class Model:
    """The same operations as the journal's, one at a time."""

    calls: dict[CallId, ModelCall] = field(default_factory=dict)
    inputs: set[InputId] = field(default_factory=set)
    legs: dict[LegId, CallId] = field(default_factory=dict)
    lanes: dict[Lane, LaneRow] = field(default_factory=dict)
    parked: dict[tuple[CallId, EndpointName, int], tuple[int | None, str]] = field(
        default_factory=dict
    )

    def commit(self, entry: Entry) -> Outcome:
        """Say what becomes of the entry, and let it."""
        if repeated := self.inputs & set(entry.input_ids):
            return frozenset(repeated)
        call = self.calls.get(entry.call_id)
        if call is None:
            call = ModelCall(entry, entry.epoch)
        elif entry.version != call.entry.version + 1:
            return "stale"
        if entry.call_id not in self.calls and entry.version != 0:
            return "stale"
        seqs = [event.seq for event in entry.events]
        before = len(call.events)
        if entry.epoch != call.epoch or seqs != list(range(before + 1, before + len(seqs) + 1)):
            return "stale"
        self.calls[entry.call_id] = ModelCall(entry, call.epoch, [*call.events, *entry.events])
        self.inputs |= set(entry.input_ids)
        self.legs |= dict.fromkeys(entry.legs, entry.call_id)
        for endpoint in entry.endpoints if seqs else ():
            lane = self.lanes.get(
                (entry.call_id, endpoint), LaneRow(entry.call_id, endpoint, before, 0, 0, 0.0)
            )
            self._keep(lane, head_seq=seqs[-1])
        return "written"

    def settle(self, update: LaneUpdate) -> None:
        """Move a lane on, unless it is elsewhere by now."""
        lane = self.lanes.get((update.call_id, update.endpoint))
        if lane is None or update.generation not in (None, lane.generation):
            return
        if update.parked:
            parked = update.parked
            if lane.acked_seq < parked.seq <= len(self.calls[update.call_id].events):
                lane_seq = (update.call_id, update.endpoint, parked.seq)
                self.parked[lane_seq] = (parked.status, parked.reason)
        if update.acked_seq >= lane.acked_seq:
            acked_seq = min(update.acked_seq, lane.head_seq)
            self._keep(lane, acked_seq=acked_seq, attempts=update.attempts, due_at=update.due_at)

    def rewind(self, call_id: CallId, endpoint: EndpointName, after_seq: int) -> None:
        """Take a lane back, or make it."""
        if call_id not in self.calls:
            return
        head_seq = len(self.calls[call_id].events)
        made = LaneRow(call_id, endpoint, head_seq, head_seq, 0, 0.0)
        lane = self.lanes.get((call_id, endpoint), made)
        acked_seq = min(lane.acked_seq, after_seq)
        self._keep(
            lane,
            acked_seq=acked_seq,
            head_seq=head_seq,
            attempts=0,
            due_at=0.0,
            generation=lane.generation + (acked_seq < head_seq),
        )
        for parked in list(self.parked):
            if parked[:2] == (call_id, endpoint) and parked[2] > after_seq:
                del self.parked[parked]

    def backlog(self) -> list[LaneRow]:
        """Return the lanes with something left to deliver."""
        return [
            msgspec.structs.replace(lane, live=not self.calls[lane.call_id].entry.ended)
            for lane in self.lanes.values()
            if lane.acked_seq < lane.head_seq
        ]

    def _keep(self, lane: LaneRow, **changed: float) -> None:
        fields = {name: getattr(lane, name) for name in LaneRow.__struct_fields__} | changed
        self.lanes[lane.call_id, lane.endpoint] = LaneRow(**fields)
