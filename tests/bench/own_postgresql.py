"""A PostgreSQL of the benchmark's own, which waits for its disk, and what it says it did."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.journal.postgresql_server import SOUND, make_server

_OPTIONS = (
    *SOUND, "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "autovacuum=on",
    "-c", "maintenance_work_mem=512MB", "-c", "max_connections=200",
)  # fmt: skip


@asynccontextmanager
async def open_own_postgresql() -> AsyncIterator[str]:
    """Start one; yield the URL of an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    try:
        server = await asyncio.to_thread(make_server, folder, _OPTIONS)
        process = await asyncio.to_thread(server.start)
        try:
            yield server.url
        finally:
            process.send_signal(signal.SIGQUIT)
            await asyncio.to_thread(process.wait)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Written:
    """What a server has written since it began."""

    transactions: int
    wal_bytes: int

    def since(self, earlier: "Written") -> "Written":
        """Return what came after that."""
        return Written(self.transactions - earlier.transactions, self.wal_bytes - earlier.wal_bytes)


async def ask(url: str, query: str, *values: object) -> list[asyncpg.Record]:
    """Ask a database."""
    db = await asyncpg.connect(url)
    try:
        return list(await db.fetch(query, *values))
    finally:
        await db.close()


async def written(url: str) -> Written:
    """Return what the server has written so far."""
    ((transactions, wal_bytes),) = await ask(
        url,
        "SELECT pg_current_xact_id()::text::bigint, pg_current_wal_insert_lsn() - '0/0'::pg_lsn",
    )
    return Written(transactions, int(wal_bytes))
