"""An application behind a tee that takes its time for each webhook. GET says how many came."""

import asyncio
import sys

import uvloop
from aiohttp import web

from tests.bench.bare import serve


async def main(answers_after_s: float) -> None:
    """Listen until told to stop."""
    came = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal came
        await request.read()
        await asyncio.sleep(answers_after_s)
        came += 1
        return web.Response()

    async def count(_: web.Request) -> web.Response:
        return web.Response(text=str(came))

    app = web.Application()
    app.router.add_post("/", take)
    app.router.add_get("/", count)
    await serve(app)


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1])))
