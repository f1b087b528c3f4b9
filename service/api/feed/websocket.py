"""`/v1/feed` as a WebSocket: many subscriptions over one connection."""

import asyncio
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import ValidationError

from service.api.access import SUBPROTOCOL
from service.api.feed.connections import FeedLimits, Stream
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
    """A message cannot be heeded; the text says why, and `about` which subscription it names."""

    def __init__(self, said: str, about: str | None = None) -> None:
        self.about = about
        super().__init__(said)


@dataclass(slots=True)
class _Watch:
    subscription: Subscription
    name: bytes
    """Its id as JSON."""
    over: ExitStack
    begun: bool = False
    """Whether the client was told that it is subscribed."""


def make_socket(limits: FeedLimits) -> Socket:
    """Return a WebSocket for one client of the feed."""
    return web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        timeout=limits.grace_s,
        compress=False,
        max_msg_size=limits.message_bytes,
    )


class FeedSocket:
    """One client's conversation. Reads in the caller's task and writes in one of its own.

    What a client may say is bounded in size, in number a second, and in subscriptions.
    """

    def __init__(
        self,
        hub: Hub,
        socket: Socket,
        stream: Stream,
        *,
        limits: FeedLimits,
        call_id: CallId | None,
    ) -> None:
        self._hub = hub
        self._socket = socket
        self._stream = stream
        self._limits = limits
        self._call_id = call_id
        self._watches: dict[str, _Watch] = {}
        self._limiter = RateLimiter(
            per_s=limits.messages_per_s, burst=limits.messages_at_once, max_names=1
        )

    async def run(self) -> None:
        """Converse until the client leaves or the stream has to end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(), name="write a feed's socket")
                await self._read()
                if self._stream.ends is None:
                    writing.cancel()  # else it is saying why
        finally:
            for watch in self._watches.values():
                watch.over.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if self._limiter.take("", loop.time()):
                self._stream.end("misbehaved")
                continue
            try:
                await self._heed(message.data)
            except _MessageError as error:
                await self._send_note("error", id=error.about, detail=str(error))
            except JournalUnavailableError:
                self._stream.end("unavailable")

    async def _heed(self, text: str | bytes) -> None:
        try:
            message = Message.model_validate_json(text)
        except ValidationError as error:
            raise _MessageError(_said(error)) from None
        if message.subscribe is not None and message.unsubscribe is None:
            await self._subscribe(message.subscribe)
        elif message.unsubscribe is not None and message.subscribe is None:
            await self._unsubscribe(message.unsubscribe)
        else:
            raise _MessageError('say {"subscribe": {"id": …}} or {"unsubscribe": "…"}')

    async def _subscribe(self, asked: Subscribe) -> None:
        if asked.id in self._watches:
            raise _MessageError("there is a subscription of this id", asked.id)
        if len(self._watches) >= self._limits.max_subscriptions:
            raise _MessageError(f"at most {self._limits.max_subscriptions} subscriptions", asked.id)
        if self._call_id is not None and asked.call_id not in (None, self._call_id):
            raise _MessageError("there is no such call", asked.id)
        wanted = asked.wanted(self._call_id)
        after = await self._begin(wanted.call_id, asked)
        over = ExitStack()
        subscription = over.enter_context(
            self._hub.subscribe(
                wanted,
                after=after,
                by_seq=wanted.call_id is not None,
                wake=self._stream.bell.set,
            )
        )
        watch = _Watch(subscription, msgspec.json.encode(asked.id), over)
        self._watches[asked.id] = watch
        await self._send_note("ack", id=asked.id, action="subscribed", cursor=after)
        watch.begun = True
        self._stream.bell.set()

    async def _begin(self, call_id: CallId | None, asked: Subscribe) -> int:
        if call_id is None:
            return await self._hub.begin_now(asked.after)
        begin = await self._hub.begin(call_id, asked.after or 0)
        if begin is None:
            raise _MessageError("there is no such call", asked.id)
        return begin

    async def _unsubscribe(self, name: str) -> None:
        watch = self._watches.pop(name, None)
        if watch is None:
            raise _MessageError("there is no subscription of this id")
        watch.over.close()
        cursor = watch.subscription.cursor
        await self._send_note("ack", id=name, action="unsubscribed", cursor=cursor)

    async def _write(self) -> None:
        stream = self._stream
        try:
            while not stream.lost and not stream.ends:
                stream.bell.clear()
                more = False
                if not stream.full:
                    more = await self._write_round()
                    if stream.keep_alive_due:
                        await self._send(b"", WSMsgType.PING)
                if more:
                    await asyncio.sleep(0)
                elif self._hub.closing:
                    stream.end("stopping")
                else:
                    await stream.bell.wait()
            await self._close()
        except ConnectionError:
            pass  # the client has left, or was cut off: the reader sees it too

    async def _write_round(self) -> bool:
        """Give each subscription one turn; return whether there may be more at once."""
        more = False
        for name, watch in list(self._watches.items()):
            if not watch.begun:
                continue
            if self._stream.full or self._stream.ends:
                return True
            try:
                batch = await watch.subscription.take()
            except JournalUnavailableError:
                self._stream.end("unavailable")
                return True
            if self._watches.get(name) is not watch:
                continue  # unsubscribed meanwhile
            await self._send_batch(watch, batch)
            more = more or batch.more
        return more

    async def _send_batch(self, watch: _Watch, batch: Batch) -> None:
        by_seq = watch.subscription.by_seq
        for entry in batch.entries:
            await self._send(socket_event(watch.name, entry.cursor(by_seq=by_seq), entry.body))
        for partial in batch.partials:
            await self._send(socket_partial(watch.name, partial.body))

    async def _send_note(self, kind: str, **facts: str | int | None) -> None:
        with suppress(ConnectionError):  # the next read says so
            await self._send(msgspec.json.encode({"kind": kind, **facts}))

    async def _send(self, data: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        self._stream.wrote(len(data))
        await self._socket.send_frame(data, kind)

    async def _close(self) -> None:
        """Say why it ends and what each subscription is to resume after, and close."""
        reason = self._stream.ends
        if reason is None or self._stream.lost:
            return
        cursors = {name: watch.subscription.cursor for name, watch in self._watches.items()}
        await self._send(socket_closed(reason, cursors))
        if not await self._stream.taken():
            return
        try:
            async with asyncio.timeout(2 * self._limits.grace_s):
                await self._socket.close(code=CLOSE_CODES[reason], message=reason.encode())
        except TimeoutError:
            self._stream.abort()


def _said(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
