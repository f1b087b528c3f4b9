"""Who may come in, and how those who may not are told."""

import hmac
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from aiohttp import hdrs, web

from service.wire.stt import encode_error


class Access:
    """The door of the recogniser. Without keys it is open, but not to web pages."""

    def __init__(self, api_keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in api_keys]

    def refusal(self, request: web.Request) -> web.Response | None:
        """Return why this request may not come in, or None."""
        if hdrs.ORIGIN in request.headers:
            # As Telnyx does; and no web page can use a recogniser on its visitor's machine.
            return refuse(HTTPStatus.FORBIDDEN, "10010", "Requests from web pages are refused.")
        if not self._is_known(request.headers.get(hdrs.AUTHORIZATION, "")):
            return refuse(HTTPStatus.UNAUTHORIZED, "10009", "The API key is missing or wrong.")
        return None

    def _is_known(self, authorization: str) -> bool:
        scheme, _, key = authorization.partition(" ")
        given = key.strip().encode()
        # Every key is compared, so that the time taken tells nothing.
        found = [hmac.compare_digest(given, known) for known in self._keys]
        return not self._keys or (scheme.lower() == "bearer" and any(found))


def refuse(
    status: HTTPStatus, code: str, detail: str, *, parameter: str | None = None
) -> web.Response:
    """Return an `errors` answer as Telnyx documents it."""
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "5"
    body = encode_error(code, status.phrase, detail, parameter=parameter)
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)


def refuse_missing(name: str) -> web.Response:
    """Return the answer for a form without a field it must have: 422, in FastAPI's form."""
    detail = [{"loc": ["body", name], "msg": "Field required", "type": "missing"}]
    return web.Response(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        body=msgspec.json.encode({"detail": detail}),
        content_type="application/json",
    )
