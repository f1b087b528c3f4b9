"""The address of an STT session: every setting is in its query, fixed for the session's life.

Source: Telnyx, "WebSocket streaming: parameters", and SDK 4.189
`speech_to_text_retrieve_transcription_params`. The key is never part of it.
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from service.calls.engines import (
    Engine,
    engine_for,
    keyterms_for,
    language_for,
    model_for,
    sent_options,
)
from service.calls.routes import Route
from service.stt.formats import WireFormat
from service.wire.stt import PATH

_REDACTED_BY_ENGINES = ("pci", "ssn")
_KEYWORD_WEIGHT = 1
"""What the route's keyterms weigh on an engine that wants `term:weight`."""


def engine_of(route: Route) -> Engine:
    """Return what is known of the route's engine; one nobody knows gets plain `linear16`."""
    return engine_for(route.engine, route.model)


def session_url(base: str, route: Route, audio: WireFormat) -> str:
    """Return the URL that asks for a session by the route's rules.

    `base` may lack the path, and may have a query of its own, which is kept.
    """
    parts = urlsplit(base)
    query = [*parse_qsl(parts.query), *_parameters(engine_of(route), route, audio)]
    path = parts.path if parts.path.strip("/") else PATH
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _parameters(engine: Engine, route: Route, audio: WireFormat) -> Iterator[tuple[str, str]]:
    yield "transcription_engine", engine.name
    if model := model_for(engine, route.model):
        yield "model", model
    yield "input_format", audio.input_format
    yield "sample_rate", str(audio.sample_rate_hz)
    if (language := language_for(engine, route.language, "media")) is not None:
        yield "language", language
    if "media" in engine.interim_results:  # asked of it, the engine Telnyx says nothing at all
        yield "interim_results", _said(route.interim_results)
    if route.endpointing_ms is not None and "media" in engine.endpointing_ms:
        yield "endpointing", _said(route.endpointing_ms)
    yield from _keyterms(engine, route)
    yield from _options(engine, route)


def _keyterms(engine: Engine, route: Route) -> Iterator[tuple[str, str]]:
    """Yield one parameter per keyterm, as the SDK says; `keywords` are one list with weights."""
    terms = keyterms_for(engine, route, "media")
    if terms and engine.keyterms["media"] == "keywords":
        yield "keywords", ",".join(f"{term}:{_KEYWORD_WEIGHT}" for term in terms)
        return
    for term in terms:
        yield engine.keyterms["media"], term


def _options(engine: Engine, route: Route) -> Iterator[tuple[str, str]]:
    known = engine.options.get("media", frozenset())
    hides_sound = route.record == "audio" and route.redact and "redact" not in route.engine_options
    if engine.words_if_asked and hides_sound:
        yield "words", "true"
    elif "redact" in known and "redact" not in route.engine_options and (kinds := _redact(route)):
        yield "redact", kinds
    for name, value in sent_options(engine, route, "media").items():
        if isinstance(value, list | tuple):
            yield name, ",".join(_said(item) for item in value)
        else:
            yield name, _said(value)


def _redact(route: Route) -> str:
    """Return what the engine is asked to hide, too; ours is done all the same.

    `numbers` is not among it: an engine takes it to mean every price.
    """
    return ",".join(kind for kind in route.redact if kind in _REDACTED_BY_ENGINES)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
