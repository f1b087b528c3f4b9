"""A receiver of webhooks that says how many came. DELETE has it answer nothing, until PUT."""

import asyncio
import time

import uvloop
from aiohttp import web

from tests.bench.bare import serve


class Counter:
    """What came since it was let go on; times are by the clock that never jumps."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._began = self._last = 0.0
        self._count = 0

    async def take(self, request: web.Request) -> web.Response:
        """Take a delivery."""
        await request.read()
        await self._open.wait()
        self._count += 1
        self._last = time.perf_counter()
        return web.Response()

    async def hold(self, _: web.Request) -> web.Response:
        """Answer nothing, and count from the beginning."""
        self._open.clear()
        self._count = 0
        return web.Response()

    async def go_on(self, _: web.Request) -> web.Response:
        """Answer all again."""
        self._began = time.perf_counter()
        self._open.set()
        return web.Response()

    async def tell(self, _: web.Request) -> web.Response:
        """Say how many came, and in how many seconds."""
        return web.json_response({"count": self._count, "for_s": self._last - self._began})


async def main() -> None:
    """Listen until told to stop."""
    counter, app = Counter(), web.Application()
    app.router.add_post("/", counter.take)
    app.router.add_delete("/", counter.hold)
    app.router.add_put("/", counter.go_on)
    app.router.add_get("/", counter.tell)
    await serve(app)


if __name__ == "__main__":
    uvloop.run(main())
