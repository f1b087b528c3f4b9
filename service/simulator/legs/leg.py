"""One simulated leg: its identity, its state, who consumes its audio, and the events it emits."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from service.simulator.legs.callbacks import Callbacks
from service.simulator.legs.timeline import Timeline, iso
from service.simulator.legs.webhook_queue import WebhookEvent
from service.simulator.legs.webhook_sender import WebhookSender
from service.simulator.report import CallReport
from service.simulator.rng import Rng
from service.simulator.scenario import CallPlan
from service.simulator.speech.call_audio import CallAudio

_NUMBERED = {
    *("call.initiated", "call.answered", "call.bridged", "call.hangup", "call.hold", "call.unhold"),
    "call.dtmf.received",
}
"""Events that carry `from` and `to`."""


class AudioConsumer(Protocol):
    """Consumes the audio of a leg: a media stream, an in-call transcription, a recording."""

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Take the audio from `start_ms` to `end_ms` of the talk; called in order, and may wait."""

    async def finish(self) -> None:
        """Emit what is left, since the call is over. Bounded in time; may be called again."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """Why a call ended, in Telnyx's words."""

    cause: str
    source: Literal["caller", "callee", "unknown"]
    sip_code: str


UNKNOWN = Hangup("unspecified", "unknown", "unspecified")


@dataclass(slots=True)
class Routing:
    """Where a leg's webhooks go. Commands may change it for the ones after them."""

    url: str | None
    failover_url: str | None
    retries_s: tuple[float, ...]
    urls_by_event: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retries_by_event: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def urls(self, event_type: str) -> tuple[str, ...]:
        """Return where an event goes, and where it goes next if that fails."""
        first = self.urls_by_event.get(event_type) or ((self.url,) if self.url else ())
        return first + ((self.failover_url,) if first and self.failover_url else ())

    def retries(self, event_type: str) -> tuple[float, ...]:
        """Return the waits between attempts."""
        return self.retries_by_event.get(event_type, self.retries_s)


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids and numbers of a leg."""

    control_id: str
    leg_id: str
    session_id: str
    user_id: str
    connection_id: str
    from_number: str
    to_number: str


def identify(rng: Rng, connection_id: str, numbers: tuple[str, str]) -> Identity:
    """Make the ids of a leg: the same `rng` gives the same ones."""
    ids = rng.derive("ids")
    return Identity(ids.control_id(), ids.uuid(), ids.uuid(), ids.uuid(), connection_id, *numbers)


class Meeting(Protocol):
    """A conference that a leg is in."""

    def left(self, leg: "Leg") -> None:
        """Take note that the leg is gone."""


@dataclass(slots=True)
class Link:
    """What a leg is, or is to be, bridged with."""

    made: asyncio.Event = field(default_factory=asyncio.Event)
    other: "Leg | None" = None
    on_answer: "Leg | None" = None
    """With which the `dial` or `transfer` that made it wants it bridged."""
    replaces: bool = False
    """Whether it takes the place of whoever that one is with then: a transfer."""
    first: "Leg | None" = None
    """For which it was dialled; None of a leg whose call it is, which the talk ends with."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this leg is gone while the others talk on."""
    meeting: Meeting | None = None
    guests: "list[Leg]" = field(default_factory=list)
    """Who came into the talk by command, the same list for all who take part in it."""


class Leg:
    """One leg of a call. Its events are emitted in the order in which they happen."""

    ended_at: float | None = None
    was_asked_about = False
    """Whether somebody asked how the leg is once it was over."""

    def __init__(
        self,
        plan: CallPlan,
        audio: CallAudio,
        identity: Identity,
        *,
        rng: Rng,
        timeline: Timeline,
        sender: WebhookSender,
        routing: Routing,
    ) -> None:
        self.plan = plan
        self.audio = self.spoken = audio  # `spoken` is all of a call of which it has one side
        self.id = identity
        self.rng = rng
        self.timeline = timeline
        self.sender = sender
        self.routing = routing
        self._emitted: Counter[str] = Counter()
        self.client_state: str | None = None
        self.answered = asyncio.Event()
        self.heard = asyncio.Event()
        """Set once the audio is streamed or transcribed."""
        self.over = asyncio.Event()
        self.link = Link()
        self.callbacks: Callbacks | None = _callbacks(plan)
        self.hangup: Hangup | None = None
        self.failed = self.answer_accepted = False
        self.started_at = timeline.stamp()
        self.answered_at: float | None = None
        self.when_answered: list[Callable[[], None]] = []
        self.consumers: list[AudioConsumer] = []
        self.report = CallReport(
            identity.session_id,
            identity.control_id,
            identity.from_number,
            identity.to_number,
            plan.direction,
            webhooks=sender.results,
        )

    @property
    def _came_in(self) -> bool:
        return self.plan.direction == "incoming"

    @property
    def alive(self) -> bool:
        """Whether the leg still takes commands."""
        return self.hangup is None

    def hang_up(self, hangup: Hangup) -> None:
        """End the call; the first hang-up counts."""
        if self.hangup is None:
            self.hangup = hangup
            self.ended_at = self.timeline.stamp()
            self.over.set()

    def depart(self, hangup: Hangup) -> None:
        """End this leg alone: the talk that it shares goes on."""
        if self.hangup is None:
            self.hangup = hangup
            self.ended_at = self.timeline.stamp()
            self.link.left.set()

    def part(self, hangup: Hangup) -> None:
        """End this leg; the others talk on, unless it is the one whose call it is."""
        if self.link.first is None:
            self.hang_up(hangup)
        else:
            self.depart(hangup)

    def fail(self) -> None:
        """End the call because the simulator itself failed; its report says so."""
        self.failed = True
        self.report.outcome = "failed"
        self.hang_up(UNKNOWN)

    def attach(self, consumer: AudioConsumer, *, starts_talk: bool = True) -> None:
        """Give a consumer the audio from here on; by default that lets the talk begin."""
        self.consumers.append(consumer)
        if starts_talk:
            self.heard.set()

    def bridge(self, other: "Leg") -> None:
        """Connect two legs that people are at; both say so, and both end together."""
        self.share(other)
        self.link.other, other.link.other = other, self
        for one in (self, other):
            one.emit("call.bridged")

    def share(self, other: "Leg") -> None:
        """Have the people at another leg take part in the talk of this one."""
        if other.over is not self.over:
            self.consumers.extend(other.consumers)
            self.link.guests.extend([other, *other.link.guests])
            other.join(self)
        for one in (self, other):
            one.link.made.set()

    def join(self, other: "Leg") -> None:
        """Share the talk of another leg, as the second leg of its call."""
        self.consumers, self.heard, self.over = other.consumers, other.heard, other.over
        self.link.guests = other.link.guests

    def detach(self, consumer: AudioConsumer) -> None:
        """Give a consumer no more audio; no harm if it had none."""
        if consumer in self.consumers:
            self.consumers.remove(consumer)

    def emit(
        self,
        event_type: str,
        details: Mapping[str, object] | None = None,
        *,
        at: float | None = None,
    ) -> None:
        """Queue the webhook of an event that happened now, or `at` (Unix seconds)."""
        payload: dict[str, object] = {
            "call_control_id": self.id.control_id,
            "call_leg_id": self.id.leg_id,
            "call_session_id": self.id.session_id,
            "calling_party_type": "pstn",
            "client_state": self.client_state,
            "connection_id": self.id.connection_id,
        }
        if event_type in _NUMBERED:
            payload |= {"from": self.id.from_number, "to": self.id.to_number}
        payload |= details or {}
        self._emitted[event_type] += 1
        event_id = self.rng.derive(f"{event_type} {self._emitted[event_type]}").uuid()
        stamp = self.timeline.stamp() if at is None else at
        event = WebhookEvent(event_id, event_type, stamp, payload)
        urls = self.routing.urls(event_type)
        if self.callbacks is not None:  # a TeXML application is told by forms, and of less
            if (told := self.callbacks.of(event_type, payload, iso(stamp))) is None:
                return
            event, urls = replace(event, form=told[1]), told[:1]
        if urls:
            self.sender.post(event, urls, self.routing.retries(event_type))

    def status(self) -> dict[str, object]:
        """Return the leg as `GET /calls/{id}` shows it."""
        shown: dict[str, object] = {
            "call_control_id": self.id.control_id,
            "call_leg_id": self.id.leg_id,
            "call_session_id": self.id.session_id,
            "call_duration": self.duration_s,
            "client_state": self.client_state,
            "is_alive": self.alive and (self._came_in or self.answered.is_set()),
            "record_type": "call",
            "start_time": iso(self.started_at),
        }
        return shown if self.ended_at is None else shown | {"end_time": iso(self.ended_at)}

    @property
    def duration_s(self) -> int:
        """How long it has been answered, in whole seconds."""
        if self.answered_at is None:
            return 0
        until = self.timeline.stamp() if self.ended_at is None else self.ended_at
        return max(0, int(until - self.answered_at))


def _callbacks(plan: CallPlan) -> Callbacks | None:
    return None if plan.texml is None else Callbacks(status=plan.status_callback)
