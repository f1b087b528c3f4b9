"""Saved searches in the journal's SQLite file, on a connection of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from service.errors import BadInputError
from service.journal.sqlite.fulltext import match_expression
from service.journal.sqlite.side_connection import Beside, open_beside
from service.journal.statements import load_statements
from service.ports import SavedSearch, SavedSearches, WordQuery

MOST_SEARCHES = 500
_SQL = load_statements("sqlite", "library")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WordQuery).decode


class SqliteSearches:
    """`SavedSearches`; the methods are documented there."""

    def __init__(self, beside: Beside) -> None:
        self._do = beside.do

    async def searches(self) -> list[SavedSearch]:
        """See `SavedSearches.searches`."""
        return [
            SavedSearch(id=search_id, name=name, query=_decode(query), created_at=created_at)
            for search_id, name, query, created_at in await self._do("searches", ())
        ]

    async def keep_search(self, search: SavedSearch) -> None:
        """See `SavedSearches.keep_search`. There may be `MOST_SEARCHES`."""
        match_expression(search.query.words)
        query = _encode(search.query).decode()
        values = (search.id, search.name, query, search.created_at, MOST_SEARCHES, search.id)
        if not await self._do("keep_search", values):
            raise BadInputError(f"there are {MOST_SEARCHES} saved searches: drop one first")

    async def drop_search(self, search_id: str) -> bool:
        """See `SavedSearches.drop_search`."""
        return bool(await self._do("drop_search", (search_id,)))


@asynccontextmanager
async def open_sqlite_searches(
    path: str | Path, *, busy_timeout_s: float = 1.0, key: bytes | None = None
) -> AsyncIterator[SavedSearches]:
    """Open the saved searches in a journal's file, which must be ready.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_beside(
        path, "saved-searches", _SQL, busy_timeout_s=busy_timeout_s, key=key
    ) as beside:
        yield SqliteSearches(beside)
