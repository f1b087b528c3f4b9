"""What will come of a route's settings with its engine: told at start, not found out on a call."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from service.calls.engines.config import MAX_KEYTERMS, language_for, model_for, sent_options
from service.calls.engines.languages import AUTO
from service.calls.engines.models import Model, Surface
from service.calls.engines.table import ENGINES, Engine, engine_for, names_track
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
    engine = engine_for(route.engine, route.model)
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
    if route.endpointing_ms is not None and not _heeds_endpointing(engine, route, source):
        yield "endpointing_ms"
    sent = sent_options(engine, route, source)
    yield from (f"engine_options.{name}" for name in route.engine_options if name not in sent)


def _heeds_endpointing(engine: Engine, route: Route, source: Source) -> bool:
    """Say whether an engine can be told: in a call, only Soniox how to switch it off."""
    off = route.endpointing_ms is False and source == "in_call"
    return source in engine.endpointing_ms and (not off or engine.name == "Soniox")


def _warnings(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    model = model_for(engine, route.model)
    if not engine.is_listed:
        names = ", ".join(sorted(known.name for known in ENGINES.values()))
        yield (
            f"engine {route.engine!r} is not known here; it is sent as it is, and may be a "
            f"community engine (known, by their case, are {names})"
        )
    if model and engine.offers:
        yield from _model_warnings(engine, model, route, source)
    if engine.name != "local":  # of which that is a problem
        yield from unknown_language(engine, route, source)
    yield from _unknown_options(engine, route, source)
    if len(route.keyterms) > MAX_KEYTERMS and source in engine.keyterms:
        yield f"only the first {MAX_KEYTERMS} keyterms are sent"
    if source == "in_call" and route.tracks == "both" and not names_track(engine.name):
        yield f"{engine.name} does not say which side of an in_call transcription spoke"


def _model_warnings(engine: Engine, name: str, route: Route, source: Source) -> Iterator[str]:
    model = engine.find_model(name)
    if model is None:
        yield f"model {name!r} of {engine.name} is not known here; it is sent as it is"
    elif _SURFACES[source] not in model.surfaces:
        yield f"model {name!r} is not known to work with source = {source!r}; it is sent as it is"
    elif route.language and not knows_language(model, route.language, source):
        yield f"{name} is not known to take language {route.language!r}"


def unknown_language(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    """Tell of a language that is not on the engine's list, and of what is."""
    known = engine.languages.get(source)
    language = language_for(engine, route.language, source)
    if known and language and language not in known and route.language not in AUTO:
        yield (
            f"{engine.name} is not known to take language {route.language!r}; it is sent as it is "
            f"(known are {_listed(known)})"
        )


def _unknown_options(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    known = engine.options.get(source, frozenset())
    if engine.name == "Azure" and source == "in_call":
        region = route.engine_options.get("region", AZURE_REGIONS[0])
        if region not in AZURE_REGIONS:
            yield (
                f"Azure is not known to have region {region!r}; it is sent as it is "
                f"(known are {_listed(AZURE_REGIONS)})"
            )
    for name in sent_options(engine, route, source):
        if engine.is_listed and name not in known:
            yield (
                f"engine_options.{name} is not known of {engine.name}; it is sent as it is "
                f"(known are {_listed(known)})"
            )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"


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
    if engine.name == "local":  # its list is this release's own
        yield from unknown_language(engine, route, source)
    if engine.longest_keyterm and source in engine.keyterms:
        yield from _keyterms(route.keyterms, engine.longest_keyterm, engine.keyterm_words)
    yield from _ranges(engine, route, source)


def _keyterms(keyterms: Sequence[str], longest: int, words: int) -> Iterator[str]:
    if any(len(term) > longest or len(term.split()) > words for term in keyterms):
        yield f"keyterms may have {longest} characters and {words} words"
    if any(not re.search("[A-Za-z0-9]", normalize("NFKD", term)) for term in keyterms):
        yield "keyterms must have letters of the English alphabet"


def _region(region: object) -> Iterator[str]:
    if not isinstance(region, str) or not region:
        yield f"Azure needs engine_options.region, such as {', '.join(AZURE_REGIONS)}"


def _ranges(engine: Engine, route: Route, source: Source) -> Iterator[str]:
    limits = engine.endpointing_ms.get(source)
    if limits and route.endpointing_ms is not None and route.endpointing_ms is not False:
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
