"""How a request is refused.

A refusal over HTTP has both bodies side by side: Telnyx's `errors` (or, for a missing field, its
`detail`) and the `error` that OpenAI's clients read, with the same code.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from service.wire.stt import error_entry


def refuse(
    status: HTTPStatus, code: str, detail: str, *, parameter: str | None = None
) -> web.Response:
    """Return an `errors` answer as Telnyx documents it, readable to OpenAI's clients too."""
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "5"
    body = {
        "errors": [error_entry(code, status.phrase, detail, parameter=parameter)],
        "error": _openai_error(status, code, detail, parameter),
    }
    return _json(status, body, headers)


@web.middleware
async def refuse_as_documented(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give what aiohttp refuses by itself, as a path that is not there, the documented bodies."""
    try:
        return await handler(request)
    except web.HTTPClientError as error:
        status = HTTPStatus(error.status)
        code = "10005" if status is HTTPStatus.NOT_FOUND else "10015"
        answer = refuse(status, code, f"{status.phrase}: see the documentation of Telnyx.")
        if hdrs.ALLOW in error.headers:
            answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer


def refuse_busy(detail: str) -> web.Response:
    """Return the answer for who would be one too many, with `Retry-After`."""
    return refuse(HTTPStatus.SERVICE_UNAVAILABLE, "10011", detail)


def refuse_missing(code: str, name: str) -> web.Response:
    """Return the answer for a form without a field it must have: 422, in FastAPI's form."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    body = {
        "detail": [{"loc": ["body", name], "msg": "Field required", "type": "missing"}],
        "error": _openai_error(status, code, f"{name} is required.", name),
    }
    return _json(status, body)


def _openai_error(
    status: HTTPStatus, code: str, message: str, parameter: str | None
) -> dict[str, str | None]:
    """Source: OpenAI's API reference, "Error codes"; `type` is by whose fault it is."""
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {
        "message": message,
        "type": "server_error" if ours else "invalid_request_error",
        "param": parameter,
        "code": code,
    }


def _json(
    status: HTTPStatus, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        content_type="application/json",
        headers=headers,
    )
