"""Webhooks that are passed on, in the journal's PostgreSQL database, on their own connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service.journal.postgresql.side_connection import SideConnection, open_side_connection
from service.journal.statements import load_statements
from service.ports import Forwards, StoredForward

_SQL = load_statements("postgresql", "forwards")


class PostgresqlForwards:
    """`Forwards`; the methods are documented there."""

    def __init__(self, side: SideConnection) -> None:
        self._do = side.do

    async def keep(self, event_id: str, lane: str, received_at: float, sealed: bytes) -> None:
        """See `Forwards.keep`."""
        await self._do("keep", event_id, lane, received_at, sealed)

    async def waiting(self, limit: int) -> Sequence[StoredForward]:
        """See `Forwards.waiting`."""
        return [StoredForward(*row) for row in await self._do("waiting", limit)]

    async def settle(self, numbers: Sequence[int]) -> None:
        """See `Forwards.settle`."""
        await self._do("settle", list(numbers))

    async def prune(self, before: float) -> None:
        """See `Forwards.prune`."""
        await self._do("prune", before)


@asynccontextmanager
async def open_postgresql_forwards(url: str) -> AsyncIterator[Forwards]:
    """Open the webhooks that are passed on in a journal's database, which must be ready.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(url, "forwards", _SQL) as side:
        await side.do("make")
        yield PostgresqlForwards(side)
