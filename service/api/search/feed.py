"""`/v1/searches/{search_id}/feed`: what a saved search finds, as it is committed."""

from collections.abc import Sequence
from contextlib import suppress

from aiohttp import web

from service.api.feed.connections import FeedConnection, FeedConnections
from service.api.feed.operation import operation
from service.api.feed.query import SearchFeedQuery
from service.api.feed.sse import SseWriter, resumed_after
from service.api.operations import AnyRoute, Ask, NoBody, Route
from service.api.search.kept import find_search
from service.api.search.models import found_of
from service.calls.events import TranscriptFinal
from service.errors import BadInputError, JournalUnavailableError
from service.feed.filter import FeedFilter
from service.feed.frames import KEEP_ALIVE, sse_event, sse_moved
from service.feed.hub import Hub
from service.ports import Hit, Library, SavedSearches, WordQuery

MAX_HITS = 100
"""Asked for at once; a span of positions with more hits is taken in shorter ones."""
_FIRST_SPAN = 20_000
"""Of positions, which may be as close as events or as far apart as there is room for."""
_STEP = 8
_FINALS = FeedFilter(types=(TranscriptFinal.type,), partials=False)


class SearchFeedRoutes:
    """Serves the feeds of saved searches."""

    def __init__(
        self, hub: Hub, connections: FeedConnections, library: Library, searches: SavedSearches
    ) -> None:
        self._hub = hub
        self._connections = connections
        self._library = library
        self._searches = searches

    def routes(self) -> list[AnyRoute]:
        """Return the route, to be added to the API's."""
        path, summary = "/v1/searches/{search_id}/feed", "Follow what a saved search finds"
        return [Route(operation("search_feed", path, summary, SearchFeedQuery), self._feed)]

    async def _feed(self, ask: Ask[SearchFeedQuery, NoBody]) -> web.StreamResponse:
        asked = resumed_after(ask.request, ask.query.after)
        query = await find_search(self._searches, ask.parts["search_id"], ask.who.binding)
        with self._connections.open(ask.request, ask.who) as connection:
            after = await self._hub.begin_now(asked)
            hits = HitCursor(self._library, query, after)
            return await SearchFeedAnswer(self._hub, ask.request, connection, hits).answer()


class SearchFeedAnswer:
    """Answers one request with what a search finds, as it is committed."""

    def __init__(
        self, hub: Hub, request: web.Request, connection: FeedConnection, hits: "HitCursor"
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._writer = SseWriter(request, connection)
        self._hits = hits

    async def answer(self) -> web.StreamResponse:
        """Write until the client leaves or the connection has to end."""
        hits, wake = self._hits, self._connection.wake_up.set
        self._connection.followed(None)
        with (
            self._hub.subscribe(_FINALS, after=hits.position, by_seq=False, wake=wake),
            suppress(ConnectionError),  # the client has left, or was cut off
        ):
            await self._writer.begin(hits.position)
            await self._connection.write_rounds(self._hub, self._write_round)
            unbound = self._connection.caller.binding.is_unbound
            await self._writer.close(hits.position if unbound else hits.returned)
        return self._writer.answer

    async def _write_round(self) -> bool:
        hits, head = self._hits, self._hub.ring.head
        try:
            found = await hits.take(head)
        except (JournalUnavailableError, BadInputError):
            self._connection.end("unavailable")
            return False
        if found:
            await self._writer.send(b"".join(map(_encode, found)))
        elif self._connection.keep_alive_due:
            unbound = self._connection.caller.binding.is_unbound
            moved = sse_moved(hits.position) if unbound else b""
            await self._writer.send(KEEP_ALIVE + moved)
        return hits.position < head


class HitCursor:
    """A cursor over what a search finds, oldest first."""

    def __init__(self, library: Library, query: WordQuery, after: int) -> None:
        self.position = self.returned = after
        """What was looked through, and the last of it that was found."""
        self._library = library
        self._query = query
        self._span = _FIRST_SPAN

    async def take(self, head: int) -> Sequence[Hit]:
        """Return the next hits up to the position `head`, and move past them.

        There may be more after none: `position` is at `head` when there are not.

        Raises:
            JournalUnavailableError: The library does not answer.
            BadInputError: The search takes too long.
        """
        if self.position >= head:
            return ()
        last = min(self.position + self._span, head)
        found = await self._library.search(
            self._query, after=self.position, before=last + 1, limit=MAX_HITS
        )
        if len(found) == MAX_HITS and last - self.position > MAX_HITS:
            self._span = max(MAX_HITS, (last - self.position) // _STEP)
            return ()  # the oldest of them may be missing
        self.position = last
        if len(found) < MAX_HITS // _STEP:
            self._span *= _STEP
        self.returned = found[0].position if found else self.returned
        return found[::-1]


def _encode(hit: Hit) -> bytes:
    return sse_event(hit.position, "hit", found_of(hit).model_dump_json().encode())
