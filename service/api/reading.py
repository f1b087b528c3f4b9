"""Reads queries and bodies by the models of their operation."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from service.api.access import TOKEN_PARAMETER
from service.api.operations import JSON, MAX_BODY_BYTES, NoBody, Operation
from service.api.problems import Fault, RefusalError
from service.web import bodies

_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")
_PREFIXED = "metadata"
_MAX_PARAMETERS = 32
_TOO_MANY = f"there are more than {_MAX_PARAMETERS} parameters"
_RANGE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+", re.ASCII)
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
M = TypeVar("M", bound=BaseModel)


class _MediaRange(NamedTuple):
    """One part of an `Accept`: `text/*;q=0.5`."""

    kind: str
    quality: float


def read_query(request: web.Request, operation: Operation[Any, Any]) -> Any:  # noqa: ANN401 - its model
    """Return the query as the operation's model.

    Raises:
        RefusalError: 400; an unknown parameter is told the nearest one there is.
    """
    fields = operation.query.model_fields
    names = {info.alias or name for name, info in fields.items()} - {_PREFIXED}
    given: dict[str, Any] = {_PREFIXED: {}} if _PREFIXED in fields else {}
    faults: list[Fault] = []
    if len(request.query) > _MAX_PARAMETERS:
        raise _bad("The query cannot be used", [Fault(("query",), _TOO_MANY)])
    for name, value in request.query.items():
        if operation.browser and name == TOKEN_PARAMETER:
            continue
        into, key = given, name
        if name.startswith(_PREFIXED + ".") and _PREFIXED in fields:
            into, key = given[_PREFIXED], name.removeprefix(_PREFIXED + ".")
        elif name not in names:
            faults.append(Fault(("query",), _unknown(name, names, operation)))
            continue
        faults += [Fault(("query", name), problem) for problem in _problems(value, key, into)]
        into[key] = value
    if faults:
        raise _bad("The query cannot be used", faults)
    return _validated(operation.query, given, "query")


async def read_body(request: web.Request, operation: Operation[Any, Any]) -> Any:  # noqa: ANN401 - its model
    """Return the JSON body as the operation's model.

    Raises:
        RefusalError: 400, 413 above `MAX_BODY_BYTES`, or 415.
    """
    if operation.body is NoBody:
        return NoBody()
    if request.content_type != JSON:
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send it as Content-Type: {JSON}.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusalError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send it without Content-Encoding.")
    body = await _bytes(request)
    try:
        return operation.body.model_validate_json(body)
    except ValidationError as error:
        raise _bad("The body cannot be used", _faults(error, "body")) from None


def check_accept(request: web.Request, kinds: Iterable[str]) -> None:
    """Refuse an `Accept` that none of these content types fits, with 406."""
    header = ",".join(request.headers.getall("Accept", []))
    ranges = [_range(part) for part in header.split(",")]
    wanted = [one for one in ranges if _RANGE.fullmatch(one.kind)]
    offered = list(kinds)
    if not wanted or not offered or any(_accepts(wanted, kind) for kind in offered):
        return
    detail = f"This is answered as {', '.join(offered)}."
    raise RefusalError(HTTPStatus.NOT_ACCEPTABLE, detail)


def _validated(model: type[M], given: Mapping[str, Any], where: str) -> M:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _bad(f"The {where} cannot be used", _faults(error, where)) from None


async def _bytes(request: web.Request) -> bytes:
    body = await bodies.read_body(request, MAX_BODY_BYTES)
    if body is None:
        raise RefusalError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {MAX_BODY_BYTES} bytes."
        )
    return body


def _problems(value: str, key: str, into: Mapping[str, Any]) -> list[str]:
    problems = ["is given more than once"] if key in into else []
    if not (_TEXT.fullmatch(key) and _TEXT.fullmatch(value)):
        problems.append("has control characters in it, or is no UTF-8")
    return problems


def _unknown(name: str, known: set[str], operation: Operation[Any, Any]) -> str:
    listed = sorted(known)
    if _PREFIXED in operation.query.model_fields:
        listed.append("metadata.<key>")
    near = get_close_matches(name, listed, n=1, cutoff=0.5)
    shown = name if name.isidentifier() and len(name) <= 64 else "a parameter"  # noqa: PLR2004
    if near:
        return f"{shown} is unknown; did you mean {near[0]}?"
    return f"{shown} is unknown; there is {', '.join(listed) or 'none'}"


def _bad(what: str, faults: list[Fault]) -> RefusalError:
    first = faults[0]
    place = ".".join(str(part) for part in first.loc[1:])
    detail = f"{what}: {place + ': ' if place else ''}{first.msg}."
    return RefusalError(HTTPStatus.BAD_REQUEST, detail, faults=faults)


def _faults(error: ValidationError, where: str) -> list[Fault]:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [Fault((where, *one["loc"]), _plain(one["msg"])) for one in found]


def _plain(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _range(part: str) -> _MediaRange:
    kind, *parameters = (one.strip().lower() for one in part.split(";"))
    qualities = (_QUALITY.fullmatch(one) for one in parameters)
    return _MediaRange(kind, next((float(found[1]) for found in qualities if found), 1.0))


def _accepts(wanted: list[_MediaRange], kind: str) -> bool:
    """Let the range that says most about this type decide."""
    kind = kind.partition(";")[0]
    family = kind.partition("/")[0] + "/*"
    for form in (kind, family, "*/*"):
        qualities = [one.quality for one in wanted if one.kind == form]
        if qualities:
            return max(qualities) > 0
    return False
