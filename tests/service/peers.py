"""Whoever stands between the service and a receiver, and loses or repeats what it is given."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from tests.serving import serve

Passes = Callable[[Mapping[str, Any]], int]
"""Says how often an event is passed on."""


@asynccontextmanager
async def open_go_between(url: str, passes: Passes) -> AsyncIterator[str]:
    """Serve one that passes events on to a URL, and takes the blame for none; yield its own.

    What it passes on again has another `seq`, as of an application that hears twice.
    """

    async def take(request: web.Request) -> web.Response:
        event = msgspec.json.decode(await request.read())
        for again in range(passes(event)):
            body = event | {"data": event["data"] | ({"seq": 10_000 + again} if again else {})}
            async with http.post(url, data=msgspec.json.encode(body)) as reply:
                assert reply.status == 204
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    async with aiohttp.ClientSession() as http, serve(app) as served:
        yield served
