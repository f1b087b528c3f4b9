"""The settings that are in force, each with where it is from, for people: without secrets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel, SecretStr

from service.settings.faults import Place, written
from service.settings.load import Loaded

HIDDEN = "(hidden)"
_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?:(?://)?|[a-z][a-z0-9+.-]*://)"
    r"(?:(?P<user>[^/?#]*)@)?(?P<place>[^?#]*)(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
"""What may have a password before its host, or keys and tokens behind its path."""
_VALUE = re.compile(r"(?P<name>[?&;#](?:[^=&;#]*=)?+)[^&;#]+")


@dataclass(frozen=True, slots=True)
class Shown:
    """One key: what it is in force as, and who said so."""

    key: str
    value: str
    source: str


def show(loaded: Loaded, *, every: bool = False) -> list[Shown]:
    """Return all keys but what routes and endpoints leave as it is; `every` has those, too."""
    return [
        _shown(loaded, place, value, said=said)
        for place, value, said in _keys(loaded.settings, ())
        if every or said or place[0] not in ("route", "endpoint")
    ]


def _shown(loaded: Loaded, place: Place, value: Any, *, said: bool) -> Shown:  # noqa: ANN401
    if not said:
        return Shown(written(place), _text(value), "default")
    if place[0] not in loaded.said:  # something stands in for it
        return Shown(written(place), "-", "not set")
    return Shown(written(place), _text(value), loaded.places.where(place))


def _keys(table: BaseModel, place: Place) -> Iterator[tuple[Place, Any, bool]]:
    for name in type(table).model_fields:
        value, here = getattr(table, name), (*place, name)
        if isinstance(value, BaseModel):
            yield from _keys(value, here)
        elif isinstance(value, dict) and any(isinstance(one, BaseModel) for one in value.values()):
            for number in sorted(value, key=int):
                yield from _keys(value[number], (*here, number))
        else:
            yield here, value, name in table.model_fields_set


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a key holds
    if value is None or value in ({}, ()):
        return "-"
    value = _plain(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a key holds
    """Return what JSON can say, with secrets hidden however deep they are."""
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, BaseModel):
        return {
            name: _plain(one)
            for name in value.model_fields_set
            if (one := getattr(value, name)) is not None
        }
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | float) else without_secrets(str(value))


def without_secrets(text: str) -> str:
    """Return text as it is, or a URL without its password and all that its query says."""
    url = _URL.fullmatch(text)
    if url is None or url["scheme"].lower() == "sqlite://":  # a path, which may have any letters
        return text
    user = "" if url["user"] is None else f"{_without_password(url['scheme'], url['user'])}@"
    rest = _VALUE.sub(rf"\g<name>{HIDDEN}", url["rest"])
    return f"{url['scheme']}{user}{url['place']}{rest}"


def _without_password(scheme: str, user: str) -> str:
    name, colon, _ = user.partition(":")
    if colon:
        return f"{name}:{HIDDEN}"
    return name if scheme.lower().startswith("postgres") else HIDDEN  # a token goes without a name
