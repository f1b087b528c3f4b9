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

Received: TypeAlias = WSMessage | WSMessageTextBytes
Taker: TypeAlias = Callable[[Received], bool]
"""Says whether it took a message. It must not raise: the parser would lose that."""

_QUEUE_BYTES = 256 * 1024
"""What may wait in the queue; when there is twice as much, nothing more is read (aiohttp's own)."""
_NOTES_PER_HEARTBEAT = 16
"""How often it is noted that the peer is heard, which moves the next ping on."""


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


class FrameSocket(web.WebSocketResponse[Literal[False]]):
    """A WebSocket of text, given as it came in bytes, and without compression."""

    _messages: _MessageQueue
    _note_at = float("-inf")

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
        self._parser = WebSocketReader(
            self._messages, self._max_msg_size, compress=False, decode_text=False
        )
        connection.set_parser(self._parser, data_received_cb=self._on_data_received)
        connection.keep_alive(False)

    def _on_data_received(self) -> None:
        """Move the next ping on: now and then, and not with each read as aiohttp does."""
        now = asyncio.get_running_loop().time()
        if now >= self._note_at:
            self._note_at = now + self._note_every_s
            super()._on_data_received()
