"""What a whole file can be asked for over REST, and what a model will make of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.calls.engines.languages import AUTO
from service.calls.engines.models import EXTENSIONS, Model, RestTerms
from service.calls.engines.review import Review
from service.calls.engines.table import ENGINES, FAMILIES, Engine, find_engine

FORMATS = ("json", "verbose_json")
_GRANULARITIES = frozenset({"segment", "word"})
_UNKNOWN = RestTerms(gives=frozenset({"segments"}), granularities=_GRANULARITIES, options=None)
"""A model nobody here knows may do anything."""
_MAX_SPEAKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRequest:
    """How a file is to be transcribed: the fields of `POST /ai/audio/transcriptions`.

    Source: SDK 4.189 `audio_transcribe_params` and Telnyx's REST parameters page.
    """

    model: str = "openai/whisper-large-v3-turbo"
    language: str | None = None
    response_format: Literal["json", "verbose_json"] = "json"
    timestamp_granularities: tuple[str, ...] = ()
    """Only with `verbose_json`. Telnyx knows `segment`; our recogniser `word` as well."""
    model_config: Mapping[str, object] = field(default_factory=dict)
    """The engine's own options, under its own names. Its `language` yields to the one above."""


def rest_request(engine: str, model: str | None, language: str | None) -> FileRequest:
    """Return how an engine is asked for all that it says of a file; unknown names go as written.

    Without a model it is what REST has by default, or the first of its own that REST knows.
    """
    family = find_engine(engine, model)
    if family is None:
        found = None
    elif model is not None:
        found = family.find_model(model)
    else:
        found = next(iter(sorted(_for_files(family), key=_is_no_default)), None)
    name = found.name if found else model or engine
    terms = (found.rest if found else None) or _UNKNOWN
    return FileRequest(
        model=name,
        language=language if terms.language else None,
        response_format="verbose_json" if terms.gives else "json",
    )


def takes_files(engine: str) -> bool:
    """Say whether an engine has a model for whole files; one that nobody here knows may."""
    family = find_engine(engine)
    return family is None or bool(_for_files(family))


def _for_files(family: Engine) -> list[Model]:
    return [model for model in family.offers if model.rest]


def _is_no_default(model: Model) -> bool:
    return "rest" not in model.default_on


def find_rest_model(name: str) -> Model | None:
    """Return the model that REST knows by this name, with or without its owner's."""
    for family in FAMILIES:
        model = family.find_model(name)
        if model and model.rest:
            return model
    return None


def review_file(request: FileRequest, extension: str, *, local: bool = False) -> Review:
    """Say what will be ignored, may surprise, or would be refused.

    `extension` is the end of the file's name, without the dot; "" if it is not known. `local` is
    for our own recogniser, which takes every model's name for its own.
    """
    model = ENGINES["local"].offers[0] if local else find_rest_model(request.model)
    terms = (model.rest if model else None) or _UNKNOWN
    return Review(
        ignored=("language",) if request.language and not terms.language else (),
        warnings=tuple(_warnings(request, model, terms)),
        problems=tuple(_problems(request, model, terms, extension.casefold())),
    )


def _warnings(request: FileRequest, model: Model | None, terms: RestTerms) -> Iterator[str]:
    if model is None:
        yield f"model {request.model!r} is not known here; it is sent as it is"
    if request.response_format == "verbose_json" and not terms.gives:
        yield f"{request.model} answers with the text alone, without times"


def _problems(
    request: FileRequest, model: Model | None, terms: RestTerms, extension: str
) -> Iterator[str]:
    if not request.model:
        yield "model is needed"
    if request.response_format not in FORMATS:
        yield f"response_format should be {' or '.join(FORMATS)}"
    yield from _extension(request.model, terms, extension)
    yield from _granularities(request, terms)
    yield from _options(request, terms)
    if request.language and terms.language and not _takes(model, request.language):
        yield f"{request.model} does not take language {request.language!r}"


def _takes(model: Model | None, language: str) -> bool:
    """Whether a language is among a model's, or nobody listed them. Regions do not matter."""
    known = model.languages.get("rest") if model else None
    if known is None or not known.codes:
        return True
    if language in AUTO:
        return known.auto is not None
    return language.partition("-")[0].casefold() in known.codes


def _extension(model: str, terms: RestTerms, extension: str) -> Iterator[str]:
    if extension and extension not in EXTENSIONS | terms.extensions:
        yield f"a .{extension} file is not taken; {_listed(terms.extensions)} are"
    elif extension and extension not in terms.extensions:
        yield f"{model} does not take .{extension} files; it takes {_listed(terms.extensions)}"


def _granularities(request: FileRequest, terms: RestTerms) -> Iterator[str]:
    wanted = request.timestamp_granularities
    if wanted and request.response_format != "verbose_json":
        yield "timestamp_granularities need response_format verbose_json"
    for one in wanted:
        if one not in terms.granularities:
            yield f"timestamp_granularities may be {_listed(terms.granularities)}, not {one!r}"


def _options(request: FileRequest, terms: RestTerms) -> Iterator[str]:
    given = request.model_config
    if terms.options is None or not given:
        return
    if not terms.options:
        yield f"{request.model} takes no model_config"
        return
    for name in given:
        if name not in terms.options:
            yield f"model_config of {request.model} takes {_listed(terms.options)}, not {name!r}"
    speakers = given.get("max_speakers", 1)
    if not isinstance(speakers, int) or not 1 <= speakers <= _MAX_SPEAKERS:
        yield f"model_config.max_speakers should be 1 to {_MAX_SPEAKERS}"


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
