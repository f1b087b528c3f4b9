"""A Telnyx API that answers as it is told, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.serving import serve


@dataclass(frozen=True, slots=True)
class ReceivedCommand:
    """One command or question as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    query: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class TelnyxApi:
    """`replies` are given in turn, the last for ever; one is (status, JSON or text, headers).

    A status of 0 is never answered.
    """

    url: str = ""
    received: list[ReceivedCommand] = field(default_factory=list)
    has_received: asyncio.Event = field(default_factory=asyncio.Event)
    replies: list[tuple[int, object, dict[str, str]]] = field(
        default_factory=lambda: [(200, {"data": {"result": "ok"}}, {})]
    )

    async def answer(self, request: web.Request) -> web.Response:
        """Remember a request and reply."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.json() if request.can_read_body else {}
        query = dict(request.query)
        self.received.append(ReceivedCommand(request.raw_path, headers, body, query))
        self.has_received.set()
        status, body, extra = self.replies[0] if len(self.replies) == 1 else self.replies.pop(0)
        if status == 0:
            await asyncio.Event().wait()
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=extra)
        return web.json_response(body, status=status, headers=extra)


@asynccontextmanager
async def open_telnyx_api() -> AsyncIterator[TelnyxApi]:
    """Serve it on a free port of this machine."""
    api = TelnyxApi()
    app = web.Application()
    app.router.add_route("*", "/v2/{tail:.*}", api.answer)
    async with serve(app, shutdown_timeout_s=0.1) as url:
        api.url = f"{url}/v2"
        yield api


def refusal(code: object, title: str = "no") -> dict[str, object]:
    """Return an error body as Telnyx writes it."""
    return {"errors": [{"code": code, "title": title, "detail": "+13125550100 and more"}]}
