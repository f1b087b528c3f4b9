"""A listener with a client for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from service.web.limits import Limits
from service.web.listen import open_listener


@asynccontextmanager
async def serving(
    app: web.Application, *, limits: Limits | None = None
) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """Open a listener for `app` and a client for it."""
    async with (
        open_listener(app, "127.0.0.1", 0, limits=limits) as listener,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as client,
    ):
        yield listener.url, client
