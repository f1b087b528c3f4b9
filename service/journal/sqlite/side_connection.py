"""A side connection: to a journal's file, beside the one that calls are written by."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from service.journal.sqlite.connection import Query, SqliteSideWriter
from service.journal.sqlite.file import open_sqlite_file
from service.journal.statements import Statement
from service.journal.worker import Worker, open_worker

_MAX_WAITING: Final = 1_000

Row = tuple[Any, ...]


class SideConnection:
    """Runs named statements, each by itself."""

    def __init__(self, worker: Worker[Query], statements: Mapping[str, Statement]) -> None:
        self._worker = worker
        self._statements = statements

    async def do(self, name: str, values: Row) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            JournalUnavailableError: The database does not answer, or too much waits for it.
        """
        sql = self._statements[name].sql()
        return cast(list[Row], await self._worker.do(partial(_rows, sql, values)))


def _rows(sql: str, values: Row, db: sqlite3.Connection) -> list[Row]:
    return db.execute(sql, values).fetchall()


@asynccontextmanager
async def open_side_connection(
    path: str | Path,
    name: str,
    statements: Mapping[str, Statement],
    *,
    busy_timeout_s: float,
    key: bytes | None,
    threaded: bool = True,
) -> AsyncIterator[SideConnection]:
    """Open a journal's file, which must be ready; a service may be using it.

    `threaded` is as in `open_worker`, here and in all that opens a part of the file.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    with open_sqlite_file(Path(path), busy_timeout_s=busy_timeout_s, key=key) as file:
        writer = SqliteSideWriter(file.connect, file.expect_in_place)
        opening = open_worker(name, writer, limit=_MAX_WAITING, threaded=threaded)
        async with opening as worker:
            yield SideConnection(worker, statements)
