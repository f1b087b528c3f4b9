"""The lanes between a journal and scripted sinks, under a clock that tests move by hand."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.ids import CallId, EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal, StoredEvent
from tests.delivery.builders import CRM, endpoint, event, live
from tests.delivery.peers import FaultyJournal, ScriptedSink

WAIT_S = 10.0
START = 1_800_000_000.0


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Harness:
    """One life of the lanes; the journal may have seen others."""

    lanes: DeliveryLanes
    journal: FaultyJournal
    sinks: dict[str, ScriptedSink]
    clock: ManualClock

    @property
    def crm(self) -> ScriptedSink:
        """The receiver that most tests are about."""
        return self.sinks["crm"]

    async def commit(self, call_id: str, *kinds: str, to: Sequence[str] = ("crm",)) -> None:
        """Commit events of a call, then tell the lanes, as the runtime does."""
        events = await commit(self.journal, call_id, *kinds, to=to)
        self.lanes.committed([EndpointName(name) for name in to], events)

    def publish(self, call_id: str, utterance_id: str, revision: int, text: str = "words") -> None:
        """Publish a partial."""
        self.lanes.publish([CRM], live(call_id, utterance_id, revision, text))

    async def backlog(self) -> list[tuple[str, int, int]]:
        """Return what the journal says is still to be delivered: call, acked and head seq."""
        return [(row.call_id, row.acked_seq, row.head_seq) for row in await self.journal.backlog()]

    async def flush(self) -> None:
        """Wait until all that can go out now has gone out."""
        async with asyncio.timeout(WAIT_S):
            await self.lanes.flushed()

    async def advance(self, seconds: float) -> None:
        """Move the clock, and let happen what is due."""
        self.clock.now += seconds
        self.lanes.wake()
        await self.flush()

    async def list_backlog(self) -> None:
        """List the backlog, as happens every few seconds."""
        await self.lanes.list_backlog()
        self.lanes.wake()
        await self.flush()


async def commit(
    journal: Journal, call_id: str, *kinds: str, to: Sequence[str] = ("crm",)
) -> list[StoredEvent]:
    """Write events of a call to the journal; return them."""
    call = CallId(call_id)
    stored = await journal.load(call)
    before = await journal.read(call, after_seq=0, limit=1_000_000)
    last = before[-1].seq if before else 0
    events = [event(call_id, last + number, kind) for number, kind in enumerate(kinds, 1)]
    await journal.commit(
        Entry(
            call_id=call,
            version=stored.version if stored else 0,
            epoch=stored.epoch if stored else 1,
            state=b"",
            events=tuple(events),
            endpoints=tuple(EndpointName(name) for name in to),
        )
    )
    return events


async def erase(
    harness: Harness,
    call_id: str,
    seq: int,
    *,
    here: bool = True,
    to: Sequence[str] = ("crm",),
) -> StoredEvent:
    """Erase a call whose last event is the one before `seq`; `here`: by this process."""
    stored = await harness.journal.load(CallId(call_id))
    assert stored is not None
    tombstone = event(call_id, seq, "transcript.erased")
    await harness.journal.commit(
        Entry(
            call_id=CallId(call_id),
            version=stored.version,
            epoch=stored.epoch,
            state=b"",
            events=(tombstone,),
            endpoints=tuple(EndpointName(name) for name in to),
            erases=True,
        )
    )
    if here:
        harness.lanes.forget(CallId(call_id))
        harness.lanes.committed([EndpointName(name) for name in to], [tombstone])
    return tombstone


@asynccontextmanager
async def open_harness(
    folder: Path, *endpoints: Endpoint, clock: ManualClock | None = None, **options: object
) -> AsyncIterator[Harness]:
    """Open the journal in this folder and lanes to these endpoints (one called crm by default).

    Nothing happens by the clock on the wall: acks are written at once, and the
    backlog is listed when told.
    """
    clock = clock or ManualClock()
    sinks: dict[str, ScriptedSink] = defaultdict(ScriptedSink)

    @asynccontextmanager
    async def scripted(one: Endpoint) -> AsyncIterator[ScriptedSink]:
        yield sinks[one.name]

    plain: dict[str, Any] = {
        "clock": clock,
        "ticks": clock,
        "dice": lambda: 0.5,
        "ack_every_s": 0.0,
        "poll_every_s": 3600.0,
        "sink": scripted,
    }
    async with open_sqlite_journal(folder / "journal.db") as journal:
        faulty = FaultyJournal(journal)
        async with open_lanes(faulty, endpoints or (endpoint(),), **(plain | options)) as lanes:
            yield Harness(lanes, faulty, sinks, clock)
