"""Whoever a registry talks to: each keeps what it was told, or fails as it was asked to."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from service.calls.commands import CarrierCommand
from service.calls.inputs import Input, RecognitionFinished, RecordingWritten, WebhookInput
from service.calls.tape_webhooks import TapeSaved
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName, LegId, Track
from service.ports import (
    Delivery,
    Entry,
    Journal,
    LegLife,
    LivePartial,
    RecognitionPlan,
    StoredEvent,
    StreamStart,
    StreamTarget,
    Verdict,
)


@dataclass
class KeptLanes:
    """Lanes that keep what joined them."""

    events: list[StoredEvent] = field(default_factory=list)
    partials: list[Delivery] = field(default_factory=list)
    forgotten: list[CallId] = field(default_factory=list)
    fault: Exception | None = None
    """What `committed` raises once, after it kept the events."""

    def forget(self, call_id: CallId) -> None:
        """Keep that there is nothing to keep any more."""
        self.forgotten.append(call_id)

    def let_go(self, call_id: CallId) -> None:
        """Keep that it is another worker's."""
        self.forgotten.append(call_id)

    def committed(self, endpoints: Sequence[EndpointName], events: Sequence[StoredEvent]) -> None:
        """Keep the events."""
        del endpoints
        self.events += events
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault

    def publish(self, endpoints: Sequence[EndpointName], partial: LivePartial) -> None:
        """Keep the partial."""
        del endpoints
        self.partials.append(partial.delivery)


@dataclass
class KeptAudience:
    """An audience that keeps what it was told."""

    events: list[StoredEvent] = field(default_factory=list)
    partials: list[Delivery] = field(default_factory=list)

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """Keep the events."""
        self.events += events

    def publish(self, partial: LivePartial) -> None:
        """Keep the partial."""
        self.partials.append(partial.delivery)


@dataclass
class ObedientCarrier:
    """A Telnyx that takes every command, unless it is given an error to answer with."""

    commands: list[CarrierCommand] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[StreamTarget] = field(default_factory=list)
    refusal: Exception | None = None
    silent: bool = False
    """Whether it never answers."""
    gone: set[LegId] = field(default_factory=set)
    """Legs that are over."""
    lives: dict[LegId, LegLife] = field(default_factory=dict)
    """What it says of others, where that is more than that they live."""
    kept: list[WebhookInput] = field(default_factory=list)
    """What it could not deliver."""
    tapes_kept: list[TapeSaved] = field(default_factory=list)
    """What it recorded."""
    deleted: list[str] = field(default_factory=list)
    """Recordings that it was to delete."""
    asked: list[LegId] = field(default_factory=list)
    fetched: list[list[CallId]] = field(default_factory=list)

    async def check(self) -> None:
        """Say that a command would go out at once."""

    async def ready(self) -> None:
        """Be so at once."""

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> None:
        """Keep the command."""
        self.commands.append(command)
        self.ids.append(command_id)
        if target:
            self.targets.append(target)
        await self._may_answer()

    async def life(self, leg_id: LegId) -> LegLife:
        """Say of every leg that it lives, but of those that are gone."""
        self.asked.append(leg_id)
        await self._may_answer()
        return self.lives.get(leg_id, LegLife(alive=leg_id not in self.gone))

    async def tapes(self, leg_id: LegId, now: float) -> Sequence[TapeSaved]:
        """Give what was recorded of a leg."""
        del now
        await self._may_answer()
        return [tape for tape in self.tapes_kept if tape.leg_id == leg_id]

    async def delete_tape(self, tape_id: str) -> None:
        """Note that it is to be deleted."""
        self.deleted.append(tape_id)
        await self._may_answer()

    async def missed(self, call_ids: Collection[CallId], since: float) -> Sequence[WebhookInput]:
        """Give what could not be delivered, of whichever call."""
        del since
        self.fetched.append(sorted(call_ids))
        await self._may_answer()
        return self.kept

    async def _may_answer(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.refusal:
            raise self.refusal


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class ScriptedRecognition:
    """A recognition that keeps the audio; its test says what it heard."""

    plan: RecognitionPlan
    tell: Callable[[Input], None]
    audio: bytes = b""
    skipped_ms: int = 0
    skipped_for: list[str] = field(default_factory=list)
    last_words: Sequence[Input] = ()
    """What it says when it is to finish."""
    answers: asyncio.Event = field(default_factory=_set)
    """Whether it comes to an end at all."""
    timeouts_s: list[float] = field(default_factory=list)
    """How long it was given each time that it was to finish."""

    def send(self, payload: bytes) -> None:
        """Keep the audio."""
        self.audio += payload

    def skip(self, duration_ms: int, reason: str = "frames_lost") -> None:
        """Keep how much was missing, and why."""
        self.skipped_ms += duration_ms
        self.skipped_for.append(reason)

    async def finish(self, *, timeout_s: float) -> None:
        """Say that there is nothing more."""
        self.timeouts_s.append(timeout_s)
        await self.answers.wait()
        for words in self.last_words:
            self.tell(words)
        self.tell(RecognitionFinished(ref=self.plan.ref, audio_ms=0))


@dataclass
class ScriptedRecognitions:
    """Recognitions that keep the ones they opened."""

    opened: list[ScriptedRecognition] = field(default_factory=list)

    def open(self, plan: RecognitionPlan, tell: Callable[[Input], None]) -> ScriptedRecognition:
        """Open an recognition."""
        recognition = ScriptedRecognition(plan, tell)
        self.opened.append(recognition)
        return recognition


@dataclass
class KeptRecording:
    """A recording that keeps what is put on it."""

    stream: StreamStart
    offset_ms: int
    post: Callable[[Input], None]
    taken: list[tuple[Track, bytes | int]] = field(default_factory=list)
    closed: bool = False
    is_judged: bool = False
    verdicts: list[Verdict] = field(default_factory=list)

    def judge(self, verdict: Verdict) -> None:
        """Keep what is said of it."""
        self.verdicts.append(verdict)

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
        self.post(written)


@dataclass
class KeptRecordings:
    """A recorder that keeps its recorder in memory."""

    opened: list[KeptRecording] = field(default_factory=list)
    forgotten: list[CallId] = field(default_factory=list)

    def open(
        self,
        call_id: CallId,
        stream: StreamStart,
        *,
        offset_ms: int,
        delete_at: float | None,
        is_judged: bool,
        post: Callable[[Input], None],
    ) -> KeptRecording:
        """Open a recording."""
        del call_id, delete_at
        recording = KeptRecording(stream, offset_ms, post, is_judged=is_judged)
        self.opened.append(recording)
        return recording

    def forget(self, call_id: CallId) -> None:
        """Note that there is to be nothing of this call."""
        self.forgotten.append(call_id)


class FailingJournal:
    """A real journal that can be made to fail: as a full disk makes it, or as nobody foresaw."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.full = False
        self.slow_s = 0.0
        """How long a commit takes, longer than it would."""
        self.refused = 0
        """How many commits were made to fail."""
        self.faults: dict[str, Exception] = {}
        """What a method raises the next time it is called, by its name."""
        self.called: Counter[str] = Counter()
        """How often each method was."""

    def __getattr__(self, name: str) -> object:
        self.called[name] += 1
        if name in self.faults:
            raise self.faults.pop(name)
        return getattr(self._journal, name)

    async def commit(self, entry: Entry) -> None:
        """Commit, or say that the disk is full."""
        if self.full:
            self.refused += 1
            raise JournalUnavailableError("the disk is full")
        await asyncio.sleep(self.slow_s)
        await self._journal.commit(entry)
