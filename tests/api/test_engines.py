"""Engines over HTTP: the catalogue as it is."""

import aiohttp
from aiohttp import web

from service.api.engines import routes
from service.calls.engines import catalogue


async def test_the_catalogue_is_served_as_json() -> None:
    """Programs can choose an engine from it."""
    app = web.Application()
    app.add_routes(routes())
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/engines"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            assert response.status == 200
            assert await response.json() == catalogue()
    finally:
        await runner.cleanup()
