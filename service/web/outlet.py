"""The sending side of an answer that goes on for long."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from aiohttp import web

from service.web.connections import Connection

MAX_WAITING_BYTES = 32 * 1024
"""Beyond that an outlet is full, until a quarter is left."""
_KERNEL_BYTES = 128 * 1024
_GONE_MS = 60_000


class Outlet:
    """Knows how much of what was written still waits, and whether the client is there.

    It is for clients that have shown a key or token: they no longer count against their address.
    `changed` is called when there is room again, and when the client has left. The system's send
    buffer is kept small, so that little that is late is sent. A client that vanished without a
    word is noticed within a minute of the next write, where the system supports that. One that
    has left already has an outlet, too: it is lost from the beginning.
    """

    def __init__(self, request: web.Request, changed: Callable[[], None]) -> None:
        self._connection = cast(Connection, request.protocol)
        self._transport = self._connection.stay(changed)
        if self.lost:  # uvloop lets nobody touch a closed transport
            return
        self._transport.set_write_buffer_limits(high=MAX_WAITING_BYTES)
        found: Any = self._transport.get_extra_info("socket")
        if found is not None:
            _hold_short(found)

    @property
    def lost(self) -> bool:
        """Whether the client has left."""
        return not self._connection.connected or self._transport.is_closing()

    @property
    def full(self) -> bool:
        """Whether nothing more should be written for now."""
        return self._connection.writing_paused

    @property
    def waiting_bytes(self) -> int:
        """How much of what was written the system has not taken yet."""
        return 0 if self.lost else self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """Close the connection now; what waits is dropped."""
        self._transport.abort()


def _hold_short(link: Any) -> None:  # noqa: ANN401 - each event loop wraps the socket its own way
    with suppress(OSError):  # a Unix socket, or already gone
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GONE_MS)
