"""WebSocket handshakes as strangers send them."""

from typing import Any

from aiohttp import web


def can_upgrade(socket: "web.WebSocketResponse[Any]", request: web.Request) -> bool:
    """Say whether this is a WebSocket's handshake, whatever its headers hold.

    A key that is no ASCII would make aiohttp fail, not refuse.
    """
    try:
        return socket.can_prepare(request).ok
    except ValueError:
        return False
