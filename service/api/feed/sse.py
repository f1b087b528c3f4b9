"""`/v1/feed` and its like as Server-Sent Events."""

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from service.api.feed.connections import Stream
from service.api.problems import RefusalError
from service.errors import JournalUnavailableError
from service.feed.filter import Wanted
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


class EventStream:
    """One answer of Server-Sent Events: written as there is room, closed with a reason."""

    def __init__(self, request: web.Request, stream: Stream) -> None:
        self.answer = web.StreamResponse(headers=_HEADERS)
        self.answer.force_close()
        self._request = request
        self._stream = stream

    async def begin(self) -> None:
        """Send the headers."""
        await self.answer.prepare(self._request)
        await self.send(RETRY)

    async def send(self, data: bytes) -> None:
        """Write. Waits only where much waits already, until the stream is cut off at the latest.

        Raises:
            ConnectionError: The client has left, or was cut off.
        """
        self._stream.wrote(len(data))
        await self.answer.write(data)

    async def close(self, resume_after: int) -> None:
        """Say why it ends and what to resume after, if the client takes that in time."""
        reason = self._stream.ends
        if reason is None or self._stream.lost:
            return
        await self.send(sse_closed(reason, resume_after))
        await self._stream.taken()


class FeedAnswer:
    """Answers one request with the events that one subscription wants."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def answer(
        self, stream: Stream, request: web.Request, wanted: Wanted, *, after: int, by_seq: bool
    ) -> web.StreamResponse:
        """Write until the client leaves or the stream has to end."""
        out = EventStream(request, stream)
        wake = stream.bell.set
        with (
            self._hub.subscribe(wanted, after=after, by_seq=by_seq, wake=wake) as subscription,
            suppress(ConnectionError),  # the client has left, or was cut off
        ):
            await out.begin()
            await self._write_all(out, stream, subscription)
            await out.close(subscription.cursor)
        return out.answer

    async def _write_all(
        self, out: EventStream, stream: Stream, subscription: Subscription
    ) -> None:
        if self._hub.closing:
            # not 503: an `EventSource` would never come again
            stream.end("stopping")
        told = subscription.cursor
        while not stream.lost and not stream.ends:
            stream.bell.clear()
            more = False
            if not stream.full:
                try:
                    batch = await subscription.take()
                except JournalUnavailableError:
                    stream.end("unavailable")
                    return
                more = batch.more
                if data := _written(batch, by_seq=subscription.by_seq):
                    await out.send(data)
                    told = subscription.cursor if batch.entries else told
                elif stream.keep_alive_due:
                    moved = sse_moved(subscription.cursor) if subscription.cursor > told else b""
                    await out.send(KEEP_ALIVE + moved)
                    told = subscription.cursor
            if more:
                await asyncio.sleep(0)
            elif self._hub.closing:
                stream.end("stopping")
            else:
                await stream.bell.wait()


def _written(batch: Batch, *, by_seq: bool) -> bytes:
    frames = [entry.sse(by_seq=by_seq) for entry in batch.entries]
    frames += [partial.sse() for partial in batch.partials]
    return frames[0] if len(frames) == 1 else b"".join(frames)
