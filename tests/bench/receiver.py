"""A receiver of webhooks that answers 200 and looks at nothing."""

import uvloop
from aiohttp import web

from tests.bench.bare import serve


async def main() -> None:
    """Listen until told to stop."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    await serve(app)


if __name__ == "__main__":
    uvloop.run(main())
