"""Who may stand in for an engine: not who lacks what the route requires. What else is lost is told.

Required are the language, unless it names one of its own, and that what is to be left out of the
words (`redact`) is: nobody wants a card number for want of an engine.
"""

from collections.abc import Iterator

from service.calls.engines.config import model_for
from service.calls.engines.review import knows_language, review, unknown_language
from service.calls.engines.table import Engine, engine_for
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
    return unfit(route, other) or unspoken(route, other)


def unfit(route: Route, other: Route) -> tuple[str, ...]:
    """Return what `other` can never do for `route`, whatever its engine learns."""
    return review(other, other.source).problems or tuple(_unredacted(route, other))


def unspoken(route: Route, other: Route) -> tuple[str, ...]:
    """Return why `other` is not trusted to speak the language of `route`: it is on no list of it.

    One that names a language of its own is: whoever wrote it knows better.
    """
    if other.language != route.language:
        return ()
    engine = engine_for(other.engine, other.model)
    return (*unknown_language(engine, other, other.source), *_unknown_to_model(engine, other))


def lost_capabilities(route: Route, other: Route) -> tuple[str, ...]:
    """Return which of a route's settings are heeded by its engine, and not by another."""
    heeded_not = set(review(route, route.source).ignored)
    lost = [name for name in review(other, other.source).ignored if not name.startswith(_OPTION)]
    lost += [f"{_OPTION}{name}" for name in _heeded(route) if name not in _heeded(other)]
    return tuple(name for name in lost if name not in heeded_not)


def _heeded(route: Route) -> list[str]:
    """Return the options of its own that a choice's engine is known to heed."""
    known = engine_for(route.engine, route.model).options.get(route.source, frozenset())
    return [name for name in route.engine_options if name in known]


def _unknown_to_model(engine: Engine, route: Route) -> Iterator[str]:
    name = model_for(engine, route.model)
    model = name and engine.find_model(name)
    if model and route.language and not knows_language(model, route.language, route.source):
        yield f"{name} does not take language {route.language!r}"


def _unredacted(route: Route, other: Route) -> Iterator[str]:
    if _REDACT in _heeded(route) and _REDACT not in _heeded(other):
        yield f"{other.engine} would tell what {route.engine} leaves out: {_OPTION}{_REDACT}"
