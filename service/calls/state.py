"""What a call session remembers between two inputs; the journal keeps it beside the events."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from service.calls.carrier_answers import CommandName
from service.calls.inputs import LegBridged, LegHungUp, WebhookInput
from service.calls.recorded import Recorded, Removal, Silences, Tape, Taping
from service.calls.routes import AfterCall, Route, Tracks
from service.ids import CallId, EndpointName, LegId, StreamId, Track
from service.redaction.memory import Memory

LAYOUT: Final = 2
"""Grows when a field changes its name or meaning; `runtime/codec.py` reads the older ones."""


class Phase(StrEnum):
    """How far the call is. It only ever moves down this list."""

    UNKNOWN = "unknown"
    """No leg has rung yet that a route wants; the journal has at most a webhook that waits."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDING = "ending"
    """Every leg hung up; late words are waited for."""
    COMPLETE = "complete"


class Progress(StrEnum):
    """How far something is that Telnyx was asked for."""

    OFF = "off"
    """It is not so, as far as is known."""
    ASKED = "asked"
    """The command is under way."""
    TAKEN = "taken"
    """Telnyx took the command; what it leads to has not been seen."""
    ON = "on"
    """It is so."""
    STOPPING = "stopping"
    """The command to end it is under way."""


class Desired(StrEnum):
    """Whether people want the words of the call."""

    ON = "on"
    PAUSED = "paused"
    OFF = "off"


@dataclass(slots=True)
class Request:
    """Something Telnyx is asked to do on a leg: what is known of it, and when to look again.

    What is wanted follows from the call (`requests.py`); while it is not what is known, there is
    always a time to look again.
    """

    progress: Progress = Progress.OFF
    generation: int = 0
    """How often it was begun anew: tells a new command from a repeat of the last one."""
    failures: int = 0
    """How often in a row it came to nothing."""
    look_at: float | None = None
    """When to ask again, or to give up waiting; None: at once, or never."""
    taken_at: float | None = None
    """When Telnyx took the command."""

    @property
    def is_untouched(self) -> bool:
        """Whether Telnyx was never asked for it."""
        return self.progress is Progress.OFF and not self.generation and not self.failures


@dataclass(slots=True)
class Trouble:
    """Why a leg gives no words, since when (Unix seconds), and whether that was told as failed."""

    since: float
    reason: str
    failed: bool = False


@dataclass(slots=True)
class Leg:
    """One leg of the call. `number` counts legs in the order in which they began."""

    number: int
    incoming: bool = False
    answered: bool = False
    hung_up: bool = False
    answering: Request = field(default_factory=Request)
    streaming: Request = field(default_factory=Request)
    """Its audio, forked to us."""
    transcribing: Request = field(default_factory=Request)
    """Its words, from Telnyx in the call."""
    recording: Request = field(default_factory=Request)
    """Its audio, recorded at Telnyx."""
    taping: Taping = field(default_factory=Taping)
    asked_tracks: Tracks | None = None
    """Which of its tracks Telnyx was last asked to transcribe."""
    apart_since: float = 0.0
    """Since when that is one of them; words of before may be of either."""
    expected: bool = False
    """Whether it was told that words are to be expected of it."""
    errands: dict[CommandName, Request] = field(default_factory=dict)
    """What else Telnyx was asked for: to speak, to bridge it, to hang it up."""
    voice: Track | None = None
    """The one side of the call that it brings, as its inbound track: a stream of SIPREC's."""
    is_voice_named: bool = False
    """Whether it was said which side that is."""
    opposite: bool = False
    """Whether it was connected with the leg that the route wanted: it is that one's other side."""
    party: str | None = None
    """The number of whoever is at it."""
    answered_at: float | None = None
    ended_at: float | None = None
    with_leg: LegId | None = None
    """The leg that it was connected with last."""
    linked_at: float = 0.0
    """When they were."""
    held_at: float | None = None
    """Since when it is on hold."""
    conference: str | None = None
    """The conference that it is in."""
    trouble: Trouble | None = None
    heard_at: float = 0.0
    """When Telnyx last said anything about it."""
    flat_config: bool | None = None
    """Whether its in-call configuration takes the other of two shapes; None: that was not tried."""
    words_due_at: float | None = None
    """When its in-call words are missed: it is transcribed, and none came yet."""
    words_missed: int = 0
    """How often in a row they were."""
    status_at: float | None = None
    """When to ask Telnyx whether it lives."""
    status_asked: int = 0
    """How often in a row that was asked."""

    @property
    def was_transcribed(self) -> bool:
        """Whether Telnyx was ever asked for its words, also once nobody wants them any more."""
        return self.asked_tracks is not None or not self.transcribing.is_untouched


@dataclass(slots=True)
class Dial:
    """Somebody whom Telnyx is to call for us."""

    to: str
    from_: str
    connection_id: str
    linked: LegId | None = None
    """The leg that it is to be bridged with, in the same call; None: it begins the call."""
    request: Request = field(default_factory=Request)
    asked_at: float | None = None
    """When the command that is in force first went out."""
    leg: LegId | None = None
    """The leg that came of it, once it is known."""
    carries: bool = True
    """Whether it asks for the words of the new leg as well; not once Telnyx refused that."""
    asked_tracks: Tracks | None = None
    """Of which tracks it asks for them."""
    over: bool = False
    """Whether it ended with nobody there; that was told."""


@dataclass(slots=True)
class Stream:
    """What one media WebSocket of a leg carried, from its start or the last pause on."""

    leg_id: LegId
    offset_ms: int
    """Where its first frame is on the call clock."""
    stage: int = 0
    """The stage of the route that it was opened for."""
    recognising: list[Track] = field(default_factory=list)
    """The tracks whose recognition has not finished."""
    finishing: bool = False
    socket_id: StreamId | None = None
    """Telnyx's id of the WebSocket, where that is not the stream's own: after a pause."""
    paused: bool = False
    """Nobody hears what it carries: the transcription is paused."""
    is_muted: bool = False
    """It is heard in a pause, for the phrase that ends it: none of its words is kept."""
    cuts: bool = False
    """Its words end at a phrase, although more was heard."""
    ends_ms: int | None = None
    """Where on the call clock its words end, because somebody asked."""
    closed_ms: int | None = None
    """Where on the call clock it ended, by the time that it took."""


@dataclass(slots=True)
class Waiting:
    """A webhook that waits for those which occurred before it, and since when."""

    webhook: WebhookInput
    arrived_at: float


@dataclass(slots=True)
class UtteranceSequence:
    """The utterances of one track of one leg, in order. `track` None: Telnyx did not say."""

    finals: int = 0
    """How many finals there were: the number of the open utterance."""
    end_ms: int = 0
    """Where the last final ended on the call clock."""
    revisions: int = 0
    """Partials shown of the open utterance of a recognition."""
    interims_at: list[float] = field(default_factory=list)
    """When in-call interims occurred that no final has settled yet."""
    shown_at: float = 0.0
    """When the newest in-call interim that was shown, or final, occurred."""


class Span(NamedTuple):
    """A stretch of the call clock, in milliseconds."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms


@dataclass(slots=True)
class Ledger:
    """Where one track's time went so far, in milliseconds; see `coverage.py`."""

    until_ms: int = 0
    transcribed_ms: int = 0
    lost_ms: int = 0
    lost_reasons: dict[str, int] = field(default_factory=dict)
    """How much of it was lost for each reason."""


@dataclass(slots=True)
class OpenGap:
    """Audio of a track that does not reach us, since when on the call clock, and why."""

    since_ms: int
    reason: str
    until_ms: int | None = None
    """Until when, if that is known; it is yet to be told."""
    doubtful: bool = False
    """Whether there may be none: words that were said well before its end show it."""


@dataclass(slots=True)
class Hole:
    """Audio of a track that never came: all of it that touches."""

    span: Span
    reason: str
    """Why the last of it did not."""
    is_told: bool = False
    """Whether there was an event of it: it is long enough, with what it touches."""


@dataclass(slots=True)
class Archived:
    """The newest revision that an archive has, and of whose trouble was told."""

    stored: int = 0
    failed: int = 0


@dataclass(slots=True)
class SecondHearing:
    """The transcription of the whole recording: which one, and when to ask for it again."""

    choice: AfterCall
    generation: int
    look_at: float | None = None
    """None: it is there, or given up."""
    failures: int = 0


@dataclass(slots=True)
class Pause:
    """A time, in Unix seconds, of which no word is to be kept. `until` None: it goes on."""

    since: float
    until: float | None = None
    asked_until: float | None = None
    """When somebody asked for its end, where no word could be told from it until later."""

    @property
    def over_at(self) -> float | None:
        """When somebody wanted words again: what was lost from then on is told."""
        return self.until if self.asked_until is None else self.asked_until


@dataclass(slots=True)
class CallState:
    """One call, whole."""

    call_id: CallId
    layout: int = LAYOUT
    phase: Phase = Phase.UNKNOWN
    route: Route | None = None
    stage: int = 0
    """Which of the route's stages gives the words."""
    seq: int = 0
    """The `seq` of the last durable event."""
    routed: LegId | None = None
    """The leg that the route wanted: its tracks have the route's roles."""
    primary: LegId | None = None
    """The leg that is transcribed: the routed one, or its successor after a transfer."""
    legs: dict[LegId, Leg] = field(default_factory=dict)
    began_at: float = 0.0
    """When the first webhook of the call occurred."""
    answered_at: float | None = None
    ended_at: float | None = None
    dials: list[Dial] = field(default_factory=list)
    """Whom Telnyx calls for us: one for the call itself, one for each leg to be connected."""
    announced: bool = False
    """Whether the route's notice was said."""
    bridged_at: float | None = None
    """When the caller was connected with whom the route says."""
    unpaired: LegBridged | None = None
    """What one leg said of a bridge that somebody else made, until the other one says so, too."""
    last_hang_up: LegHungUp | None = None
    """The hang-up that ends the call, once it is known what became of a dial."""
    hand_over_at: float | None = None
    """When another leg takes the place of the primary one that hung up."""
    finish_by: float | None = None
    """When an ending call stops waiting for late words."""
    last_input_at: float = 0.0
    waiting: list[Waiting] = field(default_factory=list)
    streams: dict[StreamId, Stream] = field(default_factory=dict)
    open_gaps: dict[Track, OpenGap] = field(default_factory=dict)
    """The tracks whose audio does not reach us at the moment."""
    last_holes: dict[Track, Hole] = field(default_factory=dict)
    """What touches the last hole of a track is counted together with it."""
    sequences: dict[str, UtteranceSequence] = field(default_factory=dict)
    ledgers: dict[Track, Ledger] = field(default_factory=dict)
    recorded: Recorded | None = None
    silenced_ms: int = 0
    """How much of what was recorded was hidden, of both tracks together."""
    tapes: list[Tape] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    silences: Silences = field(default_factory=Silences)
    utterances: int = 0
    words: int = 0
    gaps: int = 0
    desired: Desired = Desired.ON
    pauses: list[Pause] = field(default_factory=list)
    """The latest times that were paused or stopped because somebody asked, in order."""
    paused_before_ms: int = 0
    """How long those before them were, together."""
    pause_ends_at: float | None = None
    """When a pause ends that a phrase began; None: there is none."""
    listens: bool = False
    """Whether it is listened to, for a phrase that ends it."""
    paused_in: str = ""
    """The track, of its leg, whose in-call interim began it: its final is cut at the phrase."""
    spoken_over: list[str] = field(default_factory=list)
    """The tracks whose in-call words began in such a pause and have no final yet."""
    erased: bool = False
    """Nothing of the call is left, and nothing more of it is taken."""
    in_call_until: float | None = None
    """When a media stream took over from Telnyx's in-call words: what it hears, they repeat."""
    finality_missing: bool = False
    """Whether it was already told that Telnyx leaves `is_final` out."""
    carried: dict[str, str | list[str]] = field(default_factory=dict)
    """What the call's own application said of it, for the metadata."""
    heard_again: SecondHearing | None = None
    """None: nobody wants it, or there is no recording yet."""
    archived: dict[EndpointName, Archived] = field(default_factory=dict)
    redaction: Memory = field(default_factory=Memory)
    """What was hidden and shown of numbers: counts, labels and times."""
    life: int = 0
    """Which memory of the call this is. It grows whenever what was not committed is forgotten, by a
    restart or a commit that failed: revisions of partials that were shown are not used again."""

    @property
    def is_unwanted(self) -> bool:
        """Whether nothing of the call need outlive the process: no route wants it.

        A webhook that waits and begins a leg may yet be wanted.
        """
        if self.route is not None:
            return False
        return all(item.webhook.leg_id in self.legs for item in self.waiting)

    def clock_ms(self, at: float) -> int | None:
        """Put a time (Unix seconds) on the call clock: milliseconds since the answer.

        None before the answer, which is never the same as 0.
        """
        if self.answered_at is None:
            return None
        return max(0, round((at - self.answered_at) * 1000))
