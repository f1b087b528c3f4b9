"""The calls of a scenario: who speaks, what is said or heard on the line, and how it ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from service.simulator.scenario.table import Chance, Table, low_to_high

MAX_CALLS = 10_000
SiprecLabel = Annotated[str, Field(max_length=100)]
SoundKind = Literal["noise", "ringback", "strings", "piano", "band"]
"""`strings`, `piano` and `band` are music on hold: sustained, plucked, and with a beat."""


class Say(Table):
    """One scripted utterance."""

    speaker: Literal["customer", "agent"]
    text: str = Field(min_length=1, max_length=2000)
    at_ms: int = Field(ge=0)
    """When it begins, in milliseconds of the talk."""
    until_ms: int | None = None
    """When it ends; without it, each word takes 350 ms."""
    who: int = Field(0, ge=0, le=20)
    """Which of the agents, by when they come: the first is 0."""

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.until_ms is not None and self.until_ms <= self.at_ms:
            raise ValueError("until_ms must be after at_ms")
        if not self.text.split():
            raise ValueError("text has no word")
        return self


class Sound(Table):
    """Something that is heard on the line and is no speech."""

    speaker: Literal["customer", "agent"]
    """On whose track."""
    kind: SoundKind
    at_ms: int = Field(ge=0)
    until_ms: int = Field(gt=0)

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.until_ms <= self.at_ms:
            raise ValueError("until_ms must be after at_ms")
        return self


class NumberedWords(Table):
    """A conversation of numbered words, to be counted: nothing else is said twice.

    By turns the customer says `c1… c2… c3…` and the agent `a1… a2…`, each with letters of its own
    after the number, so that no two sound alike.
    """

    duration_s: float = Field(30.0, gt=0, le=3600)
    words: tuple[int, int] = (3, 12)
    """From how many to how many are one utterance."""
    word_ms: tuple[int, int] = (260, 420)
    pause_ms: tuple[int, int] = (300, 2000)
    """Between one utterance and the next."""
    overlap: Chance = 0.1
    """That the other begins before the one has ended."""
    repetitive: bool = False
    """Not numbers but few short words again and again, as people do: `yes yes no yes`."""

    @field_validator("words", "word_ms", "pause_ms")
    @classmethod
    def _low_to_high(cls, pair: tuple[int, int]) -> tuple[int, int]:
        low_to_high(pair)
        return pair


class Pair(Table):
    """One raw 8 kHz mu-law file per speaker."""

    customer: Path
    agent: Path


class Callee(Table):
    """Whom the application dials for a call, by `dial` with `link_to`: the agent."""

    picks_up: Literal["yes", "busy", "no_answer"] = "yes"
    picks_up_after_s: float = Field(0.5, ge=0)
    ring_s: float = Field(30.0, gt=0)
    """How long it rings at most; `timeout_secs` of the `dial` counts as well. Real seconds."""


class Act(Table):
    """What the call's own application does at a moment of the talk."""

    kind: Literal["bridge", "transfer", "consult", "conference", "hold", "key"]
    """An agent comes (`bridge`), or takes the place of the one who is there (`transfer`). That one
    asks them first, while the customer is on hold (`consult`, until `until_ms`). All are in one
    `conference`. The customer is on `hold`, or presses a `key`."""
    at_ms: int = Field(ge=0)
    """When, in milliseconds of the talk."""
    until_ms: int | None = None
    to: str = Field("+13125550178", min_length=1, max_length=100)
    """The number of the agent who comes."""
    digit: str = Field("5", min_length=1, max_length=1)

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if (self.kind in ("consult", "hold")) != (self.until_ms is not None):
            raise ValueError("until_ms is for consult and hold, which need it")
        if self.until_ms is not None and self.until_ms <= self.at_ms:
            raise ValueError("until_ms must be after at_ms")
        return self


class CallPlan(Table):
    """A call, or `count` calls alike. The customer is on the inbound track, the agent outbound."""

    from_number: str = Field(alias="from", default="+13125550142")
    """With `count`, each call's number is one higher."""
    to_number: str = Field(alias="to", default="+13125550199")
    direction: Literal["incoming", "outgoing"] = "incoming"
    """`outgoing` waits for a `dial`; the first dial gets the first such call."""
    count: int = Field(1, ge=1, le=MAX_CALLS)
    start_s: float = Field(0.0, ge=0)
    every_s: float = Field(0.0, ge=0)
    """Between one call and the next, when `count` is more than one."""
    arrival: Literal["even", "random"] = "even"
    """`random` calls know nothing of each other: `every_s` is then the mean gap."""
    dialled_within_s: float = Field(60.0, gt=0)
    """How long an outgoing call waits for its `dial`. Always real seconds."""
    ring_s: float = Field(30.0, gt=0)
    """How long it rings before the caller gives up. Always real seconds, whatever the speed."""
    picks_up: Literal["yes", "busy", "no_answer"] = "yes"
    """What a dialled party does."""
    picks_up_after_s: float = Field(0.5, ge=0)
    talk: Literal["when_heard", "on_answer"] = "when_heard"
    """`when_heard` keeps everyone quiet until audio is streamed or transcribed."""
    patience_s: float = Field(5.0, ge=0)
    """How long `when_heard` waits, in real seconds, before they talk anyway."""
    bridged_to: str | None = Field(None, min_length=1, max_length=100)
    """The number of an agent's leg that joins once the call is answered: a second leg of the same
    call session, whose inbound track is the agent."""
    siprec: tuple[SiprecLabel, SiprecLabel] | None = None
    """The labels of the customer's and of the agent's stream, where a SIPREC client sends a call
    of somebody else's: each stream is then a call of its own, with one side and headers."""
    callee: Callee | None = None
    """The agent, if it is the application that dials one: the talk begins with the bridge."""
    texml: str | None = Field(None, pattern=r"^https?://", max_length=2000)
    """Where the document is that says what becomes of the call: then no webhooks are sent, but
    callbacks, and no command is waited for."""
    status_callback: str | None = Field(None, pattern=r"^https?://", max_length=2000)
    """Where a TeXML application is told how far the call is."""
    waits_s: float = Field(60.0, ge=0)
    """How long the caller waits for that before hanging up. Always real seconds."""
    recording: Path | Pair | None = None
    """A call's JSON (tracks and script), a two-channel WAV, or a pair of .ulaw files."""
    channels: tuple[Literal["customer", "agent"], Literal["customer", "agent"]] = (
        "customer",
        "agent",
    )
    """Who is on the first and the second channel of a WAV."""
    act: tuple[Act, ...] = ()
    """What its own application does while they talk: agents come, go, and hand over."""
    say: tuple[Say, ...] = ()
    """A script without a recording: the audio is a made-up voice, different for each call."""
    numbered: NumberedWords | None = None
    """A script made up of numbered words."""
    sound: tuple[Sound, ...] = ()
    """What else is heard, beside a script."""
    hangs_up: Literal["caller", "callee", "service"] = "caller"
    """Who ends the call when the talk is over; `service` waits for a `hangup` command."""
    linger_ms: int = Field(500, ge=0)
    """Silence after the talk, before whoever `hangs_up` does."""
    time_limit_s: float = Field(3600.0, gt=0, le=86_400)
    headers: Mapping[str, str] = Field(default_factory=dict)
    """Custom SIP headers of `call.initiated`."""
    tags: tuple[str, ...] = ()

    @field_validator("channels")
    @classmethod
    def _two_people(cls, channels: tuple[str, str]) -> tuple[str, str]:
        if channels[0] == channels[1]:
            raise ValueError("channels must name customer and agent once each")
        return channels

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [self.recording is not None, bool(self.say), self.numbered is not None]
        if sum(sources) > 1:
            raise ValueError("a call has a recording, [[call.say]] or numbered, not both")
        if self.recording is not None and self.sound:
            raise ValueError("[[call.sound]] goes with a script, not with a recording")
        if self.direction == "incoming" and self.picks_up != "yes":
            raise ValueError("picks_up is for outgoing calls; an incoming one is yours to answer")
        if self.texml is not None and self.direction != "incoming":
            raise ValueError("texml is for incoming calls")
        if self.callee is not None and self.bridged_to is not None:
            raise ValueError("an agent is dialled (callee) or joins (bridged_to), not both")
        return self

    @model_validator(mode="after")
    def _comes_by_siprec(self) -> Self:
        others = (self.bridged_to, self.callee, self.texml, *self.act)
        if self.siprec is not None and (self.direction != "incoming" or any(others)):
            raise ValueError("siprec is for incoming calls with nobody else in them")
        return self
