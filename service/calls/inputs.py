"""What a call session is told. Webhooks become inputs in `ingress/`, words in `stt/`.

Times named `at` or `occurred_at` are Unix seconds (UTC). Every field that Telnyx may leave
out or send as null is optional here; nothing is made up in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.calls.carrier_answers import CommandDone, CommandFailed, LegStatus
from service.calls.dial_wish import DialAsked
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.routes import Route
from service.calls.second_hearing_answers import RecordingHeard, RecordingUnheard
from service.calls.tape_answers import TapeDeleted, TapeKept, TapeNotDeleted, TapeNotKept
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.calls.webhook import Webhook
from service.ids import LegId, StreamId, Track
from service.redaction.redactor import Aloud


class LegInitiated(Webhook, frozen=True, kw_only=True):
    """`call.initiated`: a leg rings (incoming) or is being dialled (outgoing)."""

    headers: Mapping[str, str] = {}
    """Custom and SIP headers by name, names in lower case."""
    tags: tuple[str, ...] = ()
    caller_name: str | None = None


class LegAnswered(Webhook, frozen=True, kw_only=True):
    """`call.answered`."""


class LegAttached(Webhook, frozen=True, kw_only=True):
    """Somebody wants a leg transcribed that talks already. Told as a webhook is: kept, and once."""

    route: Route
    began_at: float | None = None
    """When the leg began, by Telnyx (Unix seconds)."""
    brings_stream: bool = False
    """Whether its own application has its audio streamed to us, so that nobody need ask."""


class LegHungUp(Webhook, frozen=True, kw_only=True):
    """`call.hangup`."""

    cause: str | None = None
    source: str | None = None
    sip_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What a label in a text stands for: never the value."""

    entity: str
    """`card`, `code`, `expiry`, `ssn`, `phone`, `email`, `iban`, `number`; `held` at the end of a
    partial: that may be shown yet."""
    start: int
    """Where the label begins in the text, in characters."""
    end: int
    start_ms: int | None = None
    """When what it stands for was said, on the call clock, where words have times."""
    end_ms: int | None = None


class LegBridged(Webhook, frozen=True, kw_only=True):
    """`call.bridged`: the leg is connected with another one."""


class SpeakEnded(Webhook, frozen=True, kw_only=True):
    """`call.speak.ended`: what was to be said on the leg was said, or broken off."""


class WordsReported(Webhook, frozen=True, kw_only=True):
    """`call.transcription`: in-call words. `is_final` is None where Telnyx left it out."""

    text: str
    is_final: bool | None = None
    confidence: float | None = None
    track: Track | None = None
    redactions: tuple[Redaction, ...] | None = None
    """What was hidden of it before it was to wait; None: nobody looked."""
    aloud: Aloud | None = None
    """What of its sound is not to be heard, where somebody did."""


class StreamingStarted(Webhook, frozen=True, kw_only=True):
    """`streaming.started`."""


class StreamingStopped(Webhook, frozen=True, kw_only=True):
    """`streaming.stopped`."""


class StreamingFailed(Webhook, frozen=True, kw_only=True):
    """`streaming.failed`; `reason` is Telnyx's free text."""

    reason: str | None = None
    stream_id: StreamId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word with its place on the call clock, in milliseconds."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStarted:
    """The media WebSocket of a leg said `start`; its first frame is at `at`."""

    leg_id: LegId
    stream_id: StreamId
    at: float
    encoding: str
    """As in `media_format.encoding`: PCMU, PCMA, L16, G722, …"""
    sample_rate_hz: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What whoever asked for the stream said along with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRefused:
    """The media WebSocket carries audio nobody here can decode; it was closed."""

    leg_id: LegId
    stream_id: StreamId
    at: float
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTurnedAway:
    """We closed a media WebSocket that Telnyx opened, because the journal was away."""

    leg_id: LegId
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStopped:
    """The media WebSocket ended: `orderly` after Telnyx's `stop`, otherwise it dropped."""

    leg_id: LegId
    stream_id: StreamId
    at: float
    orderly: bool


@dataclass(frozen=True, slots=True)
class TrackRef:
    """One track of what one media WebSocket carries."""

    leg_id: LegId
    stream_id: StreamId
    track: Track


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsHeard:
    """A recognition heard words on one track. Offsets are milliseconds of that stream's audio.

    `offset 0` is the stream's first frame; the session puts it on the call clock.
    """

    ref: TrackRef
    text: str
    is_final: bool
    start_ms: int
    end_ms: int
    confidence: float | None = None
    words: tuple[Word, ...] | None = None
    language: str | None = None
    engine: str | None = None
    """Who heard it; None for the route's own engine and model."""
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSettled:
    """All audio of one track before `until_ms` is accounted for.

    What of it no final and no `AudioLost` covers was silence.
    """

    ref: TrackRef
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLost:
    """Audio of one track that no recogniser will ever transcribe, and why (`reason`, a slug)."""

    ref: TrackRef
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionDegraded:
    """A recognition lost its session, or its engine cannot keep up: words may come late.

    With `to_engine` another engine takes over, from `start_ms` of the stream's audio on;
    `lost_capabilities` are the settings of the route that it will not heed.
    """

    ref: TrackRef
    reason: str
    code: str = ""
    engine: str | None = None
    model: str | None = None
    to_engine: str | None = None
    to_model: str | None = None
    start_ms: int | None = None
    lost_capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionRecovered:
    """Words come again after trouble that was told, from this engine."""

    ref: TrackRef
    engine: str | None = None
    model: str | None = None
    start_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionFailed:
    """No engine of the route gives words of this track; trying goes on, more slowly.

    Told once; `RecognitionRecovered` tells when it is over.
    """

    ref: TrackRef
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionFinished:
    """A recognition has said its last word; `audio_ms` is how much audio it was given."""

    ref: TrackRef
    audio_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingWritten:
    """What a stream added to the call's recording is on the disk; the figures are of all of it."""

    leg_id: LegId
    stream_id: StreamId
    at: float
    duration_ms: int
    size_bytes: int
    silenced_ms: int = 0
    """How much of what this stream added was hidden, of both tracks together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRestarted:
    """The process that held the call is gone, and its sockets with it; this one took over."""

    at: float
    was_down: bool = True
    """Whether webhooks may have found nobody meanwhile; if not, another process took them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStopping:
    """This process is about to stop while the call goes on; the next one will take it over."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverBegan:
    """The call is about to be another worker's, as this life of it; no partial is shown until then.

    What partials showed is in the state then, so that life need not think the worst.
    """

    heir: int


ControlName = Literal["start", "stop", "pause", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAsked:
    """Somebody wants the transcription of this call begun, ended, paused or resumed."""

    action: ControlName
    at: float
    """By the telephone network's clock, as well as it is known."""
    asked_at: float | None = None
    """By the clock of this machine; None for the same."""
    reason: str = "asked"
    """By whom or why: a slug, told in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAsked:
    """Nothing of this call is to be left, and nothing more of it to be kept."""

    at: float
    reason: str = "asked"


LegWebhook = (
    LegInitiated
    | LegAttached
    | LegAnswered
    | LegHungUp
    | LegBridged
    | SpeakEnded
    | WordsReported
    | StreamingStarted
    | StreamingStopped
    | StreamingFailed
    | LegHeld
    | LegRetrieved
    | KeyPressed
    | LegJoined
    | LegLeft
)
WebhookInput = LegWebhook | TapeSaved | TapeFailed
BEGINNINGS = (LegInitiated, LegAttached)
"""What a call begins with, and is not taken any more by a process that stops."""
OwnInput = (
    MediaStarted
    | MediaRefused
    | MediaTurnedAway
    | MediaStopped
    | WordsHeard
    | AudioSettled
    | AudioLost
    | RecognitionDegraded
    | RecognitionRecovered
    | RecognitionFailed
    | RecognitionFinished
    | RecordingWritten
    | CommandDone
    | CommandFailed
    | LegStatus
    | ArchiveWritten
    | ArchiveRefused
    | RecordingHeard
    | RecordingUnheard
    | TapeKept
    | TapeNotKept
    | TapeDeleted
    | TapeNotDeleted
)
"""What this service itself tells a call: what it hears, and what became of its commands."""
AskedInput = ControlAsked | EraseAsked | DialAsked
"""What people want; each is answered by one `Reply`."""
Input = WebhookInput | OwnInput | ServiceRestarted | ServiceStopping | HandOverBegan | AskedInput
