"""A call that somebody wants made: dialled, and heard from the first word on."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from service.calls.commands import Reply
from service.calls.dial_wish import DialAsked
from service.calls.events import CallStarted
from service.calls.inputs import LegInitiated
from service.calls.route_choice import choose_route
from service.calls.routes import Route
from service.calls.state import CallState, Dial, Phase
from service.calls.troubles import route_in_force
from service.calls.turn import Turn
from service.ids import CallId, InputId, LegId

_OURS = "dial_"
_CALLS = uuid.UUID("0c3d6f5e-2a3b-4c60-8a55-5b7a9d1f3c11")
"""The name space of their ids."""
NO_LEG = LegId("")
"""Stands for the leg of a dial that is not made yet."""


def new_call_id(key: str) -> CallId:
    """Return the id of a call that is dialled: the same for the same key."""
    return CallId(f"{_OURS}{uuid.uuid5(_CALLS, key).hex}")


def is_ours(call_id: CallId) -> bool:
    """Say whether a call has an id of ours: then no webhook holds it as it is."""
    return call_id.startswith(_OURS)


def begin(turn: Turn, item: DialAsked, routes: Sequence[Route]) -> None:
    """Have somebody dialled, once; whoever asks is told why not."""
    state = turn.state
    if state.phase is not Phase.UNKNOWN or state.dials:
        turn.reply = Reply() if _is_same(state, item) else Reply(refused="another")
        return
    route = _route(state, item, routes)
    connection_id = None if route is None else item.connection_id or _application(route)
    if route is None or connection_id is None:
        turn.reply = Reply(refused="no_route" if route is None else "no_connection")
        return
    state.route = replace(route, metadata={**route.metadata, **item.metadata})
    turn.route = route_in_force(state.route, 0)
    state.phase, state.began_at = Phase.RINGING, item.at
    state.dials.append(Dial(to=item.to_number, from_=item.from_number, connection_id=connection_id))
    started = CallStarted(
        leg=NO_LEG,
        direction="outgoing",
        from_=item.from_number,
        to=item.to_number,
        connection_id=connection_id,
    )
    turn.record(started, item.at)
    turn.reply = Reply(changed=True)


def _is_same(state: CallState, item: DialAsked) -> bool:
    first = state.dials[0] if state.dials else None
    return first is not None and (first.to, first.from_) == (item.to_number, item.from_number)


def _route(state: CallState, item: DialAsked, routes: Sequence[Route]) -> Route | None:
    if item.route is not None:
        return next((route for route in routes if route.name == item.route), None)
    leg = LegInitiated(
        input_id=InputId(""),
        call_id=state.call_id,
        leg_id=NO_LEG,
        occurred_at=item.at,
        direction="outgoing",
        from_number=item.from_number,
        to_number=item.to_number,
        connection_id=item.connection_id,
    )
    return choose_route(routes, leg)


def _application(route: Route) -> str | None:
    """Return the application that a route is for, if it is for one."""
    named = route.match.get("connection_id", "")
    return named if named.isdecimal() else None
