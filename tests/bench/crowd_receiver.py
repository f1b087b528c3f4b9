"""Many receivers in one: takes what comes to whatever address, and says how late it was.

A second port takes everything and never answers.
"""

import asyncio
import time
from datetime import datetime

import msgspec
import uvloop
from aiohttp import web


class Figures:
    """How late each delivery was, by its id: in seconds after its event was made."""

    def __init__(self) -> None:
        self.late_s: list[tuple[str, float]] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take a delivery."""
        now = time.time()
        made_at = msgspec.json.decode(await request.read())["timestamp"]
        late_s = now - datetime.fromisoformat(made_at).timestamp()
        self.late_s.append((request.headers["webhook-id"], late_s))
        return web.Response()

    async def tell(self, _: web.Request) -> web.Response:
        """Say how late all were since the last time."""
        told, self.late_s = self.late_s, []
        return web.json_response(told)


async def _hang(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _listen(app: web.Application) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "0.0.0.0", 0)
    await site.start()
    return int(runner.addresses[0][1])


async def main() -> None:
    """Listen until told to stop."""
    figures, slow = Figures(), web.Application()
    app = web.Application()
    app.router.add_post("/", figures.take)
    app.router.add_get("/figures", figures.tell)
    slow.router.add_post("/", _hang)
    ports = [await _listen(app), await _listen(slow)]
    print(*ports, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
