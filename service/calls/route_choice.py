"""Which route a call takes: the one that its own application names, or the first that matches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from service.calls.engines import review
from service.calls.inputs import LegAttached, LegInitiated, WebhookInput
from service.calls.routes import Route
from service.redaction.languages import knows

NAMED: Final = "callscribe_route"
"""The key of `client_state` that names a route. Headers do not: any caller may send some."""
_CHANGES: Final = {f"callscribe_{field}": field for field in ("engine", "model", "language")}


def choose_route(routes: Sequence[Route], leg: WebhookInput) -> Route | None:
    """Return the route that is named, or the first whose every pattern fits.

    None: the call is left alone. `leg` is the `call.initiated` of a leg, or what came in its
    place. One that somebody wants transcribed brings its own.
    """
    if isinstance(leg, LegAttached):
        return leg.route
    name = leg.client_state.get(NAMED)
    named = (route for route in routes if name and route.name == name)
    matching = (route for route in routes if _matches(route.match, leg))
    route = next(named, None) or next(matching, None)
    return route and _changed(route, leg.client_state)


def _changed(route: Route, said: Mapping[str, str]) -> Route:
    """Return the route with the engine, model and language that were named, if it can have them."""
    changes: dict[str, str | None] = {
        field: said[key] for key, field in _CHANGES.items() if said.get(key)
    }
    if not changes:
        return route
    if "engine" in changes:
        changes = {"model": None, **changes}
    changed = replace(route, **changes)  # type: ignore[arg-type]  # texts, as these fields are
    redacts = not route.redact or changed.language is None or knows(changed.language)
    return changed if redacts and not review(changed, changed.source).problems else route


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
