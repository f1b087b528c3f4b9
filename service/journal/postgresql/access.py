"""The access log in the journal's PostgreSQL database, on a connection of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service.journal.accesses import LATEST, read_row, write_rows
from service.journal.postgresql.side_connection import SideConnection, open_side_connection
from service.journal.statements import load_statements
from service.ports import Access, AccessFilter, AccessStore

_SQL = load_statements("postgresql", "access")


class PostgresqlAccesses:
    """An `AccessStore`; its methods are documented there."""

    def __init__(self, side: SideConnection) -> None:
        self._do = side.do

    async def keep_accesses(self, accesses: Sequence[Access]) -> None:
        """See `AccessStore.keep_accesses`."""
        await self._do("keep_accesses", write_rows(accesses))

    async def accesses(
        self, wanted: AccessFilter, *, before: int | None, limit: int
    ) -> list[tuple[int, Access]]:
        """See `AccessStore.accesses`."""
        place = LATEST if before is None else before
        rows = await self._do(
            "accesses", place, wanted.call_id, wanted.key_id, wanted.action, limit
        )
        return [read_row(row) for row in rows]

    async def prune_accesses(self, before: float, *, most: int, limit: int) -> int:
        """See `AccessStore.prune_accesses`."""
        return len(await self._do("prune_accesses", before, most, limit))


@asynccontextmanager
async def open_postgresql_accesses(url: str) -> AsyncIterator[AccessStore]:
    """Open the access log in a journal's database, which must be ready; services may be using it.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(url, "access-log", _SQL) as side:
        yield PostgresqlAccesses(side)
