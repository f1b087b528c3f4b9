"""What a call session wants done; the runtime carries it out, in order. What it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.calls.inputs import TrackRef
from service.calls.routes import Route, Tracks
from service.calls.state import Span
from service.ids import LegId, StreamId, Track, Transcription
from service.redaction.redactor import Earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Tell Telnyx to answer the leg."""

    leg_id: LegId
    generation: int = 0
    """How often it was begun anew: what tells a new command from a repeated one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Tell Telnyx to call somebody; `CommandDone.made` is the leg that it makes.

    `leg_id` is the leg that it is bridged with as soon as somebody answers, "" for none. `begins`
    is what brings the words of the new leg, from its answer on.
    """

    leg_id: LegId
    to: str
    from_: str
    connection_id: str
    ring_s: float
    mark: Mapping[str, str]
    """The `client_state` by which its webhooks are known, whatever becomes of the answer."""
    begins: "StartStreaming | StartTranscription | None" = None
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Tell Telnyx to say a text on the leg, in a computer's voice."""

    leg_id: LegId
    text: str
    voice: str
    language: str
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Tell Telnyx to connect the leg with another one."""

    leg_id: LegId
    other: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """Tell Telnyx to end the leg."""

    leg_id: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTranscription:
    """Tell Telnyx to transcribe in the call. `tracks` is inbound, outbound or both."""

    leg_id: LegId
    engine: str
    config: Mapping[str, object]
    tracks: Tracks
    generation: int = 0
    model: str | None = None
    """The model, where it stands beside the config and not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTranscription:
    """Tell Telnyx to stop transcribing in the call."""

    leg_id: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartStreaming:
    """Ask Telnyx to fork the leg's audio to us. `tracks` is inbound, outbound or both."""

    leg_id: LegId
    tracks: Tracks
    generation: int = 0
    codec: str = "PCMU"
    """As Telnyx's `stream_codec` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStreaming:
    """Ask Telnyx to stop the fork."""

    leg_id: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecording:
    """Tell Telnyx to record the leg, whoever is at it on one channel, all others on the other."""

    leg_id: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecording:
    """Tell Telnyx to end the recording: what comes later is another one."""

    leg_id: LegId
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStatus:
    """Ask Telnyx whether a leg lives; answered by a `LegStatus`."""

    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchMissed:
    """Have Telnyx hand over the webhooks of the call since then that it could not deliver."""

    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FindTapes:
    """Have Telnyx list its recordings of a leg, as `TapeSaved`, with links that are good again."""

    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTape:
    """Have Telnyx delete a recording; `TapeDeleted` or `TapeNotDeleted` answers."""

    leg_id: LegId
    tape_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchTape:
    """Put a recording of Telnyx's into the call's; `TapeKept` or `TapeNotKept` answers.

    Without a link it is there already, and more of it is to be silent.
    """

    number: int
    link: str = field(repr=False)
    offset_ms: int
    """Where it begins on the call clock."""
    is_swapped: bool
    """Whether its first channel is the outbound side of the call."""
    silent: Mapping[Track, Sequence[tuple[int, int]]]
    """What of each side is silent in what is kept, in milliseconds of the call clock."""
    delete_at: float | None = None
    """When it is to be forgotten (Unix seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStream:
    """Keep the audio of a stream; its first frame is at `offset_ms` of the call clock."""

    leg_id: LegId
    stream_id: StreamId
    offset_ms: int
    keep_days: float | None = None
    """How long it is kept from now on; None for as long as the call."""
    is_judged: bool = False
    """Whether it is held back until `JudgeSound` says what of it may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSound:
    """Keep what a recognition was given of a track, as far as it is known. Its milliseconds."""

    ref: TrackRef
    until_ms: int
    """Everything before this is known."""
    hidden: tuple[Span, ...] = ()
    """What is not to be heard."""
    open: tuple[Span, ...] = ()
    """What waits until a later one says what becomes of it."""
    earlier: Earlier = "hold"
    """What becomes of what waited before, on either track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSound:
    """Close the recording of a media WebSocket: nothing more is to be known of it."""

    stream_id: StreamId
    earlier: Earlier
    """What becomes of what waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecognition:
    """Open a recognition for one track of a stream, by the rules of the call's route.

    It hears what comes from now on through the media WebSocket `socket_id`; None: through the
    one that the stream is named after.
    """

    ref: TrackRef
    route: Route
    socket_id: StreamId | None = None
    is_muted: bool = False
    """Whether nothing is recorded of what it hears."""
    carried: Track | None = None
    """On which track of the WebSocket its audio comes; None: on that of `ref`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseStream:
    """Have nobody hear what a media WebSocket carries from now on, and keep it open.

    Recognitions that heard it say their last word; `OpenRecognition` lets go of it.
    """

    leg_id: LegId
    stream_id: StreamId


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRecognitions:
    """Flush every recognition of a media WebSocket and wait for its tail, under a deadline.

    While the call goes on there is time for an engine to come back; `HastenRecognitions` ends that.
    """

    leg_id: LegId
    stream_id: StreamId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HastenRecognitions:
    """Have the recognitions of a leg that are finishing do so in less time: the call is over."""

    leg_id: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class HearRecording:
    """Have the call's recording transcribed whole; a `RecordingHeard` or `…Unheard` answers."""

    generation: int
    engine: str
    model: str | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of one `ControlAsked`, `EraseAsked` or `DialAsked`."""

    refused: str | None = None
    """Why nothing came of it: `unknown`, `not_answered`, `call_over`, `off` or `paused`; of a dial
    `no_route`, `no_connection`, or `another` that was asked for under the same id."""
    changed: bool = False
    """Whether anything is different now."""
    transcription: Transcription | None = None
    """What holds now."""
    at_ms: int | None = None
    """Since when on the call clock."""


CarrierCommand = (
    Answer
    | Dial
    | Speak
    | Bridge
    | HangUp
    | StartTranscription
    | StopTranscription
    | StartStreaming
    | StopStreaming
    | StartRecording
    | StopRecording
)
"""What Telnyx is told to do with a leg; each is answered by `CommandDone` or `CommandFailed`."""
CarrierQuestion = AskStatus | FetchMissed | FindTapes
SoundCommand = JudgeSound | CloseSound
MediaCommand = (
    RecordStream
    | OpenRecognition
    | PauseStream
    | FinishRecognitions
    | HastenRecognitions
    | SoundCommand
)
Command = CarrierCommand | CarrierQuestion | MediaCommand | HearRecording | FetchTape | DeleteTape
