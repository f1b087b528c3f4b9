"""`/v1/searches/{search_id}/feed`: what a saved search finds, as it is committed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web

from service.api.feed.connections import FeedStreams, Stream
from service.api.feed.operation import operation
from service.api.feed.query import SearchFeedQuery
from service.api.feed.sse import EventStream, resumed_after
from service.api.operations import AnyRoute, Ask, NoBody, Route
from service.api.problems import not_found
from service.api.search.models import found_of
from service.errors import BadInputError, JournalUnavailableError
from service.feed.filter import Wanted
from service.feed.frames import KEEP_ALIVE, sse_event, sse_moved
from service.feed.hub import Hub
from service.ports import Hit, Library, SavedSearches, WordQuery

MAX_HITS = 100
"""Asked for at once; a stretch with more of them is taken in shorter ones."""
_MAX_STRETCH = 20_000
_FINALS = Wanted(types=("transcript.final",), partials=False)


class SearchFeedRoutes:
    """Serves the feeds of saved searches."""

    def __init__(
        self, hub: Hub, streams: FeedStreams, library: Library, searches: SavedSearches
    ) -> None:
        self._hub = hub
        self._streams = streams
        self._library = library
        self._searches = searches

    def routes(self) -> list[AnyRoute]:
        """Return the route, to be added to the API's."""
        path, summary = "/v1/searches/{search_id}/feed", "Follow what a saved search finds"
        return [Route(operation("search_feed", path, summary, SearchFeedQuery), self._feed)]

    async def _feed(self, ask: Ask[SearchFeedQuery, NoBody]) -> web.StreamResponse:
        asked = resumed_after(ask.request, ask.query.after)
        search_id = ask.parts["search_id"]
        found = [one for one in await self._searches.searches() if one.id == search_id]
        if not found:
            raise not_found("search")
        with self._streams.open(ask.request, ask.who) as stream:
            after = await self._hub.begin_now(asked)
            hits = HitStream(self._library, found[0].query, after)
            return await self._answer(stream, ask.request, hits)

    async def _answer(
        self, stream: Stream, request: web.Request, hits: "HitStream"
    ) -> web.StreamResponse:
        out = EventStream(request, stream)
        wake = stream.bell.set
        with (
            self._hub.subscribe(_FINALS, after=hits.cursor, by_seq=False, wake=wake),
            suppress(ConnectionError),  # the client has left, or was cut off
        ):
            await out.begin()
            await self._write_all(out, stream, hits)
            await out.close(hits.cursor)
        return out.answer

    async def _write_all(self, out: EventStream, stream: Stream, hits: "HitStream") -> None:
        while not stream.lost and not stream.ends:
            stream.bell.clear()
            more = False
            if not stream.full:
                head = self._hub.ring.head
                try:
                    found = await hits.take(head)
                except (JournalUnavailableError, BadInputError):
                    stream.end("unavailable")
                    return
                more = hits.cursor < head
                if found:
                    await out.send(b"".join(map(_written, found)))
                elif stream.keep_alive_due:
                    await out.send(KEEP_ALIVE + sse_moved(hits.cursor))
            if more:
                await asyncio.sleep(0)
            elif self._hub.closing:
                stream.end("stopping")
            else:
                await stream.bell.wait()


class HitStream:
    """What a search finds, oldest first, from a position on."""

    def __init__(self, library: Library, query: WordQuery, after: int) -> None:
        self.cursor = after
        self._library = library
        self._query = query
        self._stretch = _MAX_STRETCH

    async def take(self, head: int) -> Sequence[Hit]:
        """Return the next hits up to a position, and move on; none may still mean more.

        Raises:
            JournalUnavailableError: The library does not answer.
            BadInputError: The search takes too long.
        """
        if self.cursor >= head:
            return ()
        last = min(self.cursor + self._stretch, head)
        found = await self._library.search(
            self._query, after=self.cursor, before=last + 1, limit=MAX_HITS
        )
        if len(found) == MAX_HITS and last - self.cursor > MAX_HITS:
            self._stretch = max(MAX_HITS, (last - self.cursor) // 8)
            return ()  # the oldest of them may be missing
        self.cursor = last
        self._stretch = _MAX_STRETCH
        return found[::-1]


def _written(hit: Hit) -> bytes:
    return sse_event(hit.position, "hit", found_of(hit).model_dump_json().encode())
