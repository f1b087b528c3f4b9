"""Webhooks that are passed on, in the journal's SQLite file, on a connection of their own."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from service.journal.sqlite.side_connection import SideConnection, open_side_connection
from service.journal.statements import load_statements
from service.ports import Forwards, StoredForward

_SQL = load_statements("sqlite", "forwards")


class SqliteForwards:
    """`Forwards`; the methods are documented there."""

    def __init__(self, side: SideConnection) -> None:
        self._do = side.do

    async def keep(self, event_id: str, lane: str, received_at: float, sealed: bytes) -> None:
        """See `Forwards.keep`."""
        await self._do("keep", (event_id, lane, received_at, sealed))

    async def waiting(self, limit: int) -> Sequence[StoredForward]:
        """See `Forwards.waiting`."""
        return [StoredForward(*row) for row in await self._do("waiting", (limit,))]

    async def settle(self, numbers: Sequence[int]) -> None:
        """See `Forwards.settle`."""
        await self._do("settle", (json.dumps(list(numbers)),))

    async def prune(self, before: float) -> None:
        """See `Forwards.prune`."""
        await self._do("prune", (before,))


@asynccontextmanager
async def open_sqlite_forwards(
    path: str | Path,
    *,
    busy_timeout_s: float = 5.0,
    key: bytes | None = None,
    threaded: bool = True,
) -> AsyncIterator[Forwards]:
    """Open the webhooks that are passed on in a journal's file, which must be ready.

    Raises:
        JournalUnavailableError: There is no such file, or it cannot be opened.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(
        path, "forwards", _SQL, busy_timeout_s=busy_timeout_s, key=key, threaded=threaded
    ) as side:
        await side.do("make", ())
        await side.do("index", ())
        yield SqliteForwards(side)
