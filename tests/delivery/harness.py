"""A journal, a receiver that does as it is told, and lanes between them, under a clock by hand."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName
from service.journal.sqlite_journal import open_sqlite_journal
from service.ports import Delivery, Entry, Journal, LaneRow, LaneUpdate, StoredEvent

WAIT_S = 10.0
CRM = EndpointName("crm")
START = 1_800_000_000.0


def endpoint(name: str = "crm", **changes: object) -> Endpoint:
    """Return an endpoint that gets everything."""
    plain: dict[str, object] = {"name": EndpointName(name), "type": "log", "partials": "all"}
    return Endpoint(**(plain | changes))  # type: ignore[arg-type] # a test's choice of fields


def event(call_id: str, seq: int, kind: str = "call.answered") -> StoredEvent:
    """Return a durable event with a body of its own."""
    body = b'{"type":"%b","data":{"seq":%d,"utterance_id":"u"}}' % (kind.encode(), seq)
    return StoredEvent(CallId(call_id), seq, kind, body)


def partial(utterance_id: str, revision: int, text: str = "words") -> Delivery:
    """Return a partial."""
    body = b'{"type":"transcript.partial","data":{"text":"%b"}}' % text.encode()
    return Delivery(f"prt_{utterance_id}_{revision}", "transcript.partial", body)


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class ScriptedSink:
    """A sink that raises or takes what comes, by a script and then by a rule."""

    script: deque[Exception | None] = field(default_factory=deque)
    rule: Callable[[Delivery], Exception | None] = lambda _: None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    hangs: Callable[[Delivery], bool] = lambda _: False
    tried: list[Delivery] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)
    answers: list[tuple[Delivery, Exception | None]] = field(default_factory=list)
    flying: set[str] = field(default_factory=set)
    overlaps: int = 0
    """How often a second attempt of the same call began before the first ended."""
    arrival: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        """Begin with an open gate."""
        self.gate.set()

    async def deliver(self, delivery: Delivery) -> None:
        """Take it, or fail as told; wait while the gate is closed."""
        of = delivery.id.split("_")[1]
        self.overlaps += of in self.flying
        self.flying.add(of)
        try:
            await self._decide(delivery)
        finally:
            self.flying.discard(of)

    async def _decide(self, delivery: Delivery) -> None:
        self.tried.append(delivery)
        async with self.arrival:
            self.arrival.notify_all()
        if self.hangs(delivery):
            await asyncio.Event().wait()
        await self.gate.wait()
        failure = self.script.popleft() if self.script else self.rule(delivery)
        self.answers.append((delivery, failure))
        if failure is not None:
            raise failure
        self.taken.append(delivery)
        async with self.arrival:
            self.arrival.notify_all()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something about this sink is so."""
        async with asyncio.timeout(WAIT_S), self.arrival:
            await self.arrival.wait_for(reached)

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, without the part all of them share."""
        return [one.id.removeprefix("evt_") for one in self.taken]


class Switched:
    """A journal whose database can be switched off, break, or be without an erased call."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.off = False
        self.broken: set[str] = set()
        """Methods that raise what nobody foresees, the next time."""
        self.erased: set[str] = set()
        self.refused = asyncio.Event()
        self.reading = asyncio.Event()
        self.read_gate = asyncio.Event()
        self.read_gate.set()
        self.listing = asyncio.Event()
        self.list_gate = asyncio.Event()
        self.list_gate.set()
        self.settled: list[Sequence[LaneUpdate]] = []

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a journal
        self._check(name)
        return getattr(self._journal, name)

    async def read(self, call_id: CallId, *, after_seq: int, limit: int) -> list[StoredEvent]:
        """Find nothing of a call that was erased; answer when the gate is open."""
        self._check("read")
        if call_id in self.erased:
            return []
        found = await self._journal.read(call_id, after_seq=after_seq, limit=limit)
        self.reading.set()
        await self.read_gate.wait()
        return found

    async def backlog(self) -> list[LaneRow]:
        """Answer what is so now, when the gate is open."""
        self._check("backlog")
        rows = await self._journal.backlog()
        self.listing.set()
        await self.list_gate.wait()
        return rows

    async def settle(self, updates: Sequence[LaneUpdate]) -> None:
        """Note and pass on."""
        self._check("settle")
        self.settled.append(updates)
        await self._journal.settle(updates)

    def _check(self, name: str) -> None:
        if self.off:
            self.refused.set()
            raise JournalUnavailableError("switched off")
        if name in self.broken:
            self.broken.discard(name)
            raise RuntimeError("nobody foresaw this")


@dataclass
class Scene:
    """One life of the lanes; the journal may have seen others."""

    lanes: DeliveryLanes
    journal: Switched
    sinks: dict[str, ScriptedSink]
    hand: Hand

    @property
    def crm(self) -> ScriptedSink:
        """The receiver that most tests are about."""
        return self.sinks["crm"]

    async def happen(self, call_id: str, *kinds: str, to: Sequence[str] = ("crm",)) -> None:
        """Commit events of a call, then tell the lanes, as the runtime does."""
        events = await commit(self.journal, call_id, *kinds, to=to)
        self.lanes.committed([EndpointName(name) for name in to], events)

    def hear(self, call_id: str, utterance_id: str, revision: int, text: str = "words") -> None:
        """Publish a partial."""
        self.lanes.publish(
            [CRM], CallId(call_id), utterance_id, partial(utterance_id, revision, text)
        )

    async def flush(self) -> None:
        """Wait until all that can go out now has gone out."""
        async with asyncio.timeout(WAIT_S):
            await self.lanes.flushed()

    async def pass_time(self, seconds: float) -> None:
        """Move the clock, and let happen what was due."""
        self.hand.now += seconds
        self.lanes.wake()
        await self.flush()

    async def look_again(self) -> None:
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
    last = len(await journal.read(call, after_seq=0, limit=1_000_000))
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


@asynccontextmanager
async def open_scene(
    folder: Path, *endpoints: Endpoint, hand: Hand | None = None, **options: object
) -> AsyncIterator[Scene]:
    """Open the journal in this folder and lanes to these endpoints (one called crm by default).

    Nothing happens by the clock on the wall: acknowledgements are settled at once, and the
    backlog is listed when told.
    """
    hand = hand or Hand()
    sinks: dict[str, ScriptedSink] = defaultdict(ScriptedSink)

    @asynccontextmanager
    async def scripted(one: Endpoint) -> AsyncIterator[ScriptedSink]:
        yield sinks[one.name]

    plain: dict[str, Any] = {
        "clock": hand,
        "ticks": hand,
        "dice": lambda: 0.5,
        "ack_every_s": 0.0,
        "poll_every_s": 3600.0,
        "sink": scripted,
    }
    async with open_sqlite_journal(folder / "journal.db") as journal:
        switched = Switched(journal)
        async with open_lanes(switched, endpoints or (endpoint(),), **(plain | options)) as lanes:
            yield Scene(lanes, switched, sinks, hand)
