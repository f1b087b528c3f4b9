"""The fields of a request for a file's transcript: honoured, or refused.

Source: TELNYX.md §6.2, and what OpenAI's clients send besides. The body of Telnyx's 400
is not documented; ours is `errors`, with code 10015 and the field's name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from service.errors import BadInputError, RefusedSettingError
from service.recogniser.models import ENGINE_NAME
from service.recogniser.parameters import ENGLISH
from service.recogniser.terms import (
    PLAIN,
    TERM_PARAMETERS,
    WEIGHTED,
    BadTermError,
    KeyTerm,
    read_terms,
)

BAD_FIELD: Final = "10015"
RESPONSE_FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
GRANULARITIES: Final = frozenset({"segment", "word"})
_GRANULARITIES: Final = "timestamp_granularities"
_CONFIG: Final = "model_config"
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,99}")
_CONFIGURABLE: Final = ("deepgram/", "reson8/", "local", ENGINE_NAME)
_MULTICHANNEL: Final = "multichannel"
_HONOURED: Final = frozenset(
    {"language", _MULTICHANNEL, "punctuate", "smart_format", *TERM_PARAMETERS}
)
_OFF: Final = frozenset({"", "false", "0", "null", "none", "[]", "{}"})
_KNOWN: Final = frozenset({"file", "file_url", "language", "model", "response_format"})
_REFUSED: Final = ("stream",)
_MAX_NAMED: Final = 10


class MissingFieldError(BadInputError):
    """A form lacks what every form must have: `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is required")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What a file's transcript is to be like."""

    model: str
    """As it was asked for; ours stands in for it."""
    file_url: str | None
    """None: the file itself was sent."""
    response_format: str
    granularities: frozenset[str]
    ignored: tuple[str, ...]
    """Fields that change nothing here."""
    multichannel: bool = False
    """Whether each channel is to be heard by itself."""
    key_terms: tuple[KeyTerm, ...] = ()
    """What the speakers are likely to say."""

    @property
    def words(self) -> bool:
        """Whether each word's times are wanted. The models of Deepgram give them unasked."""
        if self.response_format != "verbose_json":
            return False
        return "word" in self.granularities or self.model.startswith(("deepgram/", "reson8/"))


class _Terms(msgspec.Struct):
    """What a JSON `model_config` may hold of key terms."""

    keyterm: str | list[str] | None = None
    keywords: str | list[str] | None = None


def parse_form(fields: Sequence[tuple[str, str]], *, has_file: bool) -> FileSettings:
    """Read the fields. An empty value is none; the last of two wins, but for lists.

    Raises:
        MissingFieldError: No model.
        RefusedSettingError: A value that is wrong, or that this engine cannot honour.
    """
    given = {name: value.strip() for name, value in fields if value.strip()}
    model = given.get("model")
    if model is None:
        raise MissingFieldError("model")
    if not _MODEL.fullmatch(model):
        raise bad_field("model", "model is not the name of one.")
    file_url = given.get("file_url")
    if has_file == (file_url is not None):
        raise bad_field("file", "Send exactly one of file and file_url.")
    response_format = given.get("response_format", "json")
    if response_format not in RESPONSE_FORMATS:
        names = ", ".join(RESPONSE_FORMATS)
        raise bad_field("response_format", f"response_format must be one of: {names}.")
    for name in _REFUSED:
        if given.get(name, "false").lower() not in _OFF:
            raise bad_field(name, f"{name} is not supported by the local engine.")
    _check_language("language", given.get("language", "en"))
    options = _config(fields)
    _check_config(options, model)
    return FileSettings(
        model=model,
        file_url=file_url,
        response_format=response_format,
        granularities=_granularities(fields, response_format),
        ignored=_ignored(given),
        multichannel=_is_on((options or {}).get(_MULTICHANNEL, "")),
        key_terms=_key_terms(fields),
    )


def _granularities(fields: Sequence[tuple[str, str]], response_format: str) -> frozenset[str]:
    asked = frozenset(
        value.strip() for name, value in fields if name.split("[")[0] == _GRANULARITIES
    ) - {""}
    if not asked <= GRANULARITIES:
        raise bad_field(_GRANULARITIES, f"{_GRANULARITIES} may be segment and word.")
    if asked and response_format != "verbose_json":
        raise bad_field(_GRANULARITIES, f"{_GRANULARITIES} needs response_format verbose_json.")
    return asked


def _check_config(options: Mapping[str, str] | None, model: str) -> None:
    """Accept what is off or is done here; Telnyx passes all on without a look at it."""
    if options is None:
        return
    if not model.startswith(_CONFIGURABLE):
        raise bad_field(_CONFIG, f"{_CONFIG} is not supported by this model.")
    for name, value in options.items():
        if name == "language":
            _check_language(f"{_CONFIG}[language]", value)
        elif name not in _HONOURED and _is_on(value):
            option = f"{_CONFIG}[{name}]" if _MODEL.fullmatch(name) else _CONFIG
            raise bad_field(option, f"{option} is not supported by the local engine.")


def _is_on(value: str) -> bool:
    return value.lower() not in _OFF


def _config(fields: Sequence[tuple[str, str]]) -> dict[str, str] | None:
    """Read both forms: one part of JSON, and a part for each option."""
    options: dict[str, str] = {}
    found = False
    for name, value in fields:
        if name == _CONFIG and value.strip():
            found = True
            options |= _json_config(value)
        elif name.startswith(_CONFIG + "[") and name.endswith("]"):
            found = True
            options[_option(name)] = value.strip()
    return options if found else None


def _option(name: str) -> str:
    """Return which option a part is: a list is sent with `[]` behind, a part for each item."""
    return name[len(_CONFIG) + 1 : -1].removesuffix("][")


def _key_terms(fields: Sequence[tuple[str, str]]) -> tuple[KeyTerm, ...]:
    given: list[tuple[str, str]] = []
    for name, value in fields:
        if name == _CONFIG and value.strip():
            given += _json_terms(value)
        elif name.startswith(_CONFIG + "["):
            given.append((_option(name), value))
    try:
        return read_terms((name, value) for name, value in given if _is_on(value))
    except BadTermError as error:
        raise bad_field(f"{_CONFIG}[{error.parameter}]", str(error)) from None


def _json_terms(text: str) -> list[tuple[str, str]]:
    try:
        options = msgspec.json.decode(text, type=_Terms)
    except msgspec.ValidationError:
        detail = f"{_CONFIG}: {' and '.join(TERM_PARAMETERS)} must be texts, or lists of them."
        raise bad_field(_CONFIG, detail) from None
    given = ((PLAIN, options.keyterm), (WEIGHTED, options.keywords))
    return [
        (name, value)
        for name, values in given
        for value in ([values] if isinstance(values, str) else values or ())
    ]


def _json_config(text: str) -> dict[str, str]:
    try:
        options = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        raise bad_field(_CONFIG, f"{_CONFIG} must be a JSON object.") from None
    return {name: bytes(raw).decode().strip('" ') for name, raw in options.items()}


def _check_language(name: str, language: str) -> None:
    if language.lower().replace("_", "-").split("-")[0] not in ENGLISH:
        raise bad_field(name, "The local engine understands English only.")


def _ignored(given: dict[str, str]) -> tuple[str, ...]:
    others = sorted(
        name
        for name in given
        if name not in _KNOWN and name.split("[")[0] not in {_CONFIG, _GRANULARITIES, *_REFUSED}
    )
    return tuple(name for name in others if _MODEL.fullmatch(name))[:_MAX_NAMED]


def bad_field(parameter: str, detail: str) -> RefusedSettingError:
    """Return the error that refuses a field."""
    return RefusedSettingError(BAD_FIELD, "Bad Request", detail, parameter)
