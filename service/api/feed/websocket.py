"""`/v1/feed` as a WebSocket: many subscriptions over one connection."""

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from service.api.access import SUBPROTOCOL
from service.api.feed.connections import FeedConnection, FeedLimits
from service.api.feed.query import CloseReason, Message, Subscribe
from service.api.rate_limiter import RateLimiter
from service.errors import JournalUnavailableError
from service.feed.frames import socket_closed, socket_event, socket_partial
from service.feed.hub import Hub
from service.feed.subscription import Batch, Subscription
from service.ids import CallId

Socket = web.WebSocketResponse[bool]

CLOSE_CODES: dict[CloseReason, int] = {
    "slow": 4008,
    "stopping": WSCloseCode.GOING_AWAY,
    "token_expired": 4001,
    "key_revoked": 4003,
    "unavailable": WSCloseCode.TRY_AGAIN_LATER,
    "misbehaved": WSCloseCode.POLICY_VIOLATION,
}


class _MessageError(Exception):
    """A message cannot be handled: the text says why, and `about` names the subscription."""

    def __init__(self, said: str, about: str | None = None) -> None:
        self.about = about
        super().__init__(said)


@dataclass(slots=True)
class _Subscribed:
    """A subscription of this client, until it unsubscribes."""

    subscription: Subscription
    name: bytes
    """Its id as JSON."""
    on_exit: ExitStack
    acknowledged: bool = False
    """Whether the client was told that it is subscribed."""


def make_socket(limits: FeedLimits) -> Socket:
    """Return a WebSocket for one client of the feed."""
    return web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        timeout=limits.grace_s,
        compress=False,
        max_msg_size=limits.max_message_bytes,
    )


class FeedWebSocket:
    """One client's WebSocket, with many subscriptions over it.

    What a client may send is bounded in size, in messages a second, and in subscriptions.
    """

    def __init__(
        self,
        hub: Hub,
        socket: Socket,
        connection: FeedConnection,
        *,
        limits: FeedLimits,
        call_id: CallId | None,
    ) -> None:
        self._hub = hub
        self._socket = socket
        self._connection = connection
        self._limits = limits
        self._call_id = call_id
        self._subscribed: dict[str, _Subscribed] = {}
        self._limiter = RateLimiter(
            per_s=limits.messages_per_s, burst=limits.message_burst, max_names=1
        )

    async def run(self) -> None:
        """Read and write until the client leaves or the connection has to end."""
        try:
            # one piece of work: neither goes on without the other
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self._write(), name="write feed websocket")
                await self._read()
                if self._connection.ends is None:
                    writing.cancel()  # else it is saying why
        finally:
            for subscribed in self._subscribed.values():
                subscribed.on_exit.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if self._limiter.take("", loop.time()):
                self._connection.end("misbehaved")
                continue
            try:
                await self._handle(message.data)
            except _MessageError as error:
                await self._send_note("error", id=error.about, detail=str(error))
            except JournalUnavailableError:
                self._connection.end("unavailable")

    async def _handle(self, text: str | bytes) -> None:
        try:
            message = Message.model_validate_json(text)
        except ValidationError as error:
            raise _MessageError(_describe(error)) from None
        if message.subscribe is not None and message.unsubscribe is None:
            await self._subscribe(message.subscribe)
        elif message.unsubscribe is not None and message.subscribe is None:
            await self._unsubscribe(message.unsubscribe)
        else:
            raise _MessageError('say {"subscribe": {"id": …}} or {"unsubscribe": "…"}')

    async def _subscribe(self, asked: Subscribe) -> None:
        if asked.id in self._subscribed:
            raise _MessageError("there is a subscription of this id", asked.id)
        if len(self._subscribed) >= self._limits.max_subscriptions:
            raise _MessageError(f"at most {self._limits.max_subscriptions} subscriptions", asked.id)
        if self._call_id is not None and asked.call_id not in (None, self._call_id):
            raise _MessageError("there is no such call", asked.id)
        feed_filter = self._connection.bound(asked.to_filter(self._call_id))
        after = await self._begin(feed_filter.call_id, asked)
        self._connection.followed(feed_filter.call_id)
        on_exit = ExitStack()
        subscription = on_exit.enter_context(
            self._hub.subscribe(
                feed_filter,
                after=after,
                by_seq=feed_filter.call_id is not None,
                wake=self._connection.wake_up.set,
            )
        )
        subscribed = _Subscribed(subscription, msgspec.json.encode(asked.id), on_exit)
        self._subscribed[asked.id] = subscribed
        await self._send_note("ack", id=asked.id, action="subscribed", cursor=after)
        subscribed.acknowledged = True
        self._connection.wake_up.set()

    async def _begin(self, call_id: CallId | None, asked: Subscribe) -> int:
        if call_id is None:
            return await self._hub.begin_now(asked.after)
        begin = await self._hub.begin(call_id, asked.after or 0)
        if begin is None or not await self._hub.shows(call_id, self._connection.caller.binding):
            raise _MessageError("there is no such call", asked.id)
        return begin

    async def _unsubscribe(self, name: str) -> None:
        subscribed = self._subscribed.pop(name, None)
        if subscribed is None:
            raise _MessageError("there is no subscription of this id")
        subscribed.on_exit.close()
        cursor = subscribed.subscription.cursor
        await self._send_note("ack", id=name, action="unsubscribed", cursor=cursor)

    async def _write(self) -> None:
        # after a ConnectionError the client has left, or was cut off: the reader sees it too
        with suppress(ConnectionError):
            await self._connection.write_rounds(self._hub, self._write_round)
            await self._close()

    async def _write_round(self) -> bool:
        more = await self._write_subscriptions()
        if self._connection.keep_alive_due:
            await self._send(b"", WSMsgType.PING)
        return more

    async def _write_subscriptions(self) -> bool:
        """Give each subscription one turn; return whether there may be more at once."""
        more = False
        for name, subscribed in list(self._subscribed.items()):
            if not subscribed.acknowledged:
                continue
            if self._connection.full or self._connection.ends:
                return True
            try:
                batch = await subscribed.subscription.take()
            except JournalUnavailableError:
                self._connection.end("unavailable")
                return True
            if self._subscribed.get(name) is not subscribed:
                continue  # unsubscribed meanwhile
            await self._send_batch(subscribed, batch)
            more = more or batch.more
        return more

    async def _send_batch(self, subscribed: _Subscribed, batch: Batch) -> None:
        by_seq = subscribed.subscription.by_seq
        for event in batch.events:
            await self._send(socket_event(subscribed.name, event.cursor(by_seq=by_seq), event.body))
        for partial in batch.partials:
            await self._send(socket_partial(subscribed.name, partial.body))

    async def _send_note(self, kind: str, **fields: str | int | None) -> None:
        with suppress(ConnectionError):  # the next read says so
            await self._send(msgspec.json.encode({"kind": kind, **fields}))

    async def _send(self, data: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        self._connection.wrote(len(data))
        await self._socket.send_frame(data, kind)

    async def _close(self) -> None:
        """Say why it ends and what each subscription is to resume after, and close."""
        reason = self._connection.ends
        if reason is None or self._connection.lost:
            return
        cursors = {name: one.subscription.cursor for name, one in self._subscribed.items()}
        await self._send(socket_closed(reason, cursors))
        if not await self._connection.drained():
            return
        try:
            async with asyncio.timeout(2 * self._limits.grace_s):
                await self._socket.close(code=CLOSE_CODES[reason], message=reason.encode())
        except TimeoutError:
            self._connection.abort()


def _describe(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
