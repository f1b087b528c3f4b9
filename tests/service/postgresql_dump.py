"""A PostgreSQL journal as SQL that people can read, and a journal made of it again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import asyncpg

_TABLES = """
SELECT oid::integer, relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY oid
"""
_COLUMNS = """
SELECT attname, atttypid = 'bytea'::regtype AS is_bytes FROM pg_attribute
WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_ORDER = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY array_position(indkey::int2[], attnum))
FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indrelid = $1::oid AND indisprimary
"""
_SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY sequencename
"""
_VERSIONS = """CREATE TABLE callscribe_schema (
    version integer PRIMARY KEY,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())"""
_BEGIN_ROWS = "-- rows\n"


async def dump(url: str, migrations: Sequence[str]) -> str:
    """Return a journal as SQL: the scripts that made it, a line for each row, and its sequences.

    Bytes that are text are written as text. Left out are the indexes of no script, which each start
    makes where they are missing.
    """
    async with _connected(url) as db:
        rows = [line async for line in _rows(db)]
        sequences = [_set(*one) for one in await db.fetch(_SEQUENCES)]
    lines = "".join(f"{line};\n" for line in chain(rows, sequences))
    return "".join((f"{_VERSIONS};\n", *migrations, _BEGIN_ROWS, lines))


async def restore(script: str, url: str) -> None:
    """Make the journal that a dump was taken of, in an empty schema."""
    async with _connected(url) as db:
        await db.execute(script)


def migrations_of(script: str) -> str:
    """Return the part of a dump that makes the tables."""
    return script.partition(_BEGIN_ROWS)[0].removeprefix(f"{_VERSIONS};\n")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    db = await asyncpg.connect(url)
    try:
        yield db
    finally:
        await db.close()


async def _rows(db: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[str]:
    for oid, table in await db.fetch(_TABLES):
        columns = await db.fetch(_COLUMNS, oid)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        asked = ", ".join(f'"{name}"' + ("" if raw else "::text") for name, raw in columns)
        order = await db.fetchval(_ORDER, oid)
        rows = await db.fetch(f"SELECT {asked} FROM {table} ORDER BY {order}")  # noqa: S608 - its own names
        if rows:
            yield f"DELETE FROM {table}"  # noqa: S608 - as above
            values = ",\n".join(f"({', '.join(map(_literal, row))})" for row in rows)
            yield f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES\n{values}"


def _set(sequence: str, last_value: int) -> str:
    return f"SELECT setval('{sequence}', {last_value})"


def _literal(value: Any) -> str:  # noqa: ANN401 - of a column
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    text = value.decode(errors="ignore")
    is_text = text.isprintable() and text.encode() == value
    return f"convert_to({_literal(text)}, 'UTF8')" if is_text else f"'\\x{value.hex()}'"
