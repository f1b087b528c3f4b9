"""SIPREC: a client sends somebody else's call, and each of its streams comes as a call of its own.

Telnyx makes an incoming call of each stream of a session, which carries one side and hears nothing
(TELNYX.md §4.6). Where a route says that its calls are such, those of one session are one call:
each leg is answered, and heard by its inbound track alone, as the side that its label names.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from service.calls.inputs import WebhookInput
from service.calls.route_choice import choose_route
from service.calls.routes import Route
from service.calls.state import CallState
from service.ids import CallId, Track

_LABELLED: Final[Mapping[str, Track]] = {
    "inbound": "inbound",
    "outbound": "outbound",
    "1": "inbound",
    "2": "outbound",
}
"""Sides by label: Telnyx's own client names them; others count, whoever calls first."""


def call_of(item: WebhookInput, routes: Sequence[Route]) -> CallId | None:
    """Return the call that a leg is one side of; None if it is no stream of a session.

    Headers are a stranger's, so a route has to expect them, and what they say is in no id.
    """
    if item.siprec is None:
        return None
    route = choose_route(routes, item)
    if route is None or not route.siprec:
        return None
    named = f"{item.connection_id or ''}\n{item.siprec.session_id}"
    return CallId(f"siprec_{hashlib.sha256(named.encode()).hexdigest()[:32]}")


def note(state: CallState, item: WebhookInput) -> None:
    """Note which side of the call a leg brings, once it is told.

    Where the label names none, or one that another leg has, it is a side that nobody has; whose
    voice that is is not known.
    """
    leg, route = state.legs[item.leg_id], state.route
    if item.siprec is None or leg.voice is not None or route is None or not route.siprec:
        return
    taken = {one.voice for one in state.legs.values() if not one.hung_up}
    named = _LABELLED.get(item.siprec.label.strip().lower())
    if named is not None and named not in taken:
        leg.voice, leg.is_voice_named = named, True
    else:
        leg.voice = "outbound" if "inbound" in taken else "inbound"
