"""Saved searches in the journal's PostgreSQL database, on a connection of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from service.errors import BadInputError
from service.journal.postgresql.side_connection import SideConnection, open_side_connection
from service.journal.search import MAX_SAVED_SEARCHES, parse_search_terms
from service.journal.statements import load_statements
from service.ports import SavedSearch, SavedSearches, WordQuery

_SQL = load_statements("postgresql", "searches")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WordQuery).decode


class PostgresqlSearches:
    """`SavedSearches`; the methods are documented there."""

    def __init__(self, side: SideConnection, max_searches: int) -> None:
        self._do = side.do
        self._max_searches = max_searches

    async def searches(self) -> list[SavedSearch]:
        """See `SavedSearches.searches`."""
        return [
            SavedSearch(id=search_id, name=name, query=_decode(query), created_at=created_at)
            for search_id, name, query, created_at in await self._do("searches")
        ]

    async def keep_search(self, search: SavedSearch) -> None:
        """See `SavedSearches.keep_search`. There may be `max_searches`."""
        parse_search_terms(search.query.words)
        query = _encode(search.query).decode()
        kept = await self._do(
            "keep_search", search.id, search.name, query, search.created_at, self._max_searches
        )
        if not kept:
            raise BadInputError(f"there are {self._max_searches} saved searches: drop one first")

    async def drop_search(self, search_id: str) -> bool:
        """See `SavedSearches.drop_search`."""
        return bool(await self._do("drop_search", search_id))


@asynccontextmanager
async def open_postgresql_searches(
    url: str, *, max_searches: int = MAX_SAVED_SEARCHES
) -> AsyncIterator[SavedSearches]:
    """Open the saved searches in a journal's database, which must be ready.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(url, "saved-searches", _SQL) as side:
        yield PostgresqlSearches(side, max_searches)
