"""An application that webhooks are passed on to: slow, failing, or gone for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from tests.serving import serve


@dataclass
class Application:
    """Answers by its list of statuses, then 200; a status of 0 is never answered."""

    statuses: list[int] = field(default_factory=list)
    came: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    """What was asked for, to the letter."""
    url: str = ""
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    """What each answer waits for."""

    @property
    def ids(self) -> list[str]:
        """The ids of what came, in order."""
        return [msgspec.json.decode(body)["data"]["id"] for body, _ in self.came]

    async def take(self, request: web.Request) -> web.Response:
        """Keep a webhook, and answer."""
        self.came.append((await request.read(), dict(request.headers)))
        self.targets.append(request.raw_path)
        await self.goes_on.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "/other"})


@asynccontextmanager
async def open_application() -> AsyncIterator[Application]:
    """Serve one that answers at once."""
    application = Application()
    application.goes_on.set()
    app = web.Application()
    app.router.add_post("/{path:.*}", application.take)
    async with serve(app) as application.url:
        yield application
