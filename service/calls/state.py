"""What a call session remembers between two inputs; the journal keeps it beside the events."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from service.calls.inputs import WebhookInput
from service.calls.routes import Route
from service.ids import CallId, LegId, StreamId, Track

LAYOUT: Final = 2
"""Grows when a field changes its name or meaning; `runtime/codec.py` reads the older ones."""


class Phase(StrEnum):
    """How far the call is. It only ever moves down this list."""

    UNKNOWN = "unknown"
    """No leg has rung yet that a route wants; nothing is in the journal."""
    RINGING = "ringing"
    TALKING = "talking"
    ENDING = "ending"
    """Every leg hung up; late words are waited for."""
    COMPLETE = "complete"


class Transcribing(StrEnum):
    """How far getting words out of a leg is, on either source."""

    NONE = "none"
    ASKED = "asked"
    """Telnyx was told to start, and has not said yes."""
    ON = "on"
    OFF = "off"


class Desired(StrEnum):
    """Whether people want the words of the call."""

    ON = "on"
    PAUSED = "paused"
    OFF = "off"


@dataclass(slots=True)
class Leg:
    """One leg of the call. `number` counts legs in the order in which they began."""

    number: int
    answered: bool = False
    hung_up: bool = False
    transcribing: Transcribing = Transcribing.NONE
    restarts: int = 0
    """How often its words had to be asked for again since they last came for a while."""
    restart_at: float | None = None
    """When it is to be asked for again."""
    generation: int = 0
    """How often its words were stopped or paused because somebody asked."""

    @property
    def is_transcribed(self) -> bool:
        """Whether its words were asked for, or come."""
        return self.transcribing in (Transcribing.ASKED, Transcribing.ON)


@dataclass(slots=True)
class Stream:
    """What one media WebSocket of a leg carried, from its start or the last pause on."""

    leg_id: LegId
    offset_ms: int
    """Where its first frame is on the call clock."""
    recognising: list[Track] = field(default_factory=list)
    """The tracks whose recognition has not finished."""
    finishing: bool = False
    socket_id: StreamId | None = None
    """Telnyx's id of the WebSocket, where that is not the stream's own: after a pause."""
    paused: bool = False
    """Nobody hears what it carries: the transcription is paused."""
    ends_ms: int | None = None
    """Where on the call clock its words end, because somebody asked."""


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


@dataclass(slots=True)
class Recorded:
    """What there is of the call's audio, and nobody was told of yet."""

    duration_ms: int
    size_bytes: int


@dataclass(slots=True)
class Pause:
    """A time, in Unix seconds, of which no word is to be kept. `until` None: it goes on."""

    since: float
    until: float | None = None


@dataclass(slots=True)
class CallState:
    """One call, whole."""

    call_id: CallId
    layout: int = LAYOUT
    phase: Phase = Phase.UNKNOWN
    route: Route | None = None
    seq: int = 0
    """The `seq` of the last durable event."""
    routed: LegId | None = None
    """The leg that the route wanted: its tracks have the route's roles."""
    primary: LegId | None = None
    """The leg that is transcribed: the routed one, or its successor after a transfer."""
    legs: dict[LegId, Leg] = field(default_factory=dict)
    answered_at: float | None = None
    ended_at: float | None = None
    hand_over_at: float | None = None
    """When another leg takes the place of the primary one that hung up."""
    finish_by: float | None = None
    """When an ending call stops waiting for late words."""
    last_input_at: float = 0.0
    waiting: list[Waiting] = field(default_factory=list)
    streams: dict[StreamId, Stream] = field(default_factory=dict)
    open_gaps: dict[Track, OpenGap] = field(default_factory=dict)
    """The tracks whose audio does not reach us at the moment."""
    sequences: dict[str, UtteranceSequence] = field(default_factory=dict)
    ledgers: dict[Track, Ledger] = field(default_factory=dict)
    recorded: Recorded | None = None
    utterances: int = 0
    words: int = 0
    gaps: int = 0
    desired: Desired = Desired.ON
    pauses: list[Pause] = field(default_factory=list)
    """The latest times that were paused or stopped because somebody asked, in order."""
    paused_before_ms: int = 0
    """How long those before them were, together."""
    erased: bool = False
    """Nothing of the call is left, and nothing more of it is taken."""
    finality_missing: bool = False
    """Whether it was already told that Telnyx leaves `is_final` out."""

    def clock_ms(self, at: float) -> int | None:
        """Put a time (Unix seconds) on the call clock: milliseconds since the answer.

        None before the answer, which is never the same as 0.
        """
        if self.answered_at is None:
            return None
        return max(0, round((at - self.answered_at) * 1000))
