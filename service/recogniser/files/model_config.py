"""The `model_config` of a form: what is off or is done here is taken, the rest refused.

Telnyx passes all of it on without a look at it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from service.recogniser.api.languages import ENGLISH_ONLY, is_understood
from service.recogniser.files.bad_fields import QUOTABLE, bad_field
from service.recogniser.text.key_terms import (
    KEY_TERM_PARAMETERS,
    PLAIN,
    WEIGHTED,
    BadKeyTermError,
    KeyTerm,
    parse_key_terms,
)

NAME: Final = "model_config"
_MODELS: Final = ("deepgram/", "reson8/", "local", "moonshine-")
"""The beginnings of the names of models that take one."""
MULTICHANNEL: Final = "multichannel"
_HONOURED: Final = frozenset(
    {"language", MULTICHANNEL, "punctuate", "smart_format", *KEY_TERM_PARAMETERS}
)
_OFF: Final = frozenset({"", "false", "0", "null", "none", "[]", "{}"})


class _JsonTerms(msgspec.Struct):
    """What a JSON `model_config` may hold of key terms."""

    keyterm: str | list[str] | None = None
    keywords: str | list[str] | None = None


def is_on(value: str) -> bool:
    """Whether an option is asked for at all."""
    return value.lower() not in _OFF


def parse_options(fields: Sequence[tuple[str, str]], *, model: str) -> Mapping[str, str]:
    """Return the options that are given, in both forms: one part of JSON, or one for each.

    Raises:
        RefusedSettingError: The model takes none, or an option cannot be had here.
    """
    options = _options(fields)
    if options is None:
        return {}
    _check(options, model)
    return options


def parse_option_terms(fields: Sequence[tuple[str, str]]) -> tuple[KeyTerm, ...]:
    """Return the key terms among the options, in both forms.

    Raises:
        RefusedSettingError: They cannot be honoured.
    """
    given: list[tuple[str, str]] = []
    for name, value in fields:
        if name == NAME and value.strip():
            given += _json_terms(value)
        elif name.startswith(NAME + "["):
            given.append((_option(name), value))
    try:
        return parse_key_terms((name, value) for name, value in given if is_on(value))
    except BadKeyTermError as error:
        raise bad_field(f"{NAME}[{error.parameter}]", str(error)) from None


def _check(options: Mapping[str, str], model: str) -> None:
    if not model.startswith(_MODELS):
        raise bad_field(NAME, f"{NAME} is not supported by this model.")
    for name, value in options.items():
        if name == "language":
            if not is_understood(value):
                raise bad_field(f"{NAME}[language]", ENGLISH_ONLY)
        elif name not in _HONOURED and is_on(value):
            option = f"{NAME}[{name}]" if QUOTABLE.fullmatch(name) else NAME
            raise bad_field(option, f"{option} is not supported by the local engine.")


def _options(fields: Sequence[tuple[str, str]]) -> dict[str, str] | None:
    options: dict[str, str] = {}
    found = False
    for name, value in fields:
        if name == NAME and value.strip():
            found = True
            options |= _json_options(value)
        elif name.startswith(NAME + "[") and name.endswith("]"):
            found = True
            options[_option(name)] = value.strip()
    return options if found else None


def _option(name: str) -> str:
    """Return which option a part is: a list is sent with `[]` behind, a part for each item."""
    return name[len(NAME) + 1 : -1].removesuffix("][")


def _json_options(text: str) -> dict[str, str]:
    try:
        options = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        raise bad_field(NAME, f"{NAME} must be a JSON object.") from None
    return {name: bytes(raw).decode().strip('" ') for name, raw in options.items()}


def _json_terms(text: str) -> list[tuple[str, str]]:
    try:
        options = msgspec.json.decode(text, type=_JsonTerms)
    except msgspec.ValidationError:
        detail = f"{NAME}: {' and '.join(KEY_TERM_PARAMETERS)} must be texts, or lists of them."
        raise bad_field(NAME, detail) from None
    given = ((PLAIN, options.keyterm), (WEIGHTED, options.keywords))
    return [
        (name, value)
        for name, values in given
        for value in ([values] if isinstance(values, str) else values or ())
    ]
