"""The bare peer of the webhook route: verifies the signature, answers 200, keeps nothing."""

import asyncio
import sys
import time

import uvloop
from aiohttp import web

from service.wire.signature import parse_public_key, verify


async def main(public_key: str) -> None:
    """Listen until told to stop."""
    keys = [parse_public_key(public_key)]

    async def take(request: web.Request) -> web.Response:
        verify(keys, request.headers, await request.read(), now=time.time())
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/telnyx", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
