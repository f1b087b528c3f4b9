"""A registry on a real journal, with peers that keep what they were told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from service.calls.commands import CarrierCommand
from service.calls.inputs import Input, RecognitionFinished, RecordingWritten
from service.calls.routes import Route
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName, Track
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import (
    Delivery,
    Entry,
    Journal,
    RecognitionPlan,
    StoredEvent,
    StreamStart,
    StreamTarget,
)
from service.runtime.registry import CallRegistry, open_calls


@dataclass
class KeptLanes:
    """Lanes that keep what joined them."""

    events: list[StoredEvent] = field(default_factory=list)
    partials: list[Delivery] = field(default_factory=list)
    forgotten: list[CallId] = field(default_factory=list)

    def forget(self, call_id: CallId) -> None:
        """Keep that there is nothing to keep any more."""
        self.forgotten.append(call_id)

    def committed(self, endpoints: Sequence[EndpointName], events: Sequence[StoredEvent]) -> None:
        """Keep the events."""
        del endpoints
        self.events += events

    def publish(
        self,
        endpoints: Sequence[EndpointName],
        call_id: CallId,
        utterance_id: str,
        delivery: Delivery,
    ) -> None:
        """Keep the partial."""
        del endpoints, call_id, utterance_id
        self.partials.append(delivery)


@dataclass
class KeptAudience:
    """An audience that keeps what it was told."""

    events: list[StoredEvent] = field(default_factory=list)
    partials: list[Delivery] = field(default_factory=list)

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """Keep the events."""
        self.events += events

    def publish(self, call_id: CallId, utterance_id: str, delivery: Delivery) -> None:
        """Keep the partial."""
        del call_id, utterance_id
        self.partials.append(delivery)


@dataclass
class ObedientCarrier:
    """A Telnyx that takes every command, unless it is given an error to answer with."""

    commands: list[CarrierCommand] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[StreamTarget] = field(default_factory=list)
    refusal: Exception | None = None
    silent: bool = False
    """Whether it never answers."""

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> None:
        """Keep the command."""
        self.commands.append(command)
        self.ids.append(command_id)
        if target:
            self.targets.append(target)
        if self.silent:
            await asyncio.Event().wait()
        if self.refusal:
            raise self.refusal


@dataclass
class Ear:
    """A recognition that keeps the audio; its test says what it heard."""

    plan: RecognitionPlan
    tell: Callable[[Input], None]
    audio: bytes = b""
    skipped_ms: int = 0

    def send(self, payload: bytes) -> None:
        """Keep the audio."""
        self.audio += payload

    def skip(self, duration_ms: int) -> None:
        """Keep how much was missing."""
        self.skipped_ms += duration_ms

    async def finish(self, *, timeout_s: float) -> None:
        """Say that there is nothing more."""
        del timeout_s
        plan = self.plan
        self.tell(
            RecognitionFinished(
                leg_id=plan.leg_id, stream_id=plan.stream_id, track=plan.track, audio_ms=0
            )
        )


@dataclass
class Ears:
    """Recognitions that keep the ones they opened."""

    opened: list[Ear] = field(default_factory=list)

    def open(self, plan: RecognitionPlan, tell: Callable[[Input], None]) -> Ear:
        """Open an ear."""
        ear = Ear(plan, tell)
        self.opened.append(ear)
        return ear


@dataclass
class KeptTape:
    """A tape that keeps what is put on it."""

    stream: StreamStart
    offset_ms: int
    tell: Callable[[Input], None]
    taken: list[tuple[Track, bytes | int]] = field(default_factory=list)
    closed: bool = False

    def write(self, track: Track, payload: bytes) -> None:
        """Keep the frame."""
        self.taken.append((track, payload))

    def skip(self, track: Track, duration_ms: int) -> None:
        """Keep how much was missing."""
        self.taken.append((track, duration_ms))

    def close(self) -> None:
        """Say that all of it is on the disk."""
        self.closed = True
        written = RecordingWritten(
            leg_id=self.stream.leg_id,
            stream_id=self.stream.stream_id,
            at=time.time(),
            duration_ms=1000,
            size_bytes=16_058,
        )
        self.tell(written)


@dataclass
class Tapes:
    """A recorder that keeps its tapes in memory."""

    opened: list[KeptTape] = field(default_factory=list)
    forgotten: list[CallId] = field(default_factory=list)

    def open(
        self,
        call_id: CallId,
        stream: StreamStart,
        *,
        offset_ms: int,
        delete_at: float | None,
        tell: Callable[[Input], None],
    ) -> KeptTape:
        """Open a tape."""
        del call_id, delete_at
        tape = KeptTape(stream, offset_ms, tell)
        self.opened.append(tape)
        return tape

    def forget(self, call_id: CallId) -> None:
        """Note that there is to be nothing of this call."""
        self.forgotten.append(call_id)


class FailingJournal:
    """A real journal whose commits can be made to fail, as a full disk makes them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.full = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def commit(self, entry: Entry) -> None:
        """Commit, or say that the disk is full."""
        if self.full:
            raise JournalUnavailableError("the disk is full")
        await self._journal.commit(entry)


@dataclass
class Office:
    """A registry and its peers."""

    calls: CallRegistry
    journal: Journal
    disk: FailingJournal
    lanes: KeptLanes
    audience: KeptAudience
    carrier: ObedientCarrier
    ears: Ears
    tapes: Tapes

    async def types(self, call_id: CallId) -> list[str]:
        """Return the types of what is in the call's journal."""
        stored = await self.journal.read(call_id, after_seq=0, limit=1000)
        assert [event.seq for event in stored] == list(range(1, len(stored) + 1))
        return [event.type for event in stored]

    async def texts(self, call_id: CallId) -> list[str]:
        """Return the finals in the call's journal."""
        stored = await self.journal.read(call_id, after_seq=0, limit=1000)
        bodies = [msgspec.json.decode(event.body) for event in stored]
        return [b["data"]["text"] for b in bodies if b["type"] == "transcript.final"]


@asynccontextmanager
async def open_office(path: Path, *routes: Route) -> AsyncIterator[Office]:
    """Open a registry on the journal in this folder."""
    async with open_sqlite_journal(path / "journal.db") as journal:
        disk = FailingJournal(journal)
        lanes, carrier, ears, tapes = KeptLanes(), ObedientCarrier(), Ears(), Tapes()
        audience = KeptAudience()
        async with open_calls(
            journal=disk,  # type: ignore[arg-type]  # what it does not do itself, the journal does
            lanes=lanes,
            audience=audience,
            carrier=carrier,
            recognitions=ears,
            recorder=tapes,
            routes=routes,
            clock=time.time,
        ) as calls:
            yield Office(calls, journal, disk, lanes, audience, carrier, ears, tapes)


async def until(done: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until something is so, or fail."""
    async with asyncio.timeout(timeout_s):
        while not done():  # noqa: ASYNC110 - what is waited for is whatever the test names
            await asyncio.sleep(0)
