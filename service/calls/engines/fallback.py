"""Who may stand in for an engine: not who lacks what the route requires. What else is lost is told.

Required are the language, and that what is to be left out of the words (`redact`) is: nobody wants
a card number for want of an engine.
"""

from collections.abc import Iterator

from service.calls.engines.config import model_for
from service.calls.engines.review import knows_language, review
from service.calls.engines.table import find_engine
from service.calls.routes import Route
from service.ids import Source

_OPTION = "engine_options."
_REDACT = "redact"


def fit_choices(route: Route, source: Source) -> tuple[Route, ...]:
    """Return the first choice, and those that may stand in for it at this source, in order."""
    first, *others = route.choices
    fit = (other for other in others if other.source == source and not unmet(first, other))
    return (first, *fit)


def unmet(route: Route, other: Route) -> tuple[str, ...]:
    """Return what keeps `other` from standing in for `route`, a line each."""
    problems = review(other, other.source).problems
    return problems or (*_unknown_language(other), *_unredacted(route, other))


def lost_capabilities(route: Route, other: Route) -> tuple[str, ...]:
    """Return which of a route's settings are heeded by its engine, and not by another."""
    heeded_not = set(review(route, route.source).ignored)
    lost = [name for name in review(other, other.source).ignored if not name.startswith(_OPTION)]
    lost += [f"{_OPTION}{name}" for name in route.engine_options if name not in _heeded(other)]
    return tuple(name for name in lost if name not in heeded_not)


def _heeded(route: Route) -> list[str]:
    """Return the options of its own that a choice's engine heeds."""
    ignored = review(route, route.source).ignored
    return [name for name in route.engine_options if f"{_OPTION}{name}" not in ignored]


def _unknown_language(route: Route) -> Iterator[str]:
    engine = find_engine(route.engine, route.model)
    name = engine and model_for(engine, route.model)
    model = engine and name and engine.find_model(name)
    if model and route.language and not knows_language(model, route.language, route.source):
        yield f"{name} does not take language {route.language!r}"


def _unredacted(route: Route, other: Route) -> Iterator[str]:
    if _REDACT in _heeded(route) and _REDACT not in _heeded(other):
        yield f"{other.engine} would tell what {route.engine} leaves out: {_OPTION}{_REDACT}"
