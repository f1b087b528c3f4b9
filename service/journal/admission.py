"""Admission: which entries of a transaction may be written. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from service.errors import DuplicateInputError, JournalError, StaleCallError
from service.ids import CallId, EndpointName, InputId, LegId
from service.ports import Entry, StoredEvent


@dataclass(slots=True)
class Head:
    """The head of a call: as stored, and then as the entries admitted so far leave it."""

    call_no: int
    version: int
    epoch: int
    last_seq: int


@dataclass(slots=True)
class LaneSpan:
    """What a lane has of a call: all up to `acked_seq` was delivered, `head_seq` is the last."""

    acked_seq: int
    head_seq: int


@dataclass(slots=True)
class Admission:
    """Admits the entries of one transaction in turn and gathers what they write.

    `heads` and `inputs` hold what the database has of the calls and inputs of this batch,
    `call_nos` the numbers for calls it does not have. A refused entry leaves no trace.
    """

    heads: dict[CallId, Head]
    inputs: set[InputId]
    call_nos: Iterator[int]
    calls: dict[int, Entry] = field(default_factory=dict)
    """The last entry of each call: the state to keep is its."""
    legs: dict[LegId, int] = field(default_factory=dict)
    parties: dict[tuple[int, str], bool] = field(default_factory=dict)
    """The number of whoever is new in a call, in order, and whether events show it in full."""
    new_inputs: list[InputId] = field(default_factory=list)
    events: list[tuple[int, StoredEvent]] = field(default_factory=list)
    lanes: dict[tuple[int, EndpointName], LaneSpan] = field(default_factory=dict)
    """Each lane that events joined; its `acked_seq` is that of a new lane."""
    amended: list[tuple[int, StoredEvent]] = field(default_factory=list)
    """Events that are kept already, as they are to be from now on."""
    forgotten: list[int] = field(default_factory=list)
    """The calls of which nothing is to be left."""

    def admit(self, entry: Entry) -> JournalError | None:
        """Admit an entry, or return why not."""
        if not self.inputs.isdisjoint(entry.input_ids):
            return DuplicateInputError(frozenset(self.inputs.intersection(entry.input_ids)))
        head = self.heads.get(entry.call_id)
        if head is None:
            version, epoch, last_seq = 0, entry.epoch, 0
        else:
            version, epoch, last_seq = head.version, head.epoch, head.last_seq
        if version != entry.version or epoch != entry.epoch:
            return StaleCallError("the call was written by somebody else since it was loaded")
        if not _follow(entry, last_seq):
            return StaleCallError("these events do not follow the last one of the call")
        if head is None:
            head = self.heads[entry.call_id] = Head(next(self.call_nos), 0, epoch, 0)
        self._gather(entry, head)
        return None

    def _gather(self, entry: Entry, head: Head) -> None:
        call_no = head.call_no
        head.version += 1
        self.calls[call_no] = entry
        if entry.forgets:
            self.forgotten.append(call_no)
        self.amended.extend((call_no, event) for event in entry.amends)
        for leg_id in entry.legs:
            self.legs[leg_id] = call_no
        for number in entry.numbers:
            self.parties[call_no, number] = entry.shows_numbers
        if entry.input_ids:
            self.inputs.update(entry.input_ids)
            self.new_inputs.extend(dict.fromkeys(entry.input_ids))
        if entry.events:
            before = head.last_seq
            head.last_seq += len(entry.events)
            self.events.extend((call_no, event) for event in entry.events)
            for endpoint in entry.endpoints:
                lane = self.lanes.setdefault((call_no, endpoint), LaneSpan(before, before))
                lane.head_seq = head.last_seq


def _follow(entry: Entry, last_seq: int) -> bool:
    return all(
        event.seq == seq and event.call_id == entry.call_id
        for seq, event in enumerate(entry.events, last_seq + 1)
    )
