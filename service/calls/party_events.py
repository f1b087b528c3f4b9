"""The facts of who is in a call, and of what they do besides talking."""

from dataclasses import dataclass
from typing import ClassVar

from service.ids import LegId, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Who is, or was, at a leg that was answered, from when to when on the call clock.

    `role` is what is known by now. `number` is as the route's `numbers` has it. `end_ms` is None
    while they are there.
    """

    leg: LegId
    role: Role
    number: str | None
    start_ms: int | None
    end_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBridged:
    """Two legs of the call are connected: `leg` with `other`."""

    type: ClassVar[str] = "call.bridged"
    leg: LegId
    other: LegId
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred:
    """The leg that the call is about was connected with `former`, and is with `other` now."""

    type: ClassVar[str] = "call.transferred"
    leg: LegId
    former: LegId
    other: LegId
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld:
    """A leg is on hold from `start_ms` on. `role` is who is at it."""

    type: ClassVar[str] = "call.held"
    leg: LegId
    role: Role
    start_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed:
    """A leg is not on hold any more, as it was since `held_since_ms`."""

    type: ClassVar[str] = "call.resumed"
    leg: LegId
    role: Role
    start_ms: int | None
    held_since_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDtmf:
    """Somebody at a leg pressed a key of their telephone.

    `digit` is which one, where the route has `show_digits` and nothing is paused.
    """

    type: ClassVar[str] = "call.dtmf"
    leg: LegId
    role: Role
    digit: str | None
    start_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceJoined:
    """A leg is in a conference: other calls may be in it as well, by the same id."""

    type: ClassVar[str] = "conference.joined"
    leg: LegId
    role: Role
    conference_id: str
    start_ms: int | None
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceLeft:
    """A leg is not in the conference any more."""

    type: ClassVar[str] = "conference.left"
    leg: LegId
    role: Role
    conference_id: str
    start_ms: int | None


PartyEvent = (
    CallBridged
    | CallTransferred
    | CallHeld
    | CallResumed
    | CallDtmf
    | ConferenceJoined
    | ConferenceLeft
)
