"""The access log."""

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.web.harness import serving


@pytest.mark.parametrize(
    ("path", "route", "status", "level"),
    [
        ("/calls/secret-id?q=secret", "/calls/{id}", 200, "debug"),
        ("/secret", "unmatched", 404, "info"),
    ],
)
async def test_only_the_template_of_a_route_is_logged(
    path: str, route: str, status: int, level: str
) -> None:
    """Neither path nor query, only method, template, status and time."""

    async def ok(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/calls/{id}", ok)
    with capture_logs() as logs:
        async with serving(app) as (url, client), client.get(url + path):
            pass

    (line,) = [log for log in logs if log["event"] == "request_answered"]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request_answered",
        "log_level": level,
        "method": "GET",
        "route": route,
        "status": status,
    }
