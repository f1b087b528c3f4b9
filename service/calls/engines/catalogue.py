"""The table of engines as one plain document, for programs and people to read."""

from collections.abc import Mapping
from functools import cache

from service.calls.engines import formats
from service.calls.engines.config import MAX_KEYTERMS
from service.calls.engines.models import Languages, Model, RestTerms, Surface
from service.calls.engines.table import ALIASES, ANY_RANGE, FAMILIES, Engine
from service.ids import Source

SOURCES: Mapping[Surface, Source] = {"in_call": "in_call", "websocket": "media"}
"""Which `source` of a route leads to a surface; files have none."""

Document = dict[str, object]


@cache
def catalogue() -> Document:
    """Return everything the table knows, in JSON's types; the same object every time.

    A surface holds what an engine heeds there. `languages.codes` is null where Telnyx lists
    none and `said` is all there is; an `endpointing_ms` without limits has none documented.
    """
    names = dict.fromkeys(family.name for family in FAMILIES)
    return {
        "engines": [_engine(name) for name in names],
        "unknown_models": "are sent as they are, with a warning",
        "unknown_engines": "are sent as they are, with a warning: they may be community engines",
        "keyterms_limit": MAX_KEYTERMS,
        "raw_formats": sorted(formats.RAW),
        "format_rates_hz": {name: sorted(rates) for name, rates in formats.RATES_HZ.items()},
    }


def languages_of(engine: Engine, model: Model, surface: Surface) -> Languages:
    """Return what is known of a model's languages on a surface."""
    if surface in model.languages:
        return model.languages[surface]
    source = SOURCES.get(surface)
    if source is None:
        return Languages()
    if source not in engine.language:
        return Languages(said="found out")
    return Languages(
        codes=engine.languages.get(source, frozenset()), auto=engine.auto_language.get(source)
    )


def _engine(name: str) -> Document:
    return {
        "name": name,
        "aliases": [alias for alias, of in ALIASES.items() if of == name],
        "models": [
            _model(family, model)
            for family in FAMILIES
            if family.name == name
            for model in family.offers
        ],
    }


def _model(engine: Engine, model: Model) -> Document:
    return {
        "name": model.name,
        "aliases": list(model.aliases),
        "note": model.note,
        "surfaces": {
            surface: _surface(engine, model, surface) for surface in sorted(model.surfaces)
        },
    }


def _surface(engine: Engine, model: Model, surface: Surface) -> Document:
    known = languages_of(engine, model, surface)
    document: Document = {
        "in_sdk": engine.name != "local" and surface not in model.only_in_docs,
        "default": surface in model.default_on,
        "languages": {
            "codes": sorted(known.codes) or None,
            "auto": known.auto,
            "said": known.said,
        },
    }
    source = SOURCES.get(surface)
    if source is not None:
        document |= _heeded(engine, source)
    if surface == "websocket":
        document |= _stream(engine)
    if surface == "rest" and model.rest:
        document |= _rest(model.rest)
    return document


def _heeded(engine: Engine, source: Source) -> Document:
    return {
        "interim_results": source in engine.interim_results,
        "endpointing_ms": _limits(engine.endpointing_ms.get(source)),
        "keyterms": engine.keyterms.get(source),
        "options": sorted(engine.options.get(source, ())),
    }


def _limits(limits: tuple[int, int] | None) -> Document | None:
    if limits is None or limits == ANY_RANGE:
        return limits and {}
    return {"min": limits[0], "max": limits[1]}


def _stream(engine: Engine) -> Document:
    return {
        "formats": sorted(engine.formats),
        "formats_listed": engine.formats_listed,
        "rates_hz": sorted(engine.rates_hz) or None,
        "endpointing": engine.endpointing,
        "max_session_s": engine.max_session_s,
        "close_stream": engine.close_stream,
        "keep_alive": engine.keep_alive,
    }


def _rest(terms: RestTerms) -> Document:
    return {
        "extensions": sorted(terms.extensions),
        "verbose_json": sorted(terms.gives),
        "timestamp_granularities": sorted(terms.granularities) if terms.gives else [],
        "model_config": "passed_on" if terms.options is None else sorted(terms.options),
        "language": terms.language,
    }
