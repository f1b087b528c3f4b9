"""How a handler says no: it raises, and one middleware writes the problem."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from service.errors import DrainingError, JournalUnavailableError
from service.web.answers import problem

_SAID = {
    HTTPStatus.NOT_FOUND: "There is nothing here. The routes are listed at /openapi.json.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
}
_RETRY_AFTER_S = 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (`("query", "limit")`), and what it should be."""

    loc: tuple[str | int, ...]
    msg: str


class RefusalError(Exception):
    """A request is refused; the middleware answers it. The text is for whoever sent it.

    It never repeats what was sent, unless that is a name of ours.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.faults = tuple(faults)
        super().__init__(detail)

    def answer(self) -> web.Response:
        """Return it as problem details."""
        errors = [{"loc": list(fault.loc), "msg": fault.msg} for fault in self.faults]
        return problem(self.status, self.detail, headers=self.headers, errors=errors)


def not_found(what: str) -> RefusalError:
    """Return the refusal for something that is not there, or not for this caller: the same."""
    return RefusalError(HTTPStatus.NOT_FOUND, f"There is no such {what}.")


def too_many(wait_s: float, detail: str) -> RefusalError:
    """Return the refusal for too much at once; `wait_s` from now it may be tried again."""
    headers = {"Retry-After": str(max(1, math.ceil(wait_s)))}
    return RefusalError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as a problem: a handler's, and those of aiohttp itself."""
    try:
        return await handler(request)
    except RefusalError as refusal:
        return refusal.answer()
    except web.HTTPMethodNotAllowed as error:
        return _other_method(request, error.allowed_methods)
    except web.HTTPError as error:
        status = HTTPStatus(error.status)
        return problem(status, _SAID.get(status, "This request cannot be served."))
    except (DrainingError, JournalUnavailableError) as error:
        log.warning("request_not_served", reason=str(error))
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "This cannot be done at this moment: try again.",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        )


def _other_method(request: web.Request, allowed: set[str]) -> web.Response:
    headers = {"Allow": ", ".join(sorted({*allowed, "OPTIONS"}))}
    if request.method == "OPTIONS":
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)
    detail = f"This is for {headers['Allow']}."
    return problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, headers=headers)
