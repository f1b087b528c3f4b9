"""What people in a call do besides talking: they are on hold, press keys, join conferences."""

from typing import assert_never

import msgspec

from service.calls import in_call, parties, sides
from service.calls.inputs import LegBridged, SpeakEnded, WebhookInput
from service.calls.party_events import (
    CallDtmf,
    CallHeld,
    CallResumed,
    ConferenceJoined,
    ConferenceLeft,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.state import Desired, Phase
from service.calls.turn import Turn
from service.ids import LegId, Role

PartyWebhook = LegHeld | LegRetrieved | KeyPressed | LegJoined | LegLeft
STAYS_S = 2.0
"""How long whoever left a conference may take to hang up, before both sides are heard again."""
_THERE = frozenset({Phase.TALKING, Phase.ENDING})


def before_waiting(turn: Turn, item: WebhookInput) -> WebhookInput:
    """Return a webhook as it may wait for its turn: without a digit that is nobody's business.

    What waits is in the journal. Of a call that no route wants yet nobody knows whose it is.
    """
    if isinstance(item, KeyPressed) and not _shows_digits(turn):
        return msgspec.structs.replace(item, digit=None)
    return item


def take(turn: Turn, item: PartyWebhook | LegBridged | SpeakEnded) -> None:
    """Take note of what somebody does, in its turn, if the call is one that a route wants."""
    if isinstance(item, LegBridged | SpeakEnded):
        sides.told(turn, item)
    elif turn.state.phase in _THERE and not turn.state.legs[item.leg_id].hung_up:
        _take(turn, item)


def _take(turn: Turn, item: PartyWebhook) -> None:
    match item:
        case LegHeld():
            _held(turn, item)
        case LegRetrieved():
            _retrieved(turn, item)
        case KeyPressed():
            digit = item.digit if _shows_digits(turn) else None
            role, at_ms = _role(turn, item.leg_id), turn.state.clock_ms(item.occurred_at)
            event = CallDtmf(leg=item.leg_id, role=role, digit=digit, start_ms=at_ms)
            turn.record(event, item.occurred_at)
        case LegJoined():
            _joined(turn, item)
        case LegLeft():
            left(turn, item.leg_id, at=item.occurred_at)
        case _:
            assert_never(item)


def left(turn: Turn, leg_id: LegId, *, at: float) -> None:
    """Note that a leg is in no conference any more, if it was in one."""
    leg = turn.state.legs[leg_id]
    if leg.conference is None:
        return
    event = ConferenceLeft(
        leg=leg_id,
        role=_role(turn, leg_id),
        conference_id=leg.conference,
        start_ms=turn.state.clock_ms(at),
    )
    leg.conference = None
    sides.wait(turn, leg_id, STAYS_S)
    turn.record(event, at)


def _held(turn: Turn, item: LegHeld) -> None:
    leg = turn.state.legs[item.leg_id]
    if leg.held_at is not None:
        return  # Telnyx repeats itself
    leg.held_at = item.occurred_at
    in_call.hold(turn.state)
    role, at_ms = _role(turn, item.leg_id), turn.state.clock_ms(item.occurred_at)
    turn.record(CallHeld(leg=item.leg_id, role=role, start_ms=at_ms), item.occurred_at)


def _retrieved(turn: Turn, item: LegRetrieved) -> None:
    state, leg = turn.state, turn.state.legs[item.leg_id]
    if leg.held_at is None:
        return
    event = CallResumed(
        leg=item.leg_id,
        role=_role(turn, item.leg_id),
        start_ms=state.clock_ms(item.occurred_at),
        held_since_ms=state.clock_ms(leg.held_at),
    )
    leg.held_at = None
    in_call.retrieve(turn)
    turn.record(event, item.occurred_at)


def _joined(turn: Turn, item: LegJoined) -> None:
    state, leg = turn.state, turn.state.legs[item.leg_id]
    if leg.conference == item.conference_id:
        return
    leg.conference = item.conference_id
    parties.gather(state, item.conference_id)
    event = ConferenceJoined(
        leg=item.leg_id,
        role=_role(turn, item.leg_id),
        conference_id=item.conference_id,
        start_ms=state.clock_ms(item.occurred_at),
        participants=parties.participants(state, turn.route),
    )
    turn.record(event, item.occurred_at)


def _shows_digits(turn: Turn) -> bool:
    return turn.route.show_digits and turn.state.desired is not Desired.PAUSED


def _role(turn: Turn, leg_id: LegId) -> Role:
    return parties.role_of(turn.state, turn.route, leg_id, "inbound")
