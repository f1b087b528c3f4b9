"""A stopped SQLite journal as the source or the target of a copy."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

from service.errors import JournalUnavailableError
from service.journal.copying import OTHER_COPY, CopySource, CopyTarget
from service.journal.sqlite.file import (
    BEGIN_COPY,
    END_COPY,
    SqliteFile,
    expect_empty,
    explained,
    open_sqlite_file,
)
from service.journal.sqlite.locks import expect_there
from service.journal.tables import Row, Table

_MADE_BY_TRIGGERS: Final = "utterance"
_OVERWRITTEN: Final = ("summary", "installation")
_WAITS_S: Final = 5.0


class SqliteCopy:
    """A `CopySource`, and a `CopyTarget` if it was opened as one."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    async def rows(self, table: Table, *, after: Row | None, limit: int) -> Sequence[Row]:
        """See `CopySource.rows`."""
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        marks = ", ".join("?" * len(table.key))
        where = f"WHERE ({key}) > ({marks})" if after else ""
        query = f"SELECT {columns} FROM {table.name} {where} ORDER BY {key} LIMIT ?"  # noqa: S608 - names of ours
        return self._db.execute(query, (*(after or ()), limit)).fetchall()

    async def begin(self, source: str) -> None:
        """See `CopyTarget.begin`."""
        self._db.execute(BEGIN_COPY)
        self._db.execute(
            "INSERT INTO unfinished_copy (id, source) VALUES (1, ?) ON CONFLICT DO NOTHING",
            (source,),
        )
        (begun,) = self._db.execute("SELECT source FROM unfinished_copy").fetchone()
        if begun != source:
            raise JournalUnavailableError(OTHER_COPY)

    async def last_key(self, table: Table) -> Row | None:
        """See `CopyTarget.last_key`. What triggers write of the events is gone over again."""
        if table.name in (_MADE_BY_TRIGGERS, *_OVERWRITTEN):
            return None
        key = ", ".join(table.key)
        down = ", ".join(f"{name} DESC" for name in table.key)
        query = f"SELECT {key} FROM {table.name} ORDER BY {down} LIMIT 1"  # noqa: S608 - as above
        row: Row | None = self._db.execute(query).fetchone()
        return row

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """See `CopyTarget.write`."""
        marks = ", ".join("?" * len(table.columns))
        verb = "INSERT"
        if table.name in _OVERWRITTEN:
            verb = "INSERT OR REPLACE"
        elif table.name == _MADE_BY_TRIGGERS:
            verb = "INSERT OR IGNORE"
        query = f"{verb} INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(query, rows)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    async def finish(self) -> None:
        """See `CopyTarget.finish`."""
        self._db.execute(END_COPY)


def _connect(file: SqliteFile, *, read_only: bool = False) -> sqlite3.Connection:
    with explained(file.path, file.key):
        return file.connect(read_only=read_only)


@asynccontextmanager
async def open_sqlite_source(path: Path, *, key: bytes | None) -> AsyncIterator[CopySource]:
    """Open a stopped journal to be copied; every service is kept out of it.

    Raises:
        JournalUnavailableError: There is none, or a service has it.
    """
    expect_there(path)
    with (
        open_sqlite_file(path, busy_timeout_s=_WAITS_S, exclusive=True, key=key) as file,
        closing(_connect(file, read_only=True)) as db,
    ):
        yield SqliteCopy(db)


@asynccontextmanager
async def open_sqlite_target(path: Path, *, key: bytes | None) -> AsyncIterator[CopyTarget]:
    """Open a new journal, or one whose copy was begun, to be filled.

    Raises:
        JournalUnavailableError: It holds something already, or a service has it.
    """
    with (
        open_sqlite_file(
            path, busy_timeout_s=_WAITS_S, exclusive=True, key=key, copying=True
        ) as file,
        closing(_connect(file)) as db,
    ):
        expect_empty(db)
        yield SqliteCopy(db)
