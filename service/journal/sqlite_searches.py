"""Saved searches in the journal's SQLite file, on a connection of their own."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from service.errors import BadInputError
from service.journal.sqlite_connection import Query, SqliteReader
from service.journal.sqlite_file import open_sqlite_file
from service.journal.sqlite_words import match_expression
from service.journal.statements import load_statements
from service.journal.worker import Worker, open_worker
from service.ports import SavedSearch, SavedSearches, WordQuery

MOST_SEARCHES = 500
_SQL = load_statements("sqlite_library")
_WAITING_LIMIT = 1_000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WordQuery).decode

Row = tuple[Any, ...]


class SqliteSearches:
    """`SavedSearches`; the methods are documented there."""

    def __init__(self, worker: Worker[Query]) -> None:
        self._worker = worker

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

    async def _do(self, name: str, values: Row) -> list[Row]:
        return cast(list[Row], await self._worker.do(partial(_rows, name, values)))


def _rows(name: str, values: Row, db: sqlite3.Connection) -> list[Row]:
    return db.execute(_SQL[name].sql(), values).fetchall()


@asynccontextmanager
async def open_sqlite_searches(
    path: str | Path, *, busy_timeout_s: float = 1.0, key: bytes | None = None
) -> AsyncIterator[SavedSearches]:
    """Open the saved searches in a journal's file, which must be ready.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    async with AsyncExitStack() as stack:
        file = stack.enter_context(
            open_sqlite_file(
                Path(path), exclusive=False, busy_timeout_s=busy_timeout_s, set_up=None, key=key
            )
        )
        worker: Worker[Query] = await stack.enter_async_context(
            open_worker("saved-searches", SqliteReader(file.connect), limit=_WAITING_LIMIT)
        )
        yield SqliteSearches(worker)
