"""Who is on which side of a call, and how each is heard, when its legs are connected.

The leg that a route wanted has the route's roles on its tracks. Whoever is connected with it, by us
or by somebody else, is its other side.
"""

from service.calls import parties
from service.calls.connecting import announced, bridged
from service.calls.dialled import dial_for, dial_of, is_connected
from service.calls.engines import names_track
from service.calls.inputs import LegBridged, SpeakEnded
from service.calls.party_events import CallBridged, CallTransferred
from service.calls.routes import Route
from service.calls.state import CallState, Progress
from service.calls.turn import Turn
from service.ids import LegId, Track

PAIR_S = 2.0
"""How far apart the two legs of a bridge may say that they are connected."""


def told(turn: Turn, item: LegBridged | SpeakEnded) -> None:
    """Take note that a leg is connected (the other one says so as well), or was told the notice."""
    if isinstance(item, SpeakEnded):
        announced(turn, item.leg_id, at=item.occurred_at)
        return
    dial = dial_for(turn.state, item.leg_id) or dial_of(turn.state, item.leg_id)
    if dial is not None and bridged(turn, dial, at=item.occurred_at):
        return
    if turn.state.route is not None and not _was_told(turn.state, item):
        _pair(turn, item)


def side_of(state: CallState, leg_id: LegId, track: Track) -> Track:
    """Return the track of the caller's leg on which whoever is on this one is heard."""
    leg = state.legs[leg_id]
    if leg.voice is not None:
        return leg.voice
    beside = leg_id != state.primary and leg.opposite
    if not (is_connected(state, leg_id) or beside):
        return track
    return "outbound" if track == "inbound" else "inbound"


def leads(state: CallState, leg_id: LegId) -> bool:
    """Say whether a leg is heard whatever the others are: one for all, or each with its side."""
    return leg_id == state.primary or state.legs[leg_id].voice is not None


def heard_tracks(turn: Turn, leg_id: LegId) -> tuple[Track, ...]:
    """Return the sides of the call that are heard on a leg which leads."""
    voice, heard = turn.state.legs[leg_id].voice, turn.route.heard_tracks
    return heard if voice is None else tuple(track for track in heard if track == voice)


def connects(turn: Turn, leg_id: LegId) -> bool:
    """Say whether a leg is one of the two that a route connects, each heard by its own side.

    Telnyx's in-call words name the side for one engine only: so each leg is transcribed by itself.
    """
    of = dial_for(turn.state, leg_id) is not None or is_connected(turn.state, leg_id)
    return of and splits(turn.route)


def heard_apart(turn: Turn, leg_id: LegId) -> bool:
    """Say whether a leg is to be transcribed by its own side alone, as the others beside it are.

    So it is in a conference, where what a leg is sent is the mix of the others, and where Telnyx
    would not name the side, as soon as it is known whose leg the other side is.
    """
    if connects(turn, leg_id):
        return True
    state, route = turn.state, turn.route
    leg = state.legs.get(leg_id)
    if leg is None or route.source != "in_call":
        return False
    if leg.voice is not None:
        return bool(heard_tracks(turn, leg_id))
    if route.tracks != "both":
        return False
    if leg.conference is not None:
        return True
    other = parties.partner(state, leg_id)
    return other is not None and state.routed in (leg_id, other) and not names_track(route.engine)


def splits(route: Route) -> bool:
    """Say whether the two legs that a route connects are each transcribed by their own side."""
    return route.connect is not None and route.source == "in_call" and route.tracks == "both"


def wait(turn: Turn, leg_id: LegId, for_s: float) -> None:
    """Leave what is transcribed of a leg as it is for a while, whoever is with it."""
    request = turn.state.legs[leg_id].transcribing
    if request.progress is Progress.ON:
        request.look_at = turn.now + for_s


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
    former = parties.connect(state, leg_id, other, at=item.occurred_at)
    there = parties.participants(state, turn.route)
    turn.record(CallBridged(leg=leg_id, other=other, participants=there), item.occurred_at)
    if former is not None and state.routed is not None:
        new = other if leg_id == state.routed else leg_id
        event = CallTransferred(leg=state.routed, former=former, other=new, participants=there)
        turn.record(event, item.occurred_at)


def _was_told(state: CallState, item: LegBridged) -> bool:
    """Say whether a leg says again what the other one, or the dial that made it, said already."""
    together = abs(item.occurred_at - state.legs[item.leg_id].linked_at) <= PAIR_S
    return together and parties.partner(state, item.leg_id) is not None
