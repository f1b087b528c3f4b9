"""Audits erasure on PostgreSQL: looks for what is left in every table, and for rows not cleared.

Reads only, and asks the server what tables there are, so that none that is added is forgotten.
What the server keeps beside its tables (its log, replicas, backups) it cannot see.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from service.journal.erasure_audit import ErasureAudit
from service.journal.postgresql.connection import (
    DRIVER_ERRORS,
    Connection,
    connect,
    unreachable,
)
from service.journal.postgresql.migrations import expect_ready
from service.journal.postgresql.searching import query_of
from service.journal.postgresql.text import from_database, to_database
from service.journal.search import SearchTerms, Term

_ERASED: Final = "SELECT call_no FROM event WHERE type = 'transcript.erased'"
_LEFT: Final = {
    "events beside the tombstone": """
        SELECT call_id, count(*) FROM event JOIN call USING (call_no)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_id""",
    "words in the index": """
        SELECT call_id, count(*) FROM utterance JOIN call USING (call_no)
        WHERE call_no IN ({erased}) GROUP BY call_id""",
    "numbers or metadata": """
        SELECT call_id, 1 FROM summary JOIN call USING (call_no)
        WHERE (from_number IS NOT NULL OR to_number IS NOT NULL OR facts <> '{{}}'
            OR metadata <> '{{}}') AND call_no IN ({erased})""",
    "numbers of participants": """
        SELECT call_id, count(*) FROM party JOIN call USING (call_no)
        WHERE call_no IN ({erased}) GROUP BY call_id""",
    "parked deliveries": """
        SELECT call_id, count(*) FROM parked JOIN call USING (call_no)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_id""",
    "attempts at deliveries": """
        SELECT call_id, count(*) FROM attempt JOIN call USING (call_no)
        JOIN event USING (call_no, seq)
        WHERE type <> 'transcript.erased' AND call_no IN ({erased}) GROUP BY call_id""",
    "deliveries of more than the tombstone": """
        SELECT call_id, count(*) FROM lane JOIN call USING (call_no)
        WHERE acked_seq < (SELECT min(seq) FROM event WHERE event.call_no = call.call_no) - 1
        AND call_no IN ({erased}) GROUP BY call_id""",
    "audio": """
        SELECT call_id, 1 FROM recording JOIN call USING (call_no) WHERE call_no IN ({erased})""",
    "rows that were not cleared yet": """
        SELECT call_id, 1 FROM unscrubbed JOIN call USING (call_no)""",
}
_KEPT: Final = f"SELECT 1 FROM call WHERE call_id = $1 AND call_no NOT IN ({_ERASED})"  # noqa: S608 - no input in it
_COLUMNS: Final = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type IN ('text', 'bytea', 'jsonb')
    ORDER BY 1, 2"""
_IN_TEXT: Final = 'SELECT count(*) FROM "{table}" WHERE position($1 IN "{column}"::text) > 0'
_IN_BYTES: Final = (
    'SELECT count(*) FROM "{table}" WHERE position(convert_to($1, \'UTF8\') IN "{column}") > 0'
)
_IN_INDEX: Final = "SELECT EXISTS (SELECT 1 FROM utterance WHERE words @@ $1::text::tsquery)"

T = TypeVar("T")


class PostgresqlErasureAudit:
    """An `ErasureAudit`; its methods are documented there. Each connects for itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    def left_of_erased(self) -> list[str]:
        """See `ErasureAudit.left_of_erased`."""

        async def ask(db: Connection) -> list[str]:
            return [
                f"{from_database(call_id)}: {what} ({count})"
                for what, query in _LEFT.items()
                for call_id, count in await db.fetch(query.format(erased=_ERASED))
            ]

        return _answer(self._url, ask)

    def not_erased(self, call_ids: Sequence[str]) -> list[str]:
        """See `ErasureAudit.not_erased`."""

        async def ask(db: Connection) -> list[str]:
            return [one for one in call_ids if await db.fetchrow(_KEPT, to_database(one))]

        return _answer(self._url, ask)

    def where_found(self, sought: str) -> list[str]:
        """See `ErasureAudit.where_found`."""
        spellings = sorted({sought, sought.lower(), sought.upper(), sought.capitalize()})

        async def ask(db: Connection) -> list[str]:
            found = [line async for line in _in_tables(db, spellings)]
            query = query_of(SearchTerms((Term(sought, is_prefix=False),), ()))
            if await db.fetchval(_IN_INDEX, query):
                found.append("index of words")
            return found

        return _answer(self._url, ask)

    def stray_recordings(self, folder: Path) -> list[str]:
        """See `ErasureAudit.stray_recordings`."""
        if not folder.exists():
            return []

        async def ask(db: Connection) -> set[str]:
            return {from_database(file) for (file,) in await db.fetch("SELECT file FROM recording")}

        known = _answer(self._url, ask)
        return sorted(one.name for one in folder.iterdir() if one.name not in known)


@contextmanager
def open_postgresql_audit(url: str) -> Iterator[ErasureAudit]:
    """Open the journal in this database, which a service may have open, to look only.

    Raises:
        JournalUnavailableError: It cannot be read.
    """
    _answer(url, expect_ready)
    yield PostgresqlErasureAudit(url)


async def _in_tables(db: Connection, spellings: Sequence[str]) -> AsyncIterator[str]:
    for table, column, kind in await db.fetch(_COLUMNS):
        query = (_IN_BYTES if kind == "bytea" else _IN_TEXT).format(table=table, column=column)
        count = sum([await db.fetchval(query, to_database(one)) for one in spellings])
        if count:
            yield f"table {table}, column {column} ({count})"


def _answer(url: str, ask: Callable[[Connection], Awaitable[T]]) -> T:
    """Ask on a connection and an event loop of its own: whoever audits waits for it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _asked(url, ask)).result()


async def _asked(url: str, ask: Callable[[Connection], Awaitable[T]]) -> T:
    try:
        db = await connect(url, name="audit", settings={"default_transaction_read_only": "on"})
        try:
            return await ask(db)
        finally:
            await db.close()
    except DRIVER_ERRORS as error:
        raise unreachable(error) from error
