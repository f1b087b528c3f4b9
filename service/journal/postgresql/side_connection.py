"""A side connection: to a journal's database, beside the one that calls are written by."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, cast

from service.journal.postgresql.connection import Connection, KeptConnection, Query, Reader, Row
from service.journal.postgresql.migrations import expect_ready
from service.journal.postgresql.opening import explained
from service.journal.postgresql.text import from_database, to_database
from service.journal.statements import Statement
from service.journal.task_worker import open_task_worker
from service.journal.worker import Worker

_MAX_WAITING: Final = 1_000


class SideConnection:
    """Runs named statements, each by itself."""

    def __init__(self, worker: Worker[Query], statements: Mapping[str, Statement]) -> None:
        self._worker = worker
        self._statements = statements

    async def do(self, name: str, *values: object) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            JournalUnavailableError: The database does not answer, or too much waits for it.
        """
        sql = self._statements[name].text
        return cast(list[Row], await self._worker.do(partial(_rows, sql, values)))


async def _rows(sql: str, values: tuple[object, ...], db: Connection) -> list[Row]:
    given = (to_database(one) if isinstance(one, str) else one for one in values)
    return [
        [from_database(one) if isinstance(one, str) else one for one in row]
        for row in await db.fetch(sql, *given)
    ]


@asynccontextmanager
async def open_side_connection(
    url: str, name: str, statements: Mapping[str, Statement]
) -> AsyncIterator[SideConnection]:
    """Open a connection to a journal's database, which must be ready.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    kept = KeptConnection(url, name=name)
    async with explained(kept):
        await expect_ready(await kept.get())
    async with open_task_worker(Reader(kept), limit=_MAX_WAITING) as worker:
        yield SideConnection(worker, statements)
