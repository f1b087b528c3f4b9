"""The library on PostgreSQL, on connections of its own."""

import math
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import Final, cast

import asyncpg

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
from service.journal.postgresql.connection import (
    PLAN_FREELY,
    Connection,
    KeptConnection,
    Query,
    Reader,
    Row,
)
from service.journal.postgresql.migrations import expect_ready
from service.journal.postgresql.opening import explained, plan_by_key
from service.journal.postgresql.searching import query_of
from service.journal.postgresql.text import from_database, to_database
from service.journal.search import parse_search_terms
from service.journal.statements import load_statements
from service.journal.task_worker import open_task_worker
from service.journal.worker import Worker
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

_SQL: Final = load_statements("postgresql", "library")
_NAME: Final = re.compile(r"(?<!:):(\w+)")
_PLANNED_ANEW: Final = {"plan_cache_mode": "force_custom_plan"}
"""A plan for any word walks through all finals to find that a rare one was said twice."""
_PLAN_ANEW: Final = f"{PLAN_FREELY}; SET LOCAL plan_cache_mode = force_custom_plan"
"""For searches among lookups, such as that for new events after each commit."""


class PostgresqlLibrary:
    """A `Library`; its methods are documented there."""

    def __init__(
        self, lookups: Worker[Query], lists: Worker[Query], searches: Worker[Query]
    ) -> None:
        self._lookups = lookups
        self._lists = lists
        self._searches = searches

    async def calls(
        self, wanted: CallFilter, *, before: tuple[float, CallId] | None, limit: int
    ) -> list[CallSummary]:
        """See `Library.calls`."""
        filters = filters_of_calls(wanted, before=before, spelt=_spelt)
        name, values = "calls", dict[str, object](limit=limit)
        number = filters.get("where_number")
        if number and number["number"] == number["number_end"]:
            name = "calls_of_number"
            values["number"] = filters.pop("where_number")["number"]
        elif wanted.binding.routes is not None:
            name, values["newest"] = "calls_of_routes", before[0] if before else math.inf
        return [_summary(row) for row in await _ask(self._lists, name, filters, values)]

    async def call(self, call_id: CallId) -> CallSummary | None:
        """See `Library.call`."""
        rows = await _ask(self._lookups, "call", {}, {"call_id": call_id})
        return _summary(rows[0]) if rows else None

    async def events(self, *, after: int, limit: int) -> list[PlacedEvent]:
        """See `Library.events`."""
        rows = await _ask(self._lookups, "events", {}, {"after": after, "limit": limit})
        return [PlacedEvent(position, StoredEvent(*event)) for position, *event in rows]

    async def frontier(self) -> Frontier:
        """See `Library.frontier`."""
        rows = await _ask(self._lookups, "frontier", {}, {})
        return Frontier(*cast("tuple[int, int]", rows[0]))

    async def lanes_behind(self) -> dict[EndpointName, int]:
        """See `Library.lanes_behind`."""
        rows = await _ask(self._lists, "lanes_behind", {}, {})
        return {EndpointName(name): lanes for name, lanes in rows}

    async def newest(self) -> int:
        """See `Library.newest`."""
        rows = await _ask(self._lookups, "newest", {}, {})
        return cast(int, rows[0][0])

    async def search(
        self, wanted: WordQuery, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Hit]:
        """See `Library.search`."""
        terms = parse_search_terms(wanted.words)
        filters = filters_of_words(wanted, spelt=_spelt)
        if after:
            filters["where_seen_by_all"] = {}
        values = {
            "words": query_of(terms),
            "after": after,
            "before": MAX_POSITION if before is None else before,
            "limit": limit,
        }
        # the search after each commit must not wait for somebody's long one
        worker = self._lookups if after else self._searches
        rows = await _ask(worker, "search", filters, values, anew=after > 0)
        return [hit_of(row, terms) for row in rows]


async def _ask(
    worker: Worker[Query],
    name: str,
    filters: Filters,
    values: dict[str, object],
    *,
    anew: bool = False,
) -> Sequence[Row]:
    sql, names = _written(name, tuple(filters))
    for given in filters.values():
        values |= given
    given_values = (values[one] for one in names)
    bound = [_spelt(one) if isinstance(one, str) else one for one in given_values]
    return cast(Sequence[Row], await worker.do(partial(_rows_anew if anew else _rows, sql, bound)))


@lru_cache
def _written(name: str, filters: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the statement with these conditions, and whose value each of its numbers is."""
    conditions = "\n".join(_SQL[one].text for one in filters)
    text = _SQL[name].text.replace("{filters}", conditions)
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    return _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", text), names


def _spelt(text: str) -> str:
    return to_database(whole(text))


async def _rows(sql: str, bound: Sequence[object], db: Connection) -> list[Row] | BadInputError:
    try:
        rows = await db.fetch(sql, *bound)
    except asyncpg.QueryCanceledError:
        # returned, not raised: the connection is as good as before
        return BadInputError(TOO_LONG)
    return [[from_database(one) if isinstance(one, str) else one for one in row] for row in rows]


async def _rows_anew(
    sql: str, bound: Sequence[object], db: Connection
) -> list[Row] | BadInputError:
    async with db.transaction(readonly=True):
        await db.execute(_PLAN_ANEW)
        return await _rows(sql, bound, db)


def _summary(row: Row) -> CallSummary:
    return CallSummary(**summary_of(row))


@asynccontextmanager
async def open_postgresql_library(
    url: str, *, query_timeout_s: float = 2.0, waiting_limit: int = 1_000
) -> AsyncIterator[Library]:
    """Open the library in a journal's database, which must be ready; a service may be using it.

    A list or search that takes longer than about `query_timeout_s` is given up with
    `BadInputError`. At most `waiting_limit` lookups, as many lists and as many searches wait; what
    is more is refused with `JournalUnavailableError`. None of the three waits for another.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    capped = {"statement_timeout": f"{max(1, round(query_timeout_s * 1_000))}ms", **_PLANNED_ANEW}
    looking = KeptConnection(url, name="library-lookups", prepare=plan_by_key)
    listing = KeptConnection(url, name="library-lists", settings=capped)
    searching = KeptConnection(url, name="library-searches", settings=capped)
    async with explained(looking, listing, searching):
        await expect_ready(await looking.get())
    # batches of one: a quick query's answer must not wait for a slow one behind it
    open_reader = partial(open_task_worker, limit=waiting_limit, batch_limit=1)
    async with (
        open_reader(Reader(looking)) as lookups,
        open_reader(Reader(listing)) as lists,
        open_reader(Reader(searching)) as searches,
    ):
        yield PostgresqlLibrary(lookups, lists, searches)
