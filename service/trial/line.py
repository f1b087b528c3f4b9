"""Where the call comes in: webhooks and media sockets, at the addresses that the service has."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from service.ingress.webhook_route import MAX_BODY_BYTES, PATH
from service.trial.media import Connection, MediaLog
from service.trial.webhooks import WebhookLog
from service.wire.media import MAX_MESSAGE_BYTES, MEDIA_PATH

QUERY = "trial"
"""What of a webhook's address has the token."""
_MAX_CONNECTIONS = 50
_SHUTDOWN_S = 0.1


@asynccontextmanager
async def open_line(
    webhooks: WebhookLog, media: MediaLog, token: str, host: str, port: int
) -> AsyncIterator[int]:
    """Listen; yield the port. Media is taken at the path with the token alone.

    Webhooks of other calls, whose query has no such token, are for a service that is not here: they
    are refused, so that Telnyx sends them again.

    Raises:
        OSError: Somebody listens there already.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    line = _Line(webhooks, media, token)
    app.router.add_post(PATH, line.take_webhook)
    app.router.add_get(MEDIA_PATH + token, line.take_media)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Line:
    def __init__(self, webhooks: WebhookLog, media: MediaLog, token: str) -> None:
        self._token = token
        self._webhooks = webhooks
        self._media = media

    async def take_webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.query.get(QUERY) != self._token:
            return web.Response(status=503)
        at = asyncio.get_running_loop().time()
        status = self._webhooks.take(request.headers, body, now=time.time(), at=at)
        return web.Response(status=status)

    async def take_media(self, request: web.Request) -> web.StreamResponse:
        if len(self._media.connections) >= _MAX_CONNECTIONS:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, timeout=1.0)
        await socket.prepare(request)
        connection = self._media.open(request.headers, asyncio.get_running_loop().time())
        connection.cut = lambda: _cut(request)
        try:
            await self._read(socket, connection)
        finally:
            connection.closed.set()
        return socket

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._media.take(connection, message.data)


def _cut(request: web.Request) -> None:
    """End the connection without a word, as a network does that is gone."""
    if request.transport is not None:
        request.transport.abort()
