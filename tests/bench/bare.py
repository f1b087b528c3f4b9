"""What the bare programs share: they listen, print where, and go on until they are stopped."""

import asyncio

from aiohttp import web


async def serve(app: web.Application) -> None:
    """Serve on a free port of this machine, and print its URL."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()
