"""`/v1/feed` and its like as Server-Sent Events."""

import re
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from service.api.feed.connections import FeedConnection
from service.api.problems import RefusalError
from service.errors import JournalUnavailableError
from service.feed.filter import FeedFilter
from service.feed.frames import KEEP_ALIVE, RETRY, sse_closed, sse_moved
from service.feed.hub import Hub
from service.feed.subscription import Batch, Subscription
from service.web.answers import SERVER

_CURSOR = re.compile(r"[0-9]{1,18}")
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy would hold events back
    "Server": SERVER,
}


def resumed_after(request: web.Request, asked: int | None) -> int | None:
    """Return what to resume after: `Last-Event-ID`, or else what the query asked for.

    An `EventSource` that connects again keeps its query, and sends the header.

    Raises:
        RefusalError: The header holds nothing that came from here.
    """
    last = request.headers.get("Last-Event-ID", "").strip()
    if not last:
        return asked
    if not _CURSOR.fullmatch(last):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "Last-Event-ID is no id of this feed.")
    return int(last)


class SseWriter:
    """Writes one answer of Server-Sent Events to its connection."""

    def __init__(self, request: web.Request, connection: FeedConnection) -> None:
        self.answer = web.StreamResponse(headers=_HEADERS)
        self.answer.force_close()
        self._request = request
        self._connection = connection

    async def begin(self, cursor: int) -> None:
        """Send the headers, and to whom is bound where it begins: others' events move it not on."""
        await self.answer.prepare(self._request)
        unbound = self._connection.caller.binding.is_unbound
        await self.send(RETRY if unbound else RETRY + sse_moved(cursor))

    async def send(self, data: bytes) -> None:
        """Write. Waits while the connection is full, until it is aborted at the latest.

        Raises:
            ConnectionError: The client has left, or was cut off.
        """
        self._connection.wrote(len(data))
        await self.answer.write(data)

    async def close(self, resume_after: int) -> None:
        """Say why it ends and what to resume after, if the client takes that in time."""
        reason = self._connection.ends
        if reason is None or self._connection.lost:
            return
        await self.send(sse_closed(reason, resume_after))
        await self._connection.drained()


class FeedAnswer:
    """Answers one request with the items of one subscription."""

    def __init__(self, hub: Hub, request: web.Request, connection: FeedConnection) -> None:
        self._hub = hub
        self._connection = connection
        self._writer = SseWriter(request, connection)
        self._told = 0
        """The cursor that the client has."""

    async def answer(
        self, feed_filter: FeedFilter, *, after: int, by_seq: bool
    ) -> web.StreamResponse:
        """Write until the client leaves or the connection has to end."""
        wake, chosen = self._connection.wake_up.set, self._connection.bound(feed_filter)
        self._connection.followed(chosen.call_id if by_seq else None)
        with (
            self._hub.subscribe(chosen, after=after, by_seq=by_seq, wake=wake) as subscription,
            suppress(ConnectionError),  # the client has left, or was cut off
        ):
            await self._writer.begin(subscription.cursor)
            if self._hub.closing:
                # not 503: an `EventSource` would never come again
                self._connection.end("stopping")
            self._told = subscription.cursor
            await self._connection.write_rounds(self._hub, lambda: self._write_round(subscription))
            await self._writer.close(subscription.cursor)
        return self._writer.answer

    async def _write_round(self, subscription: Subscription) -> bool:
        try:
            batch = await subscription.take()
        except JournalUnavailableError:
            self._connection.end("unavailable")
            return False
        if data := _encode(batch, by_seq=subscription.by_seq):
            await self._writer.send(data)
            if batch.events:
                self._told = subscription.cursor
        elif self._connection.keep_alive_due:
            cursor = subscription.cursor
            await self._writer.send(
                KEEP_ALIVE + (sse_moved(cursor) if cursor > self._told else b"")
            )
            self._told = cursor
        return batch.more


def _encode(batch: Batch, *, by_seq: bool) -> bytes:
    frames = [event.sse(by_seq=by_seq) for event in batch.events]
    frames += [partial.sse() for partial in batch.partials]
    return frames[0] if len(frames) == 1 else b"".join(frames)
