"""The facts of a call, as its journal keeps them and every endpoint gets them.

An event's class carries its `type`; `wire/events.py` writes it as JSON. Offsets are
milliseconds on the call clock (0 = the call was answered). Fields are only ever added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from service.calls.after_events import (
    ArchiveFailed,
    ArchiveStored,
    RecordingFailed,
    RecordingTranscribed,
)
from service.calls.inputs import Redaction, Word
from service.calls.party_events import Participant, PartyEvent
from service.calls.webhook import Direction
from service.ids import EndpointName, LegId, Role, Source, Track, UtteranceId

TimeSource = Literal["audio", "estimated"]
"""`audio`: from the position in the audio; `estimated`: from when Telnyx's webhooks occurred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """The first leg of the call rang or was dialled."""

    type: ClassVar[str] = "call.started"
    leg: LegId
    direction: Direction | None
    from_: str | None
    to: str | None
    connection_id: str | None
    route: str | None = None
    """The name of the call's route, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """The call clock starts here."""

    type: ClassVar[str] = "call.answered"
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnanswered:
    """Whom we had Telnyx dial was not reached. `leg` is the one that waited for them.

    `reason` is `busy`, `no_answer`, `rejected`, `not_found`, `failed`, `refused` (Telnyx does not
    dial it) or `unreachable`; `code` is SIP's or Telnyx's, or "".
    """

    type: ClassVar[str] = "call.unanswered"
    leg: LegId | None
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAttached:
    """The transcription of a call that talks already was asked for.

    The call clock starts here: `call.answered` comes next, of this moment, whenever the call was
    answered. `before_ms` is how long the leg was there before; None where Telnyx did not say.
    """

    type: ClassVar[str] = "call.attached"
    leg: LegId
    before_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The last leg hung up. `duration_ms` counts from the answer; None if nobody answered."""

    type: ClassVar[str] = "call.ended"
    leg: LegId
    cause: str | None
    ended_by: str | None
    sip_code: str | None
    duration_ms: int | None
    participants: tuple[Participant, ...] = ()
    """Who was in it, by when their legs began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStarted:
    """Words are to be expected. `ignored` names settings that this engine will not heed."""

    type: ClassVar[str] = "transcription.started"
    leg: LegId
    source: Source
    engine: str
    model: str | None
    language: str | None
    ignored: tuple[str, ...]
    start_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStopped:
    """No more words are to be expected but for what was said before."""

    type: ClassVar[str] = "transcription.stopped"
    leg: LegId
    source: Source
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionPaused:
    """Nothing that is said from `start_ms` on is heard, until it is resumed.

    What was said before may still be settled after this event. `reason` says who asked, or why.
    """

    type: ClassVar[str] = "transcription.paused"
    leg: LegId
    source: Source
    reason: str
    start_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionResumed:
    """Words are to be expected again of what is said from `start_ms` on."""

    type: ClassVar[str] = "transcription.resumed"
    leg: LegId
    source: Source
    reason: str
    start_ms: int | None
    paused_since_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRef:
    """Who gives the words, and by which way."""

    source: Source
    engine: str
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionDegraded:
    """Words may come late: they are tried for again, or somebody else is asked for them.

    `engine` is whose words they are, `start_ms` where on the call clock they are missing from.
    `to` is who takes over; None where nobody does. `lost_capabilities` are the settings of the
    route that it will not heed. It is told once, until `transcription.recovered`.
    """

    type: ClassVar[str] = "transcription.degraded"
    leg: LegId
    source: Source
    track: Track | None
    reason: str
    code: str
    engine: str | None = None
    model: str | None = None
    to: EngineRef | None = None
    start_ms: int | None = None
    lost_capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionFailed:
    """Nobody gives the words of this leg (or track) any more. `code` is Telnyx's, or "".

    Trying goes on, more slowly, as long as the call lives; `transcription.recovered` tells when
    it helped.
    """

    type: ClassVar[str] = "transcription.failed"
    leg: LegId
    source: Source
    track: Track | None
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRecovered:
    """Words come again, of what is said from `start_ms` on, after trouble that was told."""

    type: ClassVar[str] = "transcription.recovered"
    leg: LegId
    source: Source
    track: Track | None
    engine: str | None
    model: str | None
    start_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One revision of an utterance; what partials and finals have in common."""

    utterance_id: UtteranceId
    revision: int
    text: str
    track: Track | None
    """None where Telnyx did not say and the route cannot know."""
    role: Role
    leg: LegId
    start_ms: int | None
    end_ms: int | None
    time_source: TimeSource
    confidence: float | None
    words: tuple[Word, ...] | None
    language: str | None
    engine: str
    model: str | None
    source: Source
    redactions: tuple[Redaction, ...] = ()
    """What of it is hidden, or held back, where the route has `redact`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptPartial(Transcript):
    """A revision that may still change. Not durable, and not in the journal."""

    type: ClassVar[str] = "transcript.partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptFinal(Transcript):
    """The settled text of an utterance."""

    type: ClassVar[str] = "transcript.final"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptGap:
    """Audio that could not be transcribed, from when to when and why."""

    type: ClassVar[str] = "transcript.gap"
    track: Track | None
    role: Role
    leg: LegId
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Where the time of one track went, in milliseconds; the four sum to its length.

    Paused is what nobody was to hear: while it was paused, or stopped because somebody asked.
    """

    transcribed_ms: int
    silence_ms: int
    paused_ms: int
    lost_ms: int
    lost_reasons: Mapping[str, int] = field(default_factory=dict)
    """Why audio was lost, and how much for each reason; they sum to `lost_ms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptCompleted:
    """All the words of the call are in the journal."""

    type: ClassVar[str] = "transcript.completed"
    duration_ms: int | None
    utterances: int
    words: int
    gaps: int
    coverage: Mapping[str, Coverage] | None
    """By track; None on `in_call`, where nobody here hears the audio."""
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSaved:
    """The call's audio is there to be fetched: both tracks, from the answer on, in one file.

    It may come again, longer, where a stream was written out late.
    """

    type: ClassVar[str] = "recording.saved"
    duration_ms: int
    size_bytes: int
    content_type: str
    channels: tuple[Track, ...]
    """Which track is on which channel, left first."""
    silenced_ms: int = 0
    """How much of it is silent because it was hidden, of both tracks together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRedacted:
    """A final was redacted after it was told, and is kept so: this supersedes what was told.

    `supersedes` is the `seq` of the final. Text, words and what is hidden of them are all of it.
    """

    type: ClassVar[str] = "transcript.redacted"
    supersedes: int
    utterance_id: UtteranceId
    text: str
    words: tuple[Word, ...] | None
    redactions: tuple[Redaction, ...]
    track: Track | None
    role: Role
    leg: LegId
    start_ms: int | None
    end_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptErased:
    """All earlier events of the call were deleted; the only one that is left. `reason` says why."""

    type: ClassVar[str] = "transcript.erased"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled:
    """An endpoint gets nothing more until it is enabled. Of no call: see `delivery/notices.py`.

    `reason` is `gone` (it answered 410), `failing` (for days) or `by_hand`.
    """

    type: ClassVar[str] = "endpoint.disabled"
    endpoint: EndpointName
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEnabled:
    """An endpoint gets everything that it missed, and what comes. Of no call, either."""

    type: ClassVar[str] = "endpoint.enabled"
    endpoint: EndpointName


Event = (
    CallStarted
    | CallAnswered
    | CallAttached
    | CallEnded
    | TranscriptionStarted
    | TranscriptionStopped
    | TranscriptionPaused
    | TranscriptionResumed
    | TranscriptionDegraded
    | TranscriptionFailed
    | TranscriptionRecovered
    | TranscriptFinal
    | TranscriptGap
    | TranscriptCompleted
    | RecordingSaved
    | TranscriptRedacted
    | TranscriptErased
    | EndpointDisabled
    | EndpointEnabled
    | CallUnanswered
    | PartyEvent
    | ArchiveStored
    | ArchiveFailed
    | RecordingTranscribed
    | RecordingFailed
)
"""What is durable: it gets the call's next `seq`."""
