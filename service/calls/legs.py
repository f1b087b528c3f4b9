"""Legs come, hang up, and take each other's place; the call ends with the last one."""

from collections.abc import Sequence

from service.calls import (
    carrying,
    connecting,
    ending,
    parties,
    presence,
    sides,
    tapes,
    transcription,
)
from service.calls.dialled import dial_for
from service.calls.events import CallStarted
from service.calls.inputs import LegHungUp, WebhookInput
from service.calls.route_choice import choose_route
from service.calls.routes import Route
from service.calls.state import Leg, Phase
from service.calls.troubles import route_in_force
from service.calls.turn import Turn
from service.ids import InputId, LegId

HAND_OVER_S = 2.0
"""How long after the transcribed leg hung up another one takes over: by then, if the call is
ending, its other legs have hung up as well."""


def introduce(turn: Turn, item: WebhookInput, routes: Sequence[Route]) -> None:
    """Note a new leg. If its `call.initiated` was lost, `item` has to stand for it."""
    state = turn.state
    incoming = item.direction == "incoming"
    state.legs[item.leg_id] = Leg(number=len(state.legs), incoming=incoming)
    turn.legs.append(item.leg_id)
    connecting.recognise(state, item)
    if state.phase is not Phase.UNKNOWN:
        return
    if (route := choose_route(routes, item)) is not None:
        begin(turn, item, route)


def begin(turn: Turn, item: WebhookInput, route: Route) -> None:
    """Begin the call with a leg that a route wants."""
    state = turn.state
    state.route, turn.route = route, route_in_force(route, 0)
    carrying.carry(turn, item)
    turn.legs[:] = state.legs  # of legs that no route wanted, the journal was not told
    state.phase, state.began_at = Phase.RINGING, item.occurred_at
    state.routed = state.primary = item.leg_id
    connecting.plan(state, item)
    turn.record(
        CallStarted(
            leg=item.leg_id,
            direction=item.direction,
            from_=item.from_number,
            to=item.to_number,
            connection_id=item.connection_id,
            route=route.name,
        ),
        item.occurred_at,
    )


def hung_up(turn: Turn, item: LegHungUp) -> None:
    """Note that a leg is gone, once: carriers repeat hang-ups."""
    state, leg = turn.state, turn.state.legs[item.leg_id]
    if leg.hung_up:
        return
    other = parties.partner(state, item.leg_id)
    leg.hung_up, leg.ended_at = True, item.occurred_at
    if other is not None:  # it may end as well: only then its other side is to be heard again
        sides.wait(turn, other, HAND_OVER_S)
    if state.route is None:
        if all(leg.hung_up for leg in state.legs.values()):
            ending.leave(state)
        return
    if not state.streams:
        transcription.stopped(turn, item.leg_id, reason="leg_hung_up", at=item.occurred_at)
    tapes.ended(turn, item.leg_id)
    connecting.gone(turn, item)
    if state.phase is Phase.TALKING:
        presence.left(turn, item.leg_id, at=item.occurred_at)
    state.last_hang_up = item
    if not end_if_over(turn) and item.leg_id == state.primary:
        follows = dial_for(state, item.leg_id) is not None
        state.hand_over_at = None if follows else turn.now + HAND_OVER_S


def end_if_over(turn: Turn) -> bool:
    """End the call if its last leg hung up, and no other one may be there; say whether it did."""
    state = turn.state
    if connecting.is_under_way(state) or not all(leg.hung_up for leg in state.legs.values()):
        return False
    if state.last_hang_up is None:
        if not any(dial.over for dial in state.dials):
            return False
        state.last_hang_up = _never_there(turn)
    ending.end(turn, state.last_hang_up)
    return True


def _never_there(turn: Turn) -> LegHungUp:
    """Make the hang-up of a call that had no leg."""
    return LegHungUp(
        input_id=InputId("never dialled"),
        call_id=turn.state.call_id,
        leg_id=LegId(""),
        occurred_at=turn.now,
        cause="not_dialled",
    )


def hand_over(turn: Turn) -> None:
    """Let another leg that talks be transcribed, now that the primary one is gone (a transfer)."""
    state = turn.state
    state.hand_over_at = None
    successor = next((i for i, leg in state.legs.items() if leg.answered and not leg.hung_up), None)
    if successor is not None and state.phase is Phase.TALKING:
        state.primary = successor
