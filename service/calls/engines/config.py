"""How a route's settings are said to its engine: model, language, keyterms, the in-call config."""

from collections.abc import Mapping

from service.calls.engines.languages import ALIASES, AUTO
from service.calls.engines.table import Engine, engine_for, is_foreign
from service.calls.routes import Route
from service.ids import Source

_MODEL_KEYS = ("transcription_model", "model")
_NAMING = frozenset({"transcription_engine", *_MODEL_KEYS})
_FLUX = "deepgram/flux"
MAX_KEYTERMS = 100
"""More are not sent: Telnyx's limit for `keyterms` and `hints`."""


def in_call_config(route: Route) -> tuple[str, dict[str, object]]:
    """Return `transcription_engine` and `transcription_engine_config` for `transcription_start`.

    Beside the keys that the engine's typed config has (telnyx 4.189), options that nobody here
    knows are in it, as written. A route that `review` finds problems with gives a config that
    Telnyx will refuse.
    """
    engine = engine_for(route.engine, route.model)
    model = model_for(engine, route.model)
    if engine.discriminator == _FLUX and model:
        model = f"deepgram/{model.removeprefix('deepgram/')}"
    named = model if engine.discriminator == _FLUX else engine.discriminator
    config: dict[str, object] = {"transcription_engine": named or engine.name}
    if model and engine.model_key:
        config[engine.model_key] = model
    if (language := language_for(engine, route.language, "in_call")) is not None:
        config["language"] = language
    if "in_call" in engine.interim_results:
        config["interim_results"] = route.interim_results
    if terms := keyterms_for(engine, route, "in_call"):
        config[engine.keyterms["in_call"]] = terms
    config.update(_endpointing(engine, route))
    config.update(sent_options(engine, route, "in_call"))
    return engine.name, config


def flat_config(config: Mapping[str, object]) -> tuple[str | None, dict[str, object]]:
    """Return the model, and a config without engine and model: the other shape (TELNYX.md §3.3).

    There the model stands beside the config, for Deepgram without its maker.
    """
    rest = {key: value for key, value in config.items() if key not in _NAMING}
    model = next((str(config[key]) for key in _MODEL_KEYS if key in config), None)
    return model and model.removeprefix("deepgram/"), rest


def model_for(engine: Engine, model: str | None) -> str | None:
    """Return the model's full name (`nova-3` is `deepgram/nova-3`); unknown ones as they are."""
    if model is None or model in engine.models:
        return model or engine.default_model
    full = next((known for known in engine.models if known.endswith(f"/{model}")), None)
    if full is None and engine.name == "Deepgram" and "/" not in model:
        return f"deepgram/{model}"
    return full or model


def language_for(engine: Engine, language: str | None, source: Source) -> str | None:
    """Return the code by which the engine knows a language, or None to leave it out.

    An engine with short codes gets `en` for `en-US`. A code it does not know goes as it is.
    """
    if language is None or source not in engine.language:
        return None
    if language in AUTO:
        return engine.auto_language.get(source)
    known = engine.languages.get(source)
    if known is None:
        return language
    short = language.partition("-")[0]
    tries = (language, short, *ALIASES.get(short, ()))
    return next((code for code in tries if code in known), language)


def keyterms_for(engine: Engine, route: Route, source: Source) -> list[str]:
    """Return the keyterms to send: none where the engine has no parameter for them."""
    return list(route.keyterms[:MAX_KEYTERMS]) if source in engine.keyterms else []


def sent_options(engine: Engine, route: Route, source: Source) -> dict[str, object]:
    """Return the route's options for its engine: all but those that are known to be another's."""
    given = route.engine_options.items()
    return {key: value for key, value in given if not is_foreign(key, engine, source)}


def _endpointing(engine: Engine, route: Route) -> dict[str, object]:
    endpointing_ms = route.endpointing_ms
    if endpointing_ms is None or "in_call" not in engine.endpointing_ms:
        return {}
    if endpointing_ms is False:
        return {"enable_endpoint_detection": False} if engine.name == "Soniox" else {}
    if engine.name == "Soniox":
        return {"enable_endpoint_detection": True, "max_endpoint_delay_ms": endpointing_ms}
    return {"utterance_end_ms": endpointing_ms}
