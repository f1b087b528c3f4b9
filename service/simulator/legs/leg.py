"""One simulated leg: who it is, in which state, who listens, and what it tells."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from service.simulator.legs.timeline import Timeline, iso
from service.simulator.legs.webhook_queue import WebhookEvent
from service.simulator.legs.webhook_sender import WebhookSender
from service.simulator.report import CallReport
from service.simulator.rng import Rng
from service.simulator.scenario import CallPlan
from service.simulator.speech.call_audio import Recording

_NUMBERED = {"call.initiated", "call.answered", "call.bridged", "call.hangup"}
"""Events that carry `from` and `to`."""


class Listener(Protocol):
    """Who hears the talk: a media stream, an in-call transcription, a tape."""

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Take the talk from `start_ms` to `end_ms`; called in order, and may wait."""

    async def finish(self) -> None:
        """The call is over: say what is left to say. Bounded in time; may come again."""


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
        """Return where an event goes, and where next if that fails."""
        first = self.urls_by_event.get(event_type) or ((self.url,) if self.url else ())
        return first + ((self.failover_url,) if first and self.failover_url else ())

    def retries(self, event_type: str) -> tuple[float, ...]:
        """Return the waits between attempts."""
        return self.retries_by_event.get(event_type, self.retries_s)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a leg is."""

    control_id: str
    leg_id: str
    session_id: str
    user_id: str
    connection_id: str
    from_number: str
    to_number: str


def identify(rng: Rng, connection_id: str, numbers: tuple[str, str]) -> Identity:
    """Make the ids of a leg: the same rng give the same ones."""
    ids = rng.derive("ids")
    return Identity(ids.control_id(), ids.uuid(), ids.uuid(), ids.uuid(), connection_id, *numbers)


class Leg:
    """One leg of a call: one call has one. Events are emitted in the order they happen."""

    def __init__(
        self,
        plan: CallPlan,
        recording: Recording,
        identity: Identity,
        *,
        rng: Rng,
        timeline: Timeline,
        sender: WebhookSender,
        routing: Routing,
    ) -> None:
        self.plan = plan
        self.recording = recording
        self.id = identity
        self.rng = rng
        self.timeline = timeline
        self.sender = sender
        self.routing = routing
        self._told: Counter[str] = Counter()
        self.client_state: str | None = None
        self.answered = asyncio.Event()
        self.heard = asyncio.Event()
        """Somebody listens: audio is streamed or transcribed."""
        self.over = asyncio.Event()
        self.hangup: Hangup | None = None
        self.failed = False
        self.answer_accepted = False
        self.started_at = timeline.stamp()
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.when_answered: list[Callable[[], None]] = []
        self.listeners: list[Listener] = []
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
        """Whether commands still reach it."""
        return self.hangup is None

    def hang_up(self, hangup: Hangup) -> None:
        """End the call; the first one to do it counts."""
        if self.hangup is None:
            self.hangup = hangup
            self.ended_at = self.timeline.stamp()
            self.over.set()

    def fail(self) -> None:
        """End the call because the simulator itself failed; its report says so."""
        self.failed = True
        self.report.outcome = "failed"
        self.hang_up(UNKNOWN)

    def listen(self, listener: Listener) -> None:
        """Let somebody hear the talk from here on."""
        self.listeners.append(listener)
        self.heard.set()

    def join(self, other: "Leg") -> None:
        """Share another leg's talk, as the second leg of its call."""
        self.listeners, self.heard, self.over = other.listeners, other.heard, other.over

    def leave(self, listener: Listener) -> None:
        """Let somebody hear no more; no harm if they did not."""
        if listener in self.listeners:
            self.listeners.remove(listener)

    def emit(
        self, event_type: str, facts: Mapping[str, object] | None = None, *, at: float | None = None
    ) -> None:
        """Tell the application about something that happened now, or `at` (Unix seconds)."""
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
        payload |= facts or {}
        self._told[event_type] += 1
        event_id = self.rng.derive(f"{event_type} {self._told[event_type]}").uuid()
        event = WebhookEvent(
            event_id, event_type, self.timeline.stamp() if at is None else at, payload
        )
        urls = self.routing.urls(event_type)
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
