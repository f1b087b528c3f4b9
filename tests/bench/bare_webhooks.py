"""The bare peer of the webhook route: verifies the signature, answers 200, keeps nothing."""

import sys
import time

import uvloop
from aiohttp import web

from service.wire.signature import parse_public_key, verify
from tests.bench.bare import serve


async def main(public_key: str) -> None:
    """Listen until told to stop."""
    keys = [parse_public_key(public_key)]

    async def take(request: web.Request) -> web.Response:
        verify(keys, request.headers, await request.read(), now=time.time())
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/telnyx", take)
    await serve(app)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
