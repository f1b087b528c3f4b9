"""Who may come in."""

import hmac
from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import hdrs, web

from service.recogniser.api.refusals import refuse
from service.web.connections import vouch


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
        vouch(request)
        return None

    def _is_known(self, authorization: str) -> bool:
        scheme, _, key = authorization.partition(" ")
        given = key.strip().encode()
        # Every key is compared, so that the time taken tells nothing.
        found = [hmac.compare_digest(given, known) for known in self._keys]
        return not self._keys or (scheme.lower() == "bearer" and any(found))
