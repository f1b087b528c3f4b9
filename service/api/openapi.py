"""OpenAPI 3.1, written from the operations that the router serves."""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from service import __version__
from service.api.access import TOKEN_PARAMETER
from service.api.event_schemas import DIALECT, event_schemas
from service.api.operations import JSON, MAX_BODY_BYTES, PARTS, Answer, NoBody, Operation
from service.api.parameters import MAX_LIMIT, PLAIN
from service.web.answers import PROBLEM

Schema = dict[str, Any]
AnyOperation = Operation[Any, Any]

_REF = "#/components/schemas/{model}"
_SAID = {
    HTTPStatus.BAD_REQUEST: "The query or the body cannot be used; `errors` says where and why.",
    HTTPStatus.UNAUTHORIZED: "There is no good key or token with it.",
    HTTPStatus.FORBIDDEN: "The key or token is not for this.",
    HTTPStatus.NOT_FOUND: "There is nothing of this id.",
    HTTPStatus.NOT_ACCEPTABLE: "`Accept` excludes every answer there is.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The body has more than {MAX_BODY_BYTES} bytes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no JSON, or is compressed.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too much of this key, or bad keys from this address.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database does not answer.",
}
_TAGS = {
    "calls": "Calls, and what was said.",
    "feed": "Calls while they happen.",
    "search": "What was said, found again.",
    "delivery": "Where events go, and what did not arrive.",
    "access": "Tokens. Keys are made by `callscribe keys create`.",
    "run": "How the service itself does.",
    "about": "What this service is and can do; open to everybody.",
}
_PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people: what to do."},
        "errors": {
            "type": "array",
            "description": "Everything wrong with the request, where it is.",
            "items": {
                "type": "object",
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                },
                "required": ["loc", "msg"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_EVENT_PAGE: Schema = {
    "type": "object",
    "properties": {
        "data": {
            "type": "array",
            "maxItems": MAX_LIMIT,
            "items": {"$ref": "#/components/schemas/Event"},
        },
        "next_after_seq": {"type": ["integer", "null"]},
    },
    "required": ["data", "next_after_seq"],
}
_METADATA: Schema = {
    "name": "metadata",
    "in": "query",
    "description": "`metadata.<key>=<value>`: the call's route has this metadata.",
    "style": "form",
    "explode": True,
    "schema": {
        "type": "object",
        "propertyNames": {"pattern": r"^metadata\.[A-Za-z0-9_-]{1,64}$"},
        "additionalProperties": {"type": "string", "maxLength": 512, "pattern": PLAIN},
        "maxProperties": 8,
    },
}


def openapi(operations: Iterable[AnyOperation]) -> Schema:
    """Return the description of an API of these operations."""
    listed = list(operations)
    paths: dict[str, dict[str, Schema]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    tags = list(dict.fromkeys(operation.tag for operation in listed))
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Callscribe",
            "version": __version__,
            "summary": "Phone calls, transcribed while they happen.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": _TAGS.get(tag, "")} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": _schemas(listed),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`csk_…`), or a token made with one (`cst_…`).",
                },
                "token": {
                    "type": "apiKey",
                    "in": "query",
                    "name": TOKEN_PARAMETER,
                    "description": "A token, never a key, where no header can be set.",
                },
            },
        },
    }


def _schemas(operations: list[AnyOperation]) -> Schema:
    answered = [answer.model for one in operations for answer in one.answers if answer.model]
    taken = [one.body for one in operations if one.body is not NoBody]
    wanted: list[Any] = [(model, "validation") for model in dict.fromkeys([*answered, *taken])]
    _, found = models_json_schema(wanted, ref_template=_REF)
    events = json.loads(json.dumps(event_schemas()).replace("#/$defs/", _REF.format(model="")))
    own = {"Problem": _PROBLEM_SCHEMA, "EventPage": _EVENT_PAGE}
    models = found.get("$defs", {})
    known = {**own, **models, **events}
    # a name that means two things would leave one of them undescribed
    twice = [name for one in (own, models) for name in one if one[name] != known[name]]
    assert not twice, f"two schemas of one name: {twice}"  # noqa: S101
    return known


def _described(operation: AnyOperation) -> Schema:
    described: Schema = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation),
        "security": [],
    }
    if operation.description:
        described["description"] = operation.description
    if operation.access is not None:
        described["security"] = [{"key": []}, *([{"token": []}] if operation.browser else [])]
        described["x-scope"] = operation.access
    if operation.body is not NoBody:
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return described


def _parameters(operation: AnyOperation) -> Iterator[Schema]:
    for name in operation.parts:
        part = PARTS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": part.description,
            "example": part.example,
            "schema": {"type": "string", "pattern": f"^(?:{part.pattern})$"},
        }
    schema = operation.query.model_json_schema(ref_template=_REF)
    for name, field in schema.get("properties", {}).items():
        yield _METADATA if name == "metadata" else _query(name, field, schema)
    if operation.tagged:
        text = {"type": "string"}
        yield {"name": "If-None-Match", "in": "header", "required": False, "schema": text}


def _query(name: str, field: Schema, schema: Schema) -> Schema:
    field = {key: value for key, value in field.items() if key not in ("title", "default")}
    description = field.pop("description", "")
    options = [one for one in field.pop("anyOf", []) if one != {"type": "null"}]
    if len(options) == 1:  # what may be left out is None inside
        field |= options[0]
    elif options:
        field["anyOf"] = options
    parameter = {
        "name": name,
        "in": "query",
        "required": name in schema.get("required", ()),
        "schema": field,
    }
    return parameter | ({"description": description} if description else {})


def _responses(operation: AnyOperation) -> Schema:
    responses = {str(one.status.value): _answer(one) for one in operation.answers}
    if operation.tagged:
        responses["304"] = {"description": "It is as `If-None-Match` says it is known."}
        for answer in operation.answers:
            headers = responses[str(answer.status.value)].setdefault("headers", {})
            headers["ETag"] = {"schema": {"type": "string"}}
    for status, said in sorted({**_implied(operation), **operation.errors}.items()):
        schema = {"$ref": _REF.format(model="Problem")}
        told: Schema = {"description": said, "content": {PROBLEM: {"schema": schema}}}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            told["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        responses[str(status.value)] = told
    return responses


def _answer(answer: Answer) -> Schema:
    content: Schema = {kind: {"schema": schema} for kind, schema in answer.content.items()}
    if answer.model is not None:
        content[JSON] = {"schema": {"$ref": _REF.format(model=answer.model.__name__)}}
    told: Schema = {"description": answer.description}
    if content:
        told["content"] = content
    if answer.headers:
        told["headers"] = {
            name: {"description": said, "schema": {"type": "string"}}
            for name, said in answer.headers.items()
        }
    return told


def _implied(operation: AnyOperation) -> dict[HTTPStatus, str]:
    statuses = [HTTPStatus.BAD_REQUEST]
    if operation.access is not None:
        statuses += [
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ]
    if operation.parts:
        statuses.append(HTTPStatus.NOT_FOUND)
    if operation.negotiated and operation.content_types:
        statuses.append(HTTPStatus.NOT_ACCEPTABLE)
    if operation.body is not NoBody:
        statuses += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    return {status: _SAID[status] for status in statuses}
