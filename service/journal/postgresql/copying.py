"""A stopped PostgreSQL journal as the source or the target of a copy."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast

import msgspec

from service.errors import JournalUnavailableError
from service.journal.copying import OTHER_COPY, CopySource, CopyTarget
from service.journal.postgresql.connection import (
    DRIVER_ERRORS,
    Connection,
    connect,
    unreachable,
)
from service.journal.postgresql.migrations import (
    BEGIN_COPY,
    END_COPY,
    expect_whole,
    is_copy_begun,
    lock_alone,
    migrate,
)
from service.journal.postgresql.searching import vector_of
from service.journal.postgresql.summaries import facts_of
from service.journal.postgresql.text import from_database, to_database
from service.journal.tables import Row, Table, Value

_OVERWRITTEN: Final = "installation"
_TRUTHS: Final = {"call": ("ended",)}
_NUMBERED: Final = ("parked", "attempt", "access")
_BYTES: Final = {"summary": ("metadata",)}
"""Columns that are text elsewhere."""
_SHUT: Final = """
UPDATE call SET open = false WHERE open AND ended AND wake_at IS NULL
AND NOT EXISTS (SELECT 1 FROM lane WHERE lane.call_no = call.call_no AND acked_seq < head_seq)"""
_COUNT_ON: Final = """
SELECT setval('call_no', greatest(1, (SELECT max(call_no) FROM call))),
setval(pg_get_serial_sequence('parked', 'id'), greatest(1, (SELECT max(id) FROM parked))),
setval(pg_get_serial_sequence('attempt', 'id'), greatest(1, (SELECT max(id) FROM attempt))),
setval(pg_get_serial_sequence('access', 'id'), greatest(1, (SELECT max(id) FROM access)))"""


class PostgresqlCopy:
    """A `CopySource`, and a `CopyTarget` if it was opened as one."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    async def rows(self, table: Table, *, after: Row | None, limit: int) -> Sequence[Row]:
        """See `CopySource.rows`."""
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        marks = ", ".join(f"${n}" for n in range(2, len(table.key) + 2))
        where = f"WHERE ({key}) > ({marks})" if after else ""
        query = f"SELECT {columns} FROM {table.name} {where} ORDER BY {key} LIMIT $1"  # noqa: S608 - names of ours
        found = await self._db.fetch(query, limit, *map(_bound, after or ()))
        return [_logical(table, row) for row in found]

    async def begin(self, source: str) -> None:
        """See `CopyTarget.begin`."""
        await self._db.execute(BEGIN_COPY)
        note = "INSERT INTO unfinished_copy (id, source) VALUES (1, $1) ON CONFLICT DO NOTHING"
        await self._db.execute(note, source)
        if await self._db.fetchval("SELECT source FROM unfinished_copy") != source:
            raise JournalUnavailableError(OTHER_COPY)

    async def last_key(self, table: Table) -> Row | None:
        """See `CopyTarget.last_key`."""
        if table.name == _OVERWRITTEN:
            return None
        key = ", ".join(table.key)
        down = ", ".join(f"{name} DESC" for name in table.key)
        query = f"SELECT {key} FROM {table.name} ORDER BY {down} LIMIT 1"  # noqa: S608 - as above
        row = await self._db.fetchrow(query)
        return None if row is None else tuple(map(_read, row))

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """See `CopyTarget.write`."""
        if table.name == _OVERWRITTEN:
            ((_, secret),) = rows
            await self._db.execute("UPDATE installation SET token_secret = $1", secret)
            return
        columns = table.columns + _derived(table)
        marks = ", ".join(
            f"${n}::text::tsvector" if name == "words" and table.name == "utterance" else f"${n}"
            for n, name in enumerate(columns, 1)
        )
        identity = "OVERRIDING SYSTEM VALUE" if table.name in _NUMBERED else ""
        query = f"INSERT INTO {table.name} ({', '.join(columns)}) {identity} VALUES ({marks})"  # noqa: S608 - as above
        async with self._db.transaction():
            await self._db.executemany(query, [_physical(table, row) for row in rows])

    async def finish(self) -> None:
        """See `CopyTarget.finish`."""
        async with self._db.transaction():
            for statement in (_SHUT, _COUNT_ON, END_COPY):
                await self._db.execute(statement)
        await self._db.execute("ANALYZE")


@asynccontextmanager
async def open_postgresql_source(url: str) -> AsyncIterator[CopySource]:
    """Open a stopped journal to be copied; every service is kept out of it.

    Raises:
        JournalUnavailableError: There is none, or a service has it.
    """
    async with _connected(url) as db:
        await lock_alone(db)
        await migrate(db)
        await expect_whole(db)
        if await db.fetchval("SELECT EXISTS (SELECT 1 FROM pending_input WHERE asked_by IS NULL)"):
            raise JournalUnavailableError(
                "webhooks wait for their calls: start a service on it, and stop it in order"
            )
        yield PostgresqlCopy(db)


@asynccontextmanager
async def open_postgresql_target(url: str) -> AsyncIterator[CopyTarget]:
    """Open an empty database, or one whose copy was begun, to be filled.

    Raises:
        JournalUnavailableError: It holds something already, or a service has it.
    """
    async with _connected(url) as db:
        await lock_alone(db)
        await migrate(db)
        held = await db.fetchval(
            "SELECT (SELECT count(*) FROM call) + (SELECT count(*) FROM api_key)"
        )
        if held and not await is_copy_begun(db):
            raise JournalUnavailableError("it holds a journal already: copy into a new database")
        yield PostgresqlCopy(db)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    try:
        db = await connect(url, name="copy")
        try:
            yield db
        finally:
            await db.close()
    except DRIVER_ERRORS as error:
        raise unreachable(error) from None


def _derived(table: Table) -> tuple[str, ...]:
    """Return the columns that only PostgreSQL has."""
    return {"call": ("open",), "summary": ("facts",), "utterance": ("words",)}.get(table.name, ())


def _physical(table: Table, row: Row) -> tuple[object, ...]:
    given = dict(zip(table.columns, row, strict=True))
    values: dict[str, object] = {name: _bound(one) for name, one in given.items()}
    for name in _TRUTHS.get(table.name, ()):
        values[name] = bool(given[name])
    for name in _BYTES.get(table.name, ()):
        values[name] = cast(str, given[name]).encode()
    if table.name == "call":
        values["open"] = True
    elif table.name == "summary":
        metadata = msgspec.json.decode(cast(str, given["metadata"]))
        values["facts"] = msgspec.json.encode(facts_of(metadata)).decode()
    elif table.name == "utterance":
        values["words"] = vector_of(cast(str, values["text"]))
    return tuple(values.values())


def _logical(table: Table, row: Iterable[object]) -> Row:
    values = dict(zip(table.columns, map(_read, row), strict=True))
    for name in _TRUTHS.get(table.name, ()):
        values[name] = int(cast(bool, values[name]))
    for name in _BYTES.get(table.name, ()):
        values[name] = cast(bytes, values[name]).decode()
    return tuple(values.values())


def _bound(value: Value) -> Value:
    return to_database(value) if isinstance(value, str) else value


def _read(value: object) -> Value:
    return from_database(value) if isinstance(value, str) else cast(Value, value)
