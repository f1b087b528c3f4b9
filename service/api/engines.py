"""Engines: what there is to choose from, for whoever writes routes or builds a form for them."""

import json
from functools import cache

from aiohttp import web

from service.calls.engines import catalogue

PATH = "/v1/engines"


def routes() -> list[web.RouteDef]:
    """Return the route, to be added to an application."""
    return [web.get(PATH, engines)]


async def engines(_request: web.Request) -> web.Response:
    """Answer with the catalogue. It holds nothing of this installation, so no key is asked for."""
    return web.Response(text=_text(), content_type="application/json")


@cache
def _text() -> str:
    """Write it once: anybody may ask, as often as they like."""
    return json.dumps(catalogue())
