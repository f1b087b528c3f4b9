"""What the API is and can do, open to everybody: it holds nothing of this installation."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from http import HTTPStatus

from aiohttp import web

from service.api.event_schemas import schema_document
from service.api.openapi import AnyOperation, openapi
from service.api.operations import JSON, Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route
from service.api.report_schema import report_schema
from service.api.router import tagged

SCHEMA_JSON = "application/schema+json"
_ANYTHING = {"type": "object"}
Handler = Callable[[Ask[NoQuery, NoBody]], Awaitable[web.StreamResponse]]

GET_OPENAPI: Operation[NoQuery, NoBody] = Operation(
    id="get_openapi",
    method="GET",
    path="/openapi.json",
    tag="about",
    summary="Get this description",
    access=None,
    answers=(Answer(description="OpenAPI 3.1.", content={JSON: _ANYTHING}),),
)
GET_EVENT_SCHEMAS: Operation[NoQuery, NoBody] = Operation(
    id="get_event_schemas",
    method="GET",
    path="/v1/schemas/events",
    tag="about",
    summary="Get the JSON Schemas of every event type",
    access=None,
    answers=(
        Answer(
            description="One schema that fits every event, with one for each type in `$defs`.",
            content={SCHEMA_JSON: _ANYTHING},
        ),
    ),
)
GET_REPORT_SCHEMA: Operation[NoQuery, NoBody] = Operation(
    id="get_report_schema",
    method="GET",
    path="/v1/schemas/report",
    tag="about",
    summary="Get the JSON Schema of a call's report",
    access=None,
    answers=(
        Answer(
            description="Of `call.report`; `CallDocument` in `$defs` is what `call.json` holds.",
            content={SCHEMA_JSON: _ANYTHING},
        ),
    ),
)
HEALTHZ: Operation[NoQuery, NoBody] = Operation(
    id="healthz",
    method="GET",
    path="/healthz",
    tag="about",
    negotiated=False,
    summary="Is the process alive?",
    access=None,
    answers=(Answer(description="It is.", content={JSON: _ANYTHING}),),
)
READYZ: Operation[NoQuery, NoBody] = Operation(
    id="readyz",
    method="GET",
    path="/readyz",
    tag="about",
    negotiated=False,
    summary="Should it be sent new calls?",
    access=None,
    answers=(
        Answer(description="Yes.", content={JSON: _ANYTHING}),
        Answer(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            description="No; it says why not.",
            content={JSON: _ANYTHING},
        ),
    ),
)


def about_routes(operations: Iterable[AnyOperation]) -> list[AnyRoute]:
    """Return routes that describe these operations and themselves."""
    own = (GET_EVENT_SCHEMAS, GET_REPORT_SCHEMA, GET_OPENAPI)
    described = [*operations, *own, HEALTHZ, READYZ]
    return [
        Route(GET_EVENT_SCHEMAS, _written(schema_document, SCHEMA_JSON)),
        Route(GET_REPORT_SCHEMA, _written(report_schema, SCHEMA_JSON)),
        Route(GET_OPENAPI, _written(partial(openapi, described), JSON)),
    ]


def _written(describe: Callable[[], object], content_type: str) -> Handler:
    """Write it once, for the first who asks: anybody may, as often as they like.

    Not at the start, and in a thread: it takes a tenth of a second of processor time, in which
    deliveries and calls would wait.
    """
    body: bytes | None = None

    async def answer(ask: Ask[NoQuery, NoBody]) -> web.Response:
        nonlocal body
        if body is None:
            body = await asyncio.to_thread(lambda: _json(describe()))
        return tagged(ask, body, content_type, headers={"Cache-Control": "no-cache"})

    return answer


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
