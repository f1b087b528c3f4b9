"""The access log in the journal's SQLite file, on a connection of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from service.journal.accesses import LATEST, read_row, write_rows
from service.journal.sqlite.side_connection import SideConnection, open_side_connection
from service.journal.statements import load_statements
from service.ports import Access, AccessFilter, AccessStore

_SQL = load_statements("sqlite", "access")


class SqliteAccesses:
    """An `AccessStore`; its methods are documented there."""

    def __init__(self, side: SideConnection) -> None:
        self._do = side.do

    async def keep_accesses(self, accesses: Sequence[Access]) -> None:
        """See `AccessStore.keep_accesses`."""
        await self._do("keep_accesses", (write_rows(accesses),))

    async def accesses(
        self, wanted: AccessFilter, *, before: int | None, limit: int
    ) -> list[tuple[int, Access]]:
        """See `AccessStore.accesses`."""
        place = LATEST if before is None else before
        rows = await self._do(
            "accesses", (place, wanted.call_id, wanted.key_id, wanted.action, limit)
        )
        return [read_row(row) for row in rows]

    async def prune_accesses(self, before: float, *, most: int, limit: int) -> int:
        """See `AccessStore.prune_accesses`."""
        return len(await self._do("prune_accesses", (before, most, limit)))


@asynccontextmanager
async def open_sqlite_accesses(
    path: str | Path,
    *,
    busy_timeout_s: float = 1.0,
    key: bytes | None = None,
    threaded: bool = True,
) -> AsyncIterator[AccessStore]:
    """Open the access log in a journal's file, which must be ready; a service may be using it.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(
        path, "access-log", _SQL, busy_timeout_s=busy_timeout_s, key=key, threaded=threaded
    ) as side:
        yield SqliteAccesses(side)
