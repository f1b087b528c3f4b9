"""The router: admits a request, reads it, and hands it to the handler of its operation."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from service.api.access import Doorkeeper
from service.api.access_log import AccessLog
from service.api.operations import JSON, PARTS, AnyRoute, Ask, Operation, Reply
from service.api.problems import not_found
from service.api.reading import check_accept, read_body, read_query
from service.ids import CallId

_SHAPES = {name: re.compile(part.pattern) for name, part in PARTS.items()}


def add_routes(
    app: web.Application,
    doorkeeper: Doorkeeper,
    routes: Iterable[AnyRoute],
    access_log: AccessLog,
) -> None:
    """Serve these routes; a GET that is not a stream answers HEAD too."""
    for route in routes:
        operation = route.operation
        handler = _handler(doorkeeper, route, access_log)
        if operation.method == "GET":
            streams = "text/event-stream" in operation.content_types
            app.router.add_get(operation.path, handler, allow_head=not streams)
        else:
            app.router.add_route(operation.method, operation.path, handler)


def reply(ask: Ask[Any, Any], model: Reply, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """Answer with JSON. A GET has an `ETag`, and 304 for whoever has this already."""
    return tagged(ask, model.model_dump_json(by_alias=True).encode(), status=status)


def tagged(
    ask: Ask[Any, Any],
    body: bytes,
    content_type: str = JSON,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    kind: type[web.Response] = web.Response,
) -> web.Response:
    """Answer with these bytes; as `reply` does."""
    told = {"Content-Type": content_type, **(headers or {})}
    answer = kind(status=status, body=body, headers=told)
    if ask.request.method in ("GET", "HEAD"):
        etag = hashlib.blake2b(body, digest_size=16).hexdigest()
        if _has(ask.request, etag):
            answer = web.Response(status=HTTPStatus.NOT_MODIFIED)
        answer.etag = etag
    return answer


def nothing() -> web.Response:
    """Answer 204."""
    return web.Response(status=HTTPStatus.NO_CONTENT)


def _has(request: web.Request, etag: str) -> bool:
    return any(known.value in (etag, "*") for known in request.if_none_match or ())


def _handler(doorkeeper: Doorkeeper, route: AnyRoute, access_log: AccessLog) -> Handler:
    operation = route.operation

    async def handle(request: web.Request) -> web.StreamResponse:
        ask = await _ask(doorkeeper, operation, request)
        answer = await route.handler(ask)
        if operation.noted is not None and answer.status < HTTPStatus.BAD_REQUEST:
            named = ask.call_id if "call_id" in ask.parts else None
            for call_id in dict.fromkeys(ask.shown) or [named]:
                access_log.note(request, ask.who, operation.noted, call_id)
        return answer

    return handle


async def _ask(
    doorkeeper: Doorkeeper, operation: Operation[Any, Any], request: web.Request
) -> Ask[Any, Any]:
    parts = {name: request.match_info[name] for name in operation.parts}
    caller = None
    if operation.access is not None:
        caller = await doorkeeper.admit(
            request,
            operation.access,
            call_id=CallId(parts["call_id"]) if "call_id" in parts else None,
            reach=operation.reach,
            browser=operation.browser,
            counted=operation.counted,
        )
    for name, text in parts.items():
        if not (_SHAPES[name].fullmatch(text) and text.isprintable()):
            raise not_found(name.partition("_")[0])
    if operation.negotiated:
        check_accept(request, operation.content_types)
    query = read_query(request, operation)
    body = await read_body(request, operation)
    return Ask(request=request, caller=caller, parts=parts, query=query, body=body)
