"""Our end of a media WebSocket, whose messages can be taken in the very call that parses them.

aiohttp serves the upgrade, parses, answers pings and closes. A message that waits in its queue
wakes the task that reads, which costs more than all that is done with a frame of 20 ms. So a taker
gets each one first, as long as the task has nothing to do but to wait for it. What the taker leaves
goes into the queue, as all does behind it, until the task has read that and waits again: no message
overtakes another, and the queue's bound is what holds a peer back.
"""

import asyncio
from collections.abc import Callable
from typing import Literal, TypeAlias

from aiohttp import WSMessage, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http_websocket import WebSocketReader, WebSocketWriter, WSMessageTextBytes
from aiohttp.web_protocol import RequestHandler

Received: TypeAlias = WSMessage | WSMessageTextBytes
Taker: TypeAlias = Callable[[Received], bool]
"""Says whether it took a message. It must not raise: the parser would lose that."""

_QUEUE_BYTES = 256 * 1024
"""What may wait in the queue; when there is twice as much, nothing more is read (aiohttp's own)."""
_NOTES_PER_HEARTBEAT = 16
"""How often at most it is noted that the peer is heard; aiohttp does so with each read."""


class _MessageQueue(WebSocketDataQueue):
    """aiohttp's queue between its parser and who reads, with a taker before it."""

    taker: Taker | None = None
    _waiting: Taker | None = None
    """The taker, while the task waits and nothing is queued."""

    def feed_data(self, data: Received, size: int) -> None:
        """Have a message taken, or queue it."""
        take = self._waiting
        if take is not None and take(data):
            return
        self._waiting = None
        super().feed_data(data, size)

    async def read(self) -> Received:
        """Return the next message that was not taken."""
        if not self._buffer:
            self._waiting = self.taker
        return await super().read()

    def leave_to(self, taker: Taker | None) -> None:
        """Have this taker, or none, from the next wait on; the one before has had its last."""
        self.taker, self._waiting = taker, None


class _Wire(asyncio.Protocol):
    """Gives what is read straight to the parser; all else goes to the HTTP connection it was."""

    __slots__ = ("_connection", "_feed", "_heard", "_note_at", "_note_every_s", "_now")

    def __init__(
        self,
        connection: RequestHandler,
        parser: WebSocketReader,
        heard: Callable[[], None],
        *,
        note_every_s: float,
    ) -> None:
        self._connection = connection
        self._feed = parser.feed_data
        self._heard = heard
        self._note_every_s = note_every_s
        self._note_at = float("-inf")
        self._now = asyncio.get_running_loop().time

    def data_received(self, data: bytes) -> None:
        """Parse. Now and then the peer is noted as heard, which moves the next ping on."""
        now = self._now()
        if now >= self._note_at:
            self._note_at = now + self._note_every_s
            self._heard()
        is_over, _ = self._feed(data)
        if is_over:
            self._connection.close()

    def eof_received(self) -> None:
        """Pass it on."""
        self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._connection.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._connection.resume_writing()


class FrameSocket(web.WebSocketResponse[Literal[False]]):
    """A WebSocket of text, given as it came in bytes, and without compression."""

    _messages: _MessageQueue

    def __init__(self, *, close_s: float, heartbeat_s: float, max_message_bytes: int) -> None:
        self._note_every_s = heartbeat_s / _NOTES_PER_HEARTBEAT
        super().__init__(
            timeout=close_s,
            heartbeat=heartbeat_s,
            compress=False,
            max_msg_size=max_message_bytes,
            decode_text=False,
        )

    def leave_to(self, taker: Taker | None) -> None:
        """Offer each message to a taker first, from the next `receive` on; None ends that now."""
        self._messages.leave_to(taker)

    def _post_start(
        self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter
    ) -> None:
        """Begin as aiohttp does, with a queue of our own."""
        self._ws_protocol, self._writer = protocol, writer
        self._reset_heartbeat()
        connection, loop = request.protocol, asyncio.get_running_loop()
        self._reader = self._messages = _MessageQueue(connection, _QUEUE_BYTES, loop=loop)
        self._parser = parser = WebSocketReader(
            self._messages, self._max_msg_size, compress=False, decode_text=False
        )
        connection.set_parser(parser)
        connection.keep_alive(False)
        wire = _Wire(connection, parser, self._on_data_received, note_every_s=self._note_every_s)
        writer.transport.set_protocol(wire)
