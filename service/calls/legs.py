"""Legs come, hang up, and take each other's place; the call ends with the last one."""

from collections.abc import Sequence

from service.calls import carrying, ending, transcription
from service.calls.events import CallStarted
from service.calls.inputs import LegHungUp, WebhookInput
from service.calls.route_choice import choose_route
from service.calls.routes import Route
from service.calls.state import Leg, Phase
from service.calls.troubles import route_in_force
from service.calls.turn import Turn

HAND_OVER_S = 2.0
"""How long after the transcribed leg hung up another one takes over: by then, if the call is
ending, its other legs have hung up as well."""


def introduce(turn: Turn, item: WebhookInput, routes: Sequence[Route]) -> None:
    """Note a new leg. If its `call.initiated` was lost, `item` has to stand for it."""
    state = turn.state
    incoming = item.direction == "incoming"
    state.legs[item.leg_id] = Leg(number=len(state.legs), incoming=incoming)
    turn.legs.append(item.leg_id)
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
    turn.record(
        CallStarted(
            leg=item.leg_id,
            direction=item.direction,
            from_=item.from_number,
            to=item.to_number,
            connection_id=item.connection_id,
        ),
        item.occurred_at,
    )


def hung_up(turn: Turn, item: LegHungUp) -> None:
    """Note that a leg is gone, once: carriers repeat hang-ups."""
    state, leg = turn.state, turn.state.legs[item.leg_id]
    if leg.hung_up:
        return
    leg.hung_up = True
    if state.route is None:
        if all(leg.hung_up for leg in state.legs.values()):
            ending.leave(state)
        return
    if not state.streams:
        transcription.stopped(turn, item.leg_id, reason="leg_hung_up", at=item.occurred_at)
    if all(leg.hung_up for leg in state.legs.values()):
        ending.end(turn, item)
    elif item.leg_id == state.primary:
        state.hand_over_at = turn.now + HAND_OVER_S


def hand_over(turn: Turn) -> None:
    """Let another leg that talks be transcribed, now that the primary one is gone (a transfer)."""
    state = turn.state
    state.hand_over_at = None
    successor = next((i for i, leg in state.legs.items() if leg.answered and not leg.hung_up), None)
    if successor is not None and state.phase is Phase.TALKING:
        state.primary = successor
