"""Who is on which side of a call, and how each is heard, when its legs are connected.

The leg that a route wanted has the route's roles on its tracks. Whoever is connected with it, by us
or by somebody else, is its other side.
"""

from collections.abc import Mapping

from service.calls.connecting import announced, bridged, dial_for, dial_of, is_connected
from service.calls.events import CallBridged
from service.calls.inputs import LegBridged, SpeakEnded
from service.calls.routes import Route
from service.calls.state import CallState
from service.calls.turn import Turn
from service.ids import LegId, Role, Track

PAIR_S = 2.0
"""How far apart the two legs of a bridge may say that they are connected."""
_ROLES: Mapping[Track, Role] = {"inbound": "customer", "outbound": "agent"}


def told(turn: Turn, item: LegBridged | SpeakEnded) -> None:
    """Take note that a leg is connected (the other one says so as well), or was told the notice."""
    if isinstance(item, SpeakEnded):
        announced(turn, item.leg_id, at=item.occurred_at)
        return
    dial = dial_for(turn.state, item.leg_id) or dial_of(turn.state, item.leg_id)
    if dial is not None:
        bridged(turn, dial, at=item.occurred_at)
    elif turn.state.route is not None and not turn.state.dials:
        _pair(turn, item)


def role_of(turn: Turn, leg_id: LegId, track: Track) -> Role:
    """Return who speaks on a track, as the route says of the leg that it wanted.

    Whoever was connected with that one is its other side, and stays so when others take its place;
    what such a leg is sent is that leg's voice only as long as that is there.
    """
    state, named = turn.state, roles(turn)
    if leg_id == state.routed:
        return named.get(track, "unknown")
    if not (is_connected(state, leg_id) or state.legs[leg_id].opposite):
        return "unknown"
    if track == "inbound":
        return named.get("outbound", "unknown")
    gone = state.routed is None or state.legs[state.routed].hung_up
    return "unknown" if gone else named.get("inbound", "unknown")


def roles(turn: Turn) -> Mapping[Track, Role]:
    """Return who is on which track of the routed leg: who calls is the customer.

    Whoever is connected with a customer is an agent, unless the route says otherwise.
    """
    if turn.route.roles or not turn.state.dials:
        return turn.route.roles
    return _ROLES


def side_of(state: CallState, leg_id: LegId, track: Track) -> Track:
    """Return the track of the caller's leg on which whoever is on this one is heard."""
    if not is_connected(state, leg_id):
        return track
    return "outbound" if track == "inbound" else "inbound"


def connects(turn: Turn, leg_id: LegId) -> bool:
    """Say whether a leg is one of the two that a route connects, each heard by its own side.

    Telnyx's in-call words name the side for one engine only: so each leg is transcribed by itself.
    """
    of = dial_for(turn.state, leg_id) is not None or is_connected(turn.state, leg_id)
    return of and splits(turn.route)


def splits(route: Route) -> bool:
    """Say whether the two legs that a route connects are each transcribed by their own side."""
    return route.connect is not None and route.source == "in_call" and route.tracks == "both"


def _pair(turn: Turn, item: LegBridged) -> None:
    """Note that somebody else connected two legs: each of them says so by itself."""
    state, first = turn.state, turn.state.unpaired
    if (
        first is None
        or first.leg_id == item.leg_id
        or abs(item.occurred_at - first.occurred_at) > PAIR_S
    ):
        state.unpaired = item
        return
    state.unpaired = None
    leg_id, other = sorted((first.leg_id, item.leg_id), key=lambda one: state.legs[one].number)
    for one, with_ in ((leg_id, other), (other, leg_id)):
        state.legs[one].opposite |= with_ == state.routed
    turn.record(CallBridged(leg=leg_id, other=other), item.occurred_at)
