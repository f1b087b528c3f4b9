"""What is answered to whoever sent something: problem details (RFC 9457) in plain words."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from aiohttp import web

SERVER = "callscribe"
"""Instead of aiohttp's header, which tells its version."""

PROBLEM = "application/problem+json"


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, object]] = (),
) -> web.Response:
    """Return a problem as an answer. `detail` is for people: it says what to do.

    `errors` are for programs, where there may be several: `{loc, msg}` each.
    """
    return web.Response(
        status=status, body=_body(status, detail, errors), content_type=PROBLEM, headers=headers
    )


def raw_problem(status: HTTPStatus, detail: str) -> bytes:
    """Return a problem as the bytes of a last HTTP/1.1 answer, for where there is no request."""
    body = _body(status, detail)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {PROBLEM}\r\nContent-Length: {len(body)}\r\n"
        f"Retry-After: 1\r\nServer: {SERVER}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _body(status: HTTPStatus, detail: str, errors: Sequence[Mapping[str, object]] = ()) -> bytes:
    described: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        described["errors"] = errors
    return msgspec.json.encode(described)
