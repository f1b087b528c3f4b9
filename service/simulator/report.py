"""What happened: everything that was sent and received, and the truth to compare it with.

It holds phone numbers and what was said: show it to the user, never to a log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from service.ids import Track
from service.simulator.speech.script import Speaker, Word

MAX_ENTRIES = 200_000
Entry = TypeVar("Entry")
StreamEnd = Literal["", "stopped", "dropped", "closed_by_peer", "failed", "never_dialled"]
"""How a connection of a media stream ended; "" while it has not."""


@dataclass(slots=True)
class WebhookAttempt:
    """One POST of one webhook. `status` is None where no answer came in time."""

    leg_id: str
    event_type: str
    event_id: str
    attempt: int
    url: str
    body: bytes
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of a delivery, in Unix seconds. `status` is None where no answer came."""

    url: str
    began_at: float
    ended_at: float
    status: int | None


@dataclass(slots=True)
class DeliveryResult:
    """The result of one delivery of one event. A duplicated event has two."""

    event_type: str
    event_id: str
    occurred_at: float
    faults: tuple[str, ...]
    """dropped, delayed, reordered, duplicated, duplicate (the second one), unknown."""
    payload: Mapping[str, object] = field(default_factory=dict)
    tries: list[Try] = field(default_factory=list)
    acknowledged: bool = False
    over: bool = False
    """Whether it is delivered, or given up."""

    @property
    def attempts(self) -> int:
        """How many there were."""
        return len(self.tries)

    @property
    def status(self) -> int | None:
        """Of the last attempt."""
        return self.tries[-1].status if self.tries else None


LATE_STEP_MS = 100
"""A talk that is later by less is as late as before."""


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """One command: its name as in the path, or `dial`. `code` is the error's, or ""."""

    leg_id: str
    name: str
    status: int
    code: str
    params: Mapping[str, object]
    repeated: bool = False
    """Whether it was ignored, because its `command_id` came within the last 60 s."""


@dataclass(slots=True)
class StreamReport:
    """One connection of a media stream."""

    leg_id: str
    stream_id: str
    frames: int = 0
    audio_bytes: int = 0
    lost_frames: int = 0
    """Frames dropped by the `gap` and `missing_ms` settings."""
    spans: dict[Track, list[tuple[int, int]]] = field(default_factory=dict)
    """The audio that was sent, as it was: from when to when, in milliseconds of the talk."""
    end: StreamEnd = ""

    def sent(self, track: Track, start_ms: int, end_ms: int) -> None:
        """Take note of a piece that was sent."""
        extend(self.spans.setdefault(track, []), start_ms, end_ms)


def extend(spans: list[tuple[int, int]], start_ms: int, end_ms: int) -> None:
    """Add a span; it is joined to the last one where it goes on from there."""
    if spans and spans[-1][1] == start_ms:
        start_ms = spans.pop()[0]
    spans.append((start_ms, end_ms))


@dataclass(frozen=True, slots=True)
class SttAnswer:
    """One message to the application, and after how much audio of the session it was sent."""

    after_ms: int
    text: str


@dataclass(slots=True)
class SttSessionReport:
    """One session of the speech-to-text WebSocket."""

    engine: str
    params: Mapping[str, str]
    opened_s: float = 0.0
    """In seconds of the scenario since its first call began."""
    audio_bytes: int = 0
    unknown_ms: int = 0
    """How much of the audio was of no call of the scenario, so that nothing is recognised in it."""
    finals: int = 0
    answers: list[SttAnswer] = field(default_factory=list)
    end: str = ""
    """closed, idle, cut, limit or gone; refused, if it never began."""


@dataclass(frozen=True, slots=True)
class Said:
    """The truth: what somebody said, in milliseconds since the call was answered."""

    speaker: Speaker
    track: Track
    text: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...] = ()
    """Each with its own time."""


@dataclass(slots=True)
class CallReport:
    """One call from its first ring to its last webhook."""

    call_id: str
    leg_id: str
    from_number: str
    to_number: str
    direction: str
    outcome: str = ""
    """The cause of the hang-up, `never_dialled`, or `failed` if the simulator itself failed."""
    answered: bool = False
    talk_offset_ms: int = 0
    """From the answer to the beginning of the talk."""
    talk_ms: int = 0
    webhooks: list[DeliveryResult] = field(default_factory=list)
    commands: list[CommandReceived] = field(default_factory=list)
    streams: list[StreamReport] = field(default_factory=list)
    transcribed: list[tuple[int, int]] = field(default_factory=list)
    """The audio that was transcribed in the call, in milliseconds of the talk."""
    said: tuple[Said, ...] = ()
    late: list[tuple[int, int]] = field(default_factory=list)
    """How late the talk was at most, where it was later than ever: its position and that, in ms."""

    def note_late(self, position_ms: int, late_ms: int) -> None:
        """Take note of how late the talk is: whoever hears it takes that for time without audio."""
        latest_ms = self.late[-1][1] if self.late else 0
        if late_ms >= latest_ms + LATE_STEP_MS:
            self.late.append((position_ms, late_ms))

    @property
    def unacknowledged(self) -> list[DeliveryResult]:
        """Deliveries that were attempted and never acknowledged."""
        return [result for result in self.webhooks if result.attempts and not result.acknowledged]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run, its calls in the order of the scenario."""

    seed: int
    calls: tuple[CallReport, ...]
    refused_keys: int = 0
    """Requests of the application that came with another API key, or none."""


class History:
    """Everything sent and received, in order, for tests to read.

    Each list is full at 200 000 entries: later ones are counted in `missed`, and that is all.
    """

    def __init__(self) -> None:
        self.webhooks: list[WebhookAttempt] = []
        self.commands: list[CommandReceived] = []
        self.streams: list[StreamReport] = []
        self.sessions: list[SttSessionReport] = []
        self.missed = 0
        self.refused_keys = 0
        """Requests that came with another API key, or none."""

    def note(
        self, entry: WebhookAttempt | CommandReceived | StreamReport | SttSessionReport
    ) -> None:
        """Add an entry to its list."""
        match entry:
            case WebhookAttempt():
                self._keep(self.webhooks, entry)
            case CommandReceived():
                self._keep(self.commands, entry)
            case StreamReport():
                self._keep(self.streams, entry)
            case SttSessionReport():
                self._keep(self.sessions, entry)

    def _keep(self, entries: list[Entry], entry: Entry) -> None:
        if len(entries) < MAX_ENTRIES:
            entries.append(entry)
        else:
            self.missed += 1
