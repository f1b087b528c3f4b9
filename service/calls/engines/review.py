"""What will come of a route's settings with its engine: told at start, not found out on a call."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from service.calls.engines.config import MAX_KEYTERMS, language_for, model_for
from service.calls.engines.languages import AUTO
from service.calls.engines.models import Model, Surface
from service.calls.engines.table import ENGINES, Engine, find_engine
from service.calls.routes import Route
from service.ids import Source

AZURE_REGIONS = (
    "australiaeast",
    "centralindia",
    "eastus",
    "northcentralus",
    "westeurope",
    "westus2",
)
_SURFACES: Mapping[Source, Surface] = {"media": "websocket", "in_call": "in_call"}
_RANGES: Mapping[str, tuple[float, float]] = {
    "eot_threshold": (0.5, 0.9),
    "eot_timeout_ms": (500, 10_000),
    "eager_eot_threshold": (0.3, 0.9),
    "utterance_end_ms": (0, 5000),
    "max_endpoint_delay_ms": (500, 3000),
}


@dataclass(frozen=True, slots=True)
class Review:
    """What an engine will make of a route.

    `ignored` names the settings it will not heed, `warnings` what may surprise, `problems`
    what Telnyx will refuse: one line each, fit to be shown to whoever wrote the route.
    """

    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def review(route: Route, source: Source) -> Review:
    """Say which of a route's settings its engine will ignore or refuse, and what may surprise."""
    engine = find_engine(route.engine, route.model)
    if engine is None:
        names = ", ".join(sorted(known.name for known in ENGINES.values()))
        return Review(problems=(f"there is no engine {route.engine!r}; there are {names}",))
    return Review(
        ignored=tuple(_ignored(engine, route, source)),
        warnings=tuple(_warnings(engine, route, source)),
        problems=tuple(_problems(engine, route, source)),
    )


def _ignored(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    if route.model and source == "in_call" and engine.model_key is None:
        yield "model"
    if route.language and not _hears_language(engine, route.language, source):
        yield "language"
    if route.interim_results and source not in engine.interim_results:
        yield "interim_results"
    if route.keyterms and source not in engine.keyterms:
        yield "keyterms"
    if route.endpointing_ms is not None and source not in engine.endpointing_ms:
        yield "endpointing_ms"
    known = engine.options.get(source, frozenset())
    yield from (f"engine_options.{name}" for name in route.engine_options if name not in known)


def _warnings(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    model = model_for(engine, route.model)
    if model and engine.offers:
        yield from _model_warnings(engine, model, route, source)
    if len(route.keyterms) > MAX_KEYTERMS and source in engine.keyterms:
        yield f"only the first {MAX_KEYTERMS} keyterms are sent"
    if source == "in_call" and route.tracks == "both" and engine.name != "Telnyx":
        yield f"{engine.name} does not say which side of an in_call transcription spoke"


def _model_warnings(engine: Engine, name: str, route: Route, source: Source) -> Iterator[str]:
    model = engine.find_model(name)
    if model is None:
        yield f"model {name!r} of {engine.name} is not known here; it is sent as it is"
    elif _SURFACES[source] not in model.surfaces:
        yield f"model {name!r} is not known to work with source = {source!r}; it is sent as it is"
    elif route.language and not knows_language(model, route.language, source):
        yield f"{name} is not known to take language {route.language!r}"


def knows_language(model: Model, language: str, source: Source) -> bool:
    """Say whether a model may take a language: it is listed, or nobody lists them."""
    known = model.languages.get(_SURFACES[source])
    if known is None or not known.codes or language in AUTO:
        return True
    return language.partition("-")[0] in known.codes


def _problems(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    if source not in engine.sources:
        yield f"engine {engine.name!r} cannot be used with source = {source!r}"
    if engine.name == "Azure" and source == "in_call":
        yield from _region(route.engine_options.get("region"))
    known = engine.languages.get(source)
    language = language_for(engine, route.language, source)
    if known and language and language not in known and route.language not in AUTO:
        yield f"{engine.name} does not take language {route.language!r}"
    if engine.longest_keyterm and source in engine.keyterms:
        yield from _keyterms(route.keyterms, engine.longest_keyterm, engine.keyterm_words)
    yield from _ranges(engine, route, source)


def _keyterms(keyterms: Sequence[str], longest: int, words: int) -> Iterator[str]:
    if any(len(term) > longest or len(term.split()) > words for term in keyterms):
        yield f"keyterms may have {longest} characters and {words} words"
    if any(not re.search("[A-Za-z0-9]", normalize("NFKD", term)) for term in keyterms):
        yield "keyterms must have letters of the English alphabet"


def _region(region: object) -> Iterator[str]:
    if region not in AZURE_REGIONS:
        yield f"Azure needs engine_options.region, one of {', '.join(AZURE_REGIONS)}"


def _ranges(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    limits = engine.endpointing_ms.get(source)
    if limits and route.endpointing_ms is not None:
        yield from _range("endpointing_ms", route.endpointing_ms, limits)
    for name, value in route.engine_options.items():
        if name in _RANGES and name in engine.options.get(source, ()):
            yield from _range(f"engine_options.{name}", value, _RANGES[name])


def _range(name: str, value: object, limits: tuple[float, float]) -> Iterator[str]:
    low, high = limits
    if not isinstance(value, int | float) or not low <= value <= high:
        yield f"{name} must be between {low} and {high}"


def _hears_language(engine: Engine, language: str, source: Source) -> bool:
    if source not in engine.language:
        return False
    return language not in AUTO or engine.auto_language.get(source) is not None
