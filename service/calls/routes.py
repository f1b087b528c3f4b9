"""Routes: the rules that say how a call is treated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from service.ids import EndpointName, Role, Source, Track
from service.redaction.labels import Kind
from service.redaction.memory import Level, Mask

Tracks = Literal["inbound", "outbound", "both"]
Numbers = Literal["full", "last4", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days something of a call is kept; None: until somebody erases the call."""

    text_days: float | None = None
    """Everything of the call but a tombstone, after its end."""
    audio_days: float | None = None
    """Its recording, after it began."""
    attempts_days: float | None = None
    """Deliveries that were given up, after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Who is to give the words when whoever is before it does not. None: as the route has it."""

    engine: str
    source: Source | None = None
    model: str | None = None
    language: str | None = None
    engine_options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCall:
    """Who transcribes the whole recording once the call is over. None: the engine's own choice."""

    engine: str
    model: str | None = None
    language: str | None = None
    """None: the route's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a call is treated. Built from one `[[route]]` of the settings, which documents it."""

    name: str | None = None
    """By which a request may ask for it."""
    match: Mapping[str, str] = field(default_factory=dict)
    answer: bool = True
    connect: str | None = None
    """Who is dialled for the caller and bridged: a number or a SIP address."""
    announce: str | None = None
    """What is said to the caller before that, in a computer's voice."""
    announce_voice: str = "AWS.Polly.Joanna"
    ring_s: float = 30.0
    """How long whom we dial may take to answer."""
    source: Source = "media"
    engine: str = "Deepgram"
    model: str | None = None
    language: str | None = None
    interim_results: bool = True
    keyterms: tuple[str, ...] = ()
    endpointing_ms: int | bool | None = None
    """False: off."""
    tracks: Tracks = "both"
    roles: Mapping[Track, Role] = field(default_factory=dict)
    numbers: Numbers = "full"
    """What is shown of the numbers of participants."""
    show_digits: bool = False
    """Whether it is told which keys people press."""
    redact: tuple[Kind, ...] = ()
    """What is hidden of the words before anybody has them."""
    redact_level: Level = "balanced"
    mask: Mask = "label"
    siprec: bool = False
    """Whether its calls are the streams of SIPREC sessions: those of one session are one call."""
    record: Literal["none", "audio", "telnyx"] = "none"
    """`audio`: keep what the fork carried; `telnyx`: have Telnyx record, and keep that."""
    delete_at_telnyx: bool = False
    """Whether Telnyx is to delete what it recorded, once that is here or the call is erased."""
    after_call: AfterCall | None = None
    """Who transcribes the recording once more; None: nobody."""
    pause_on: tuple[str, ...] = ()
    """Phrases after which nothing is kept."""
    resume_on: tuple[str, ...] = ()
    """Phrases after which it is again."""
    pause_limit_s: float = 60.0
    """How long it is not, at most."""
    endpoints: tuple[EndpointName, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    carry: tuple[str, ...] = ()
    """What of the call's own application goes into the metadata; see `carrying.py`."""
    retention: Retention = Retention()
    engine_options: Mapping[str, object] = field(default_factory=dict)
    """Settings only some engines have, under Telnyx's own names (Azure's `region`)."""
    fallback: tuple[Fallback, ...] = ()
    """Who else gives the words, in order, while the engine does not."""
    stream_codec: str | None = None
    """What Telnyx is asked to encode the fork with; None for what costs least."""
    max_session_s: float | None = None
    """How long a session of the engine may last; None for what is known of the engine."""

    @property
    def choices(self) -> tuple["Route", ...]:
        """This route with each engine that may give its words, the first choice first."""
        return (replace(self, fallback=()), *(self._with(choice) for choice in self.fallback))

    @property
    def stages(self) -> tuple["Route", ...]:
        """Its choices by where the words come from: each with what may take over on that way."""
        stages: list[Route] = []
        for choice, fallback in zip(self.choices, (None, *self.fallback), strict=True):
            if stages and fallback and stages[-1].source == choice.source:
                taking_over = (*stages[-1].fallback, fallback)
                stages[-1] = replace(stages[-1], fallback=taking_over)
            else:
                stages.append(choice)
        return tuple(stages)

    @property
    def carries_media(self) -> bool:
        """Whether its words may come from audio that is forked to us."""
        return self.source == "media" or any(one.source == "media" for one in self.fallback)

    def _with(self, choice: Fallback) -> "Route":
        return replace(
            self,
            source=choice.source or self.source,
            engine=choice.engine,
            model=choice.model,
            language=choice.language or self.language,
            engine_options=choice.engine_options,
            fallback=(),
        )

    @property
    def heard_tracks(self) -> tuple[Track, ...]:
        """The tracks to transcribe, inbound first."""
        return ("inbound", "outbound") if self.tracks == "both" else (self.tracks,)
