"""The library on the journal's SQLite file, on connections of its own."""

import math
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from service.errors import BadInputError
from service.ids import CallId, EndpointName
from service.journal.filters import (
    MAX_POSITION,
    TOO_LONG,
    Filters,
    filters_of_calls,
    filters_of_words,
    summary_of,
    whole,
)
from service.journal.finding import hit_of
from service.journal.search import parse_search_terms
from service.journal.sqlite.connection import Query, SqliteReader
from service.journal.sqlite.driver import operational_errors
from service.journal.sqlite.file import LARGE_CACHE_KIB, open_sqlite_file
from service.journal.sqlite.fulltext import match_expression
from service.journal.statements import load_statements
from service.journal.worker import Worker, open_worker
from service.ports import (
    CallFilter,
    CallSummary,
    Frontier,
    Hit,
    Library,
    PlacedEvent,
    StoredEvent,
    WordQuery,
)

_SQL = load_statements("sqlite", "library")
_MANY = 1_000
_STEPS = 20_000
"""Of SQLite's machine between two looks at the clock: a millisecond or so."""

Row = tuple[Any, ...]


class SqliteLibrary:
    """A `Library`; its methods are documented there."""

    def __init__(
        self,
        lookups: Worker[Query],
        lists: Worker[Query],
        searches: Worker[Query],
        query_timeout_s: float,
    ) -> None:
        self._lookups = lookups
        self._lists = lists
        self._searches = searches
        self._query_timeout_s = query_timeout_s

    async def calls(
        self, wanted: CallFilter, *, before: tuple[float, CallId] | None, limit: int
    ) -> list[CallSummary]:
        """See `Library.calls`."""
        filters = filters_of_calls(wanted, before=before)
        name, values = "calls", dict[str, object](limit=limit)
        if number := filters.get("where_number"):
            if number["number"] == number["number_end"]:
                name, values = "calls_of_number", {**values, **filters.pop("where_number")}
            elif await self._is_common(number):
                filters["where_common_number"] = filters.pop("where_number")
        routes = _walked_routes(wanted)
        if routes is None:
            rows = await self._ask(self._lists, name, filters, **values)
            return [_summary(row) for row in rows]
        return _newest(
            [
                _summary(row)
                for route in routes
                for row in await self._ask(
                    self._lists, name, {**filters, "where_route": {"route": route}}, **values
                )
            ]
        )[:limit]

    async def call(self, call_id: CallId) -> CallSummary | None:
        """See `Library.call`."""
        rows = await self._look_up("call", call_id=call_id)
        return _summary(rows[0]) if rows else None

    async def events(self, *, after: int, limit: int) -> list[PlacedEvent]:
        """See `Library.events`."""
        rows = await self._look_up("events", after=after, limit=limit)
        return [PlacedEvent(position, StoredEvent(*event)) for position, *event in rows]

    async def frontier(self) -> Frontier:
        """See `Library.frontier`: what commits later has a greater position here."""
        newest = await self.newest()
        return Frontier(newest, newest)

    async def lanes_behind(self) -> dict[EndpointName, int]:
        """See `Library.lanes_behind`."""
        rows = await self._ask(self._lists, "lanes_behind", {})
        return {EndpointName(name): lanes for name, lanes in rows}

    async def newest(self) -> int:
        """See `Library.newest`."""
        rows = await self._look_up("newest")
        return cast(int, rows[0][0]) if rows else 0

    async def search(
        self, wanted: WordQuery, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Hit]:
        """See `Library.search`."""
        terms = parse_search_terms(wanted.words)
        rows = await self._ask(
            # the search after each commit must not wait for somebody's long one
            self._lookups if after else self._searches,
            "search",
            filters_of_words(wanted),
            words=match_expression(terms),
            after=after,
            before=MAX_POSITION if before is None else before,
            limit=limit,
        )
        return [hit_of((*facts, text), terms, shown) for *facts, shown, text in rows]

    async def _is_common(self, number: dict[str, object]) -> bool:
        """Return whether calls of these numbers are found sooner among the newest of all."""
        values = {**number, "many": _MANY}
        rows = await self._ask(self._lists, "is_common_number", {}, **values)
        return bool(rows[0][0])

    async def _look_up(self, name: str, **values: object) -> Sequence[Row]:
        """Ask what an index answers; keepers do, so it has no cap that would end them."""
        return await _ask(self._lookups, math.inf, name, {}, values)

    async def _ask(
        self, worker: Worker[Query], name: str, filters: Filters, **values: object
    ) -> Sequence[Row]:
        return await _ask(worker, self._query_timeout_s, name, filters, values)


async def _ask(
    worker: Worker[Query],
    timeout_s: float,
    name: str,
    filters: Filters,
    values: dict[str, object],
) -> Sequence[Row]:
    sql = _written(name, tuple(filters))
    for given in filters.values():
        values |= given
    return cast(Sequence[Row], await worker.do(partial(_rows, sql, _bindable(values), timeout_s)))


def _walked_routes(wanted: CallFilter) -> Sequence[str] | None:
    """Return the routes whose calls are walked through one by one, each from its newest.

    None where live calls, or those of a number, are fewer than those of a route may be.
    """
    return None if wanted.live or wanted.number is not None else wanted.binding.routes


def _newest(calls: Sequence[CallSummary]) -> list[CallSummary]:
    """Return calls from the newest, each once: its route may have changed between two walks."""
    each = {one.call_id: one for one in calls}
    return sorted(each.values(), key=lambda one: (one.started_at, one.call_id), reverse=True)


@lru_cache
def _written(name: str, filters: tuple[str, ...]) -> str:
    """Return the statement with these conditions: constants all, kept so they stay prepared."""
    conditions = "\n".join(_SQL[one].text for one in filters)
    return _SQL[name].text.replace("{filters}", conditions)


def _bindable(values: dict[str, object]) -> dict[str, object]:
    return {key: whole(one) if isinstance(one, str) else one for key, one in values.items()}


def _rows(
    sql: str, values: dict[str, object], timeout_s: float, db: sqlite3.Connection
) -> list[Row] | BadInputError:
    deadline = time.monotonic() + timeout_s
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        return db.execute(sql, values).fetchall()
    except operational_errors() as error:
        if str(error) != "interrupted":
            raise
        # returned, not raised: the connection is as good as before
        return BadInputError(TOO_LONG)


def _summary(row: Row) -> CallSummary:
    given = summary_of(row)
    given["metadata"] = given["metadata"].encode()
    given["has_audio"] = bool(given["has_audio"])
    return CallSummary(**given)


@asynccontextmanager
async def open_sqlite_library(
    path: str | Path,
    *,
    query_timeout_s: float = 2.0,
    waiting_limit: int = 1_000,
    busy_timeout_s: float = 1.0,
    key: bytes | None = None,
    threaded: bool = True,
) -> AsyncIterator[Library]:
    """Open the library in a journal's file, which must be ready; a service may be using it.

    A list or search that takes longer than about `query_timeout_s` is given up with
    `BadInputError`. At most `waiting_limit` lookups, as many lists and as many searches wait; what
    is more is refused with `JournalUnavailableError`. None of the three waits for another.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    with open_sqlite_file(Path(path), busy_timeout_s=busy_timeout_s, key=key) as file:
        connect = partial(file.connect, read_only=True)
        connect_to_search = partial(connect, cache_kib=LARGE_CACHE_KIB)
        # batches of one: a quick query's answer must not wait for a slow one behind it
        open_reader = partial(open_worker, limit=waiting_limit, batch_limit=1, threaded=threaded)
        async with (
            open_reader("library-lookups", SqliteReader(connect)) as lookups,
            open_reader("library-lists", SqliteReader(connect)) as lists,
            open_reader("library-searches", SqliteReader(connect_to_search)) as searches,
        ):
            yield SqliteLibrary(lookups, lists, searches, query_timeout_s)
