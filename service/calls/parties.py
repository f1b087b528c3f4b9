"""Who is in a call: whose leg is whose, what role that is, and from when to when. Pure.

The leg that a route wanted has the route's roles on its tracks. Whoever is connected with it, or in
a conference with it, is its other side, and stays so when others take its place.
"""

from collections.abc import Mapping
from typing import Final

from service.calls.dialled import is_connected
from service.calls.party_events import Participant
from service.calls.routes import Numbers, Route
from service.calls.state import CallState, Leg
from service.calls.webhook import Webhook
from service.ids import LegId, Role, Track

_ROLES: Mapping[Track, Role] = {"inbound": "customer", "outbound": "agent"}
_SHOWN: Final = 4
"""How many characters of a number are shown at its end, where it is masked."""


def participants(state: CallState, route: Route) -> tuple[Participant, ...]:
    """Return who is, or was, in a call, by when their legs began; nobody whom no one reached."""
    return tuple(
        Participant(
            leg=leg_id,
            role=role_of(state, route, leg_id, "inbound"),
            number=masked(leg.party, route.numbers),
            start_ms=None if leg.answered_at is None else state.clock_ms(leg.answered_at),
            end_ms=None if leg.ended_at is None else state.clock_ms(leg.ended_at),
        )
        for leg_id, leg in state.legs.items()
        if leg.answered
    )


def numbers(state: CallState) -> set[str]:
    """Return whose numbers are in a call, unmasked: of its legs, and of whom we dial."""
    at_legs = {leg.party for leg in state.legs.values()}
    dialled = {dial.to for dial in state.dials}
    return {one for one in at_legs | dialled if one}


def masked(number: str | None, numbers: Numbers) -> str | None:
    """Return a number as a route wants it shown."""
    if number is None or numbers == "none":
        return None
    if numbers == "full":
        return number
    return "*" * max(len(number) - _SHOWN, 0) + number[-_SHOWN:] if len(number) > _SHOWN else "****"


def role_of(state: CallState, route: Route, leg_id: LegId, track: Track) -> Role:
    """Return who speaks on a track, as the route says of the leg that it wanted.

    What another leg is sent is that leg's voice only as long as that is there.
    """
    named = roles(state, route)
    leg = state.legs[leg_id]
    if leg.voice is not None:
        return named.get(leg.voice, "unknown") if leg.is_voice_named else "unknown"
    if leg_id == state.routed:
        return named.get(track, "unknown")
    if not (is_connected(state, leg_id) or leg.opposite):
        return "unknown"
    if track == "inbound":
        return named.get("outbound", "unknown")
    routed = None if state.routed is None else state.legs[state.routed]
    gone = routed is None or routed.hung_up
    return "unknown" if gone else named.get("inbound", "unknown")


def roles(state: CallState, route: Route) -> Mapping[Track, Role]:
    """Return who is on which track of the routed leg: who calls is the customer.

    Whoever is connected with a customer is an agent, unless the route says otherwise.
    """
    return route.roles if route.roles or not state.dials else _ROLES


def note(leg: Leg, item: Webhook) -> None:
    """Keep the number of whoever is at a leg, once a webhook says which way it goes."""
    if leg.party is None and item.direction is not None:
        leg.party = item.from_number if item.direction == "incoming" else item.to_number


def partner(state: CallState, leg_id: LegId) -> LegId | None:
    """Return which leg this one is connected with now, as far as was told."""
    other = state.legs[leg_id].with_leg
    if other is None or state.legs[other].hung_up or state.legs[other].with_leg != leg_id:
        return None
    return other


def connect(state: CallState, leg_id: LegId, other: LegId, *, at: float) -> LegId | None:
    """Note that two legs are connected. Return with whom the routed one was before, if it was."""
    former = None
    for one, with_ in ((leg_id, other), (other, leg_id)):
        leg = state.legs[one]
        if one == state.routed and leg.with_leg not in (None, with_):
            former = leg.with_leg
        leg.with_leg, leg.linked_at = with_, at
        leg.opposite = leg.opposite or with_ == state.routed
    return former


def gather(state: CallState, conference_id: str) -> None:
    """Have everybody in a conference be the other side of the routed leg, if that is in it."""
    inside = [leg for leg in state.legs.values() if leg.conference == conference_id]
    routed = None if state.routed is None else state.legs[state.routed]
    if routed is not None and routed in inside:
        for leg in inside:
            leg.opposite = leg.opposite or leg is not routed
