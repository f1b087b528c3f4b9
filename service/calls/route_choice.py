"""Which route a call takes: the first that matches."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from service.calls.inputs import LegAttached, LegInitiated, WebhookInput
from service.calls.routes import Route


def choose_route(routes: Sequence[Route], leg: WebhookInput) -> Route | None:
    """Return the first route whose every pattern fits, or None: the call is left alone.

    `leg` is the `call.initiated` of a leg, or what came in its place. One that somebody wants
    transcribed brings its own.
    """
    if isinstance(leg, LegAttached):
        return leg.route
    return next((route for route in routes if _matches(route.match, leg)), None)


def _matches(patterns: Mapping[str, str], leg: WebhookInput) -> bool:
    return all(fnmatchcase(_fact(leg, key), pattern) for key, pattern in patterns.items())


def _fact(leg: WebhookInput, key: str) -> str:
    kind, _, name = key.partition(".")
    if kind == "client_state":
        return leg.client_state.get(name, "")
    if kind == "header":
        return leg.headers.get(name.lower(), "") if isinstance(leg, LegInitiated) else ""
    facts = {
        "direction": leg.direction,
        "from": leg.from_number,
        "to": leg.to_number,
        "connection_id": leg.connection_id,
    }
    return facts[kind] or ""
