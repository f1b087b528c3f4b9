"""Search: in what was said, and searches to come back to."""

import secrets
import time
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from service.api.calls.models import filter_of
from service.api.cursors import Cursors
from service.api.operations import Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route
from service.api.problems import Fault, RefusalError, not_found
from service.api.router import nothing, reply
from service.api.search.kept import bound_query, find_search, kept_for
from service.api.search.models import (
    KeptSearch,
    KeptSearches,
    SearchPage,
    SearchQuery,
    SearchWish,
    found_of,
    kept_of,
    query_of,
)
from service.errors import BadInputError
from service.ids import CallId
from service.ports import Library, SavedSearch, SavedSearches, WordQuery

_ID_BYTES = 12

SEARCH: Operation[SearchQuery, NoBody] = Operation(
    id="search",
    method="GET",
    path="/v1/search",
    tag="search",
    summary="Search in what was said, newest first",
    description='`q` takes words, "phrases in quotes", prefix* and -without.',
    access="calls:read",
    noted="searched",
    shows="filtered",
    query=SearchQuery,
    answers=(Answer(description="A page of utterances.", model=SearchPage),),
)
LIST_SEARCHES: Operation[NoQuery, NoBody] = Operation(
    id="list_searches",
    method="GET",
    path="/v1/searches",
    tag="search",
    summary="List saved searches, oldest first",
    access="calls:read",
    shows="filtered",
    answers=(Answer(description="All of them.", model=KeptSearches),),
)
SAVE_SEARCH: Operation[NoQuery, SearchWish] = Operation(
    id="save_search",
    method="POST",
    path="/v1/searches",
    tag="search",
    summary="Save a search",
    access="calls:write",
    shows="filtered",
    body=SearchWish,
    answers=(Answer(status=HTTPStatus.CREATED, description="The saved search.", model=KeptSearch),),
)
DROP_SEARCH: Operation[NoQuery, NoBody] = Operation(
    id="drop_search",
    method="DELETE",
    path="/v1/searches/{search_id}",
    tag="search",
    summary="Forget a saved search",
    access="calls:write",
    shows="filtered",
    answers=(Answer(status=HTTPStatus.NO_CONTENT, description="It is forgotten."),),
    errors={HTTPStatus.NOT_FOUND: "There is no such search."},
)


class SearchRoutes:
    """Answers from the library. `clock` is in Unix seconds."""

    def __init__(
        self,
        library: Library,
        searches: SavedSearches,
        cursors: Cursors,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._library = library
        self._searches = searches
        self._cursors = cursors
        self._clock = clock

    def routes(self) -> list[AnyRoute]:
        """Return the routes."""
        return [
            Route(SEARCH, self.search),
            Route(LIST_SEARCHES, self.list),
            Route(SAVE_SEARCH, self.save),
            Route(DROP_SEARCH, self.drop),
        ]

    async def search(self, ask: Ask[SearchQuery, NoBody]) -> web.Response:
        """Answer with a page of what was found."""
        query = ask.query
        before = None
        if query.cursor is not None:
            before = int(self._cursors.open(query, query.cursor, tuple[int])[0])
        wanted = WordQuery(
            words=query.q,
            calls=filter_of(query, binding=ask.who.binding),
            role=query.role,
            call_id=None if query.call_id is None else CallId(query.call_id),
        )
        try:
            found = await self._library.search(wanted, before=before, limit=query.limit + 1)
        except BadInputError as error:
            raise _bad(error, "query") from error
        page = self._cursors.page(query, found, lambda hit: (hit.position,), limit=query.limit)
        ask.shown.extend(hit.call_id for hit in page.items)
        return reply(ask, SearchPage(data=[found_of(hit) for hit in page.items], next=page.next))

    async def list(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Answer with all saved searches: there are few."""
        kept = await kept_for(self._searches, ask.who.binding)
        return reply(ask, KeptSearches(data=[kept_of(one) for one in kept]))

    async def save(self, ask: Ask[NoQuery, SearchWish]) -> web.Response:
        """Keep a search under a new id."""
        search = SavedSearch(
            id=f"srch_{secrets.token_urlsafe(_ID_BYTES)}",
            name=ask.body.name,
            query=bound_query(query_of(ask.body), ask.who.binding),
            created_at=self._clock(),
        )
        try:
            await self._searches.keep_search(search)
        except BadInputError as error:
            raise _bad(error, "body") from error
        return reply(ask, kept_of(search), status=HTTPStatus.CREATED)

    async def drop(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Forget a search."""
        search_id = ask.parts["search_id"]
        await find_search(self._searches, search_id, ask.who.binding)
        if not await self._searches.drop_search(search_id):
            raise not_found("search")
        return nothing()


def _bad(error: BadInputError, where: str) -> RefusalError:
    said = str(error)
    fault = Fault((where, "q"), said)
    return RefusalError(HTTPStatus.BAD_REQUEST, f"{said.capitalize()}.", faults=[fault])
