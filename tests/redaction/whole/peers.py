"""Whoever the service talks to: a receiver, one that throws everything back, a collector."""

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from service.demo.receiver import Receiver, open_receiver
from tests.serving import serve

_MAX_BODY_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class Peers:
    """They, and what the collector of traces got."""

    receiver: Receiver
    echo_url: str = ""
    collector_url: str = ""
    secret: str = field(
        default_factory=lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    )
    traces: list[bytes] = field(default_factory=list)

    async def echo(self, request: web.Request) -> web.Response:
        """Fail with what came for an answer, which the service keeps of an attempt."""
        return web.Response(status=500, body=await request.read())

    async def collect(self, request: web.Request) -> web.Response:
        """Take spans."""
        self.traces.append(await request.read())
        return web.Response()


@asynccontextmanager
async def open_peers() -> AsyncIterator[Peers]:
    """Serve them."""
    async with open_receiver(lambda _: None) as receiver:
        peers = Peers(receiver)
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/echo", peers.echo)
        app.router.add_post("/v1/traces", peers.collect)
        async with serve(app) as url:
            peers.echo_url, peers.collector_url = f"{url}/echo", url
            yield peers
