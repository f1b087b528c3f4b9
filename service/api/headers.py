"""Headers of every answer: nothing is sniffed or stored, and who else's pages may read it."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from aiohttp import web

_ALLOWED = "Authorization, Content-Type, If-None-Match, Last-Event-ID, Range"
_EXPOSED = "Content-Disposition, Content-Range, ETag, Retry-After"
_PREFLIGHT_HOLDS_S = 600

AddHeaders = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def add_headers(cors_origins: Sequence[str] = ()) -> AddHeaders:
    """Return what goes onto `app.on_response_prepare`; pages of `cors_origins` may call the API.

    An answer that says nothing of caching holds personal data, and is not to be stored.
    """
    allowed = frozenset(cors_origins)

    async def add(request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        answer.headers.setdefault("Cache-Control", "no-store")
        if allowed:
            answer.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin in allowed:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = _EXPOSED
            _add_preflight(request, answer)

    return add


def _add_preflight(request: web.Request, answer: web.StreamResponse) -> None:
    asked = "Access-Control-Request-Method" in request.headers
    if asked and request.method == "OPTIONS" and answer.status == HTTPStatus.NO_CONTENT:
        answer.headers["Access-Control-Allow-Methods"] = answer.headers.get("Allow", "")
        answer.headers["Access-Control-Allow-Headers"] = _ALLOWED
        answer.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_HOLDS_S)
