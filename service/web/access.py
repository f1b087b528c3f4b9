"""The access log: by route template only, because paths hold tokens and queries hold numbers."""

from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

log = structlog.get_logger()


class AccessLog(AbstractAccessLogger):
    """Logs each request when it has been answered; successes only at debug level."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line; `time` is in seconds."""
        tell = log.info if response.status >= HTTPStatus.BAD_REQUEST else log.debug
        tell(
            "request_answered",
            method=request.method,
            route=route_of(request),
            status=response.status,
            duration_ms=round(time * 1000, 1),
        )


def route_of(request: web.BaseRequest) -> str:
    """Return the template of a request's route ("/media/{token}"), or "unmatched"."""
    match = getattr(request, "_match_info", None)  # the public property fails where there is none
    resource = match.route.resource if isinstance(match, web.UrlMappingMatchInfo) else None
    return "unmatched" if resource is None else str(resource.canonical)
