"""A service that was cut off from PostgreSQL: it goes on, unless another one came meanwhile."""

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from service.errors import JournalUnavailableError
from tests.journal.builders import entry
from tests.journal.harness import postgresql_database
from tests.journal.postgresql_server import server_url


async def cut_off() -> None:
    """End every connection of a writer, as a firewall or a failover does."""
    db = await asyncpg.connect(server_url())
    await db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'callscribe/writer'"
    )
    await db.close()


async def test_whoever_is_cut_off_goes_on_if_nobody_came(tmp_path: Path) -> None:
    """The lock is taken again with the next connection."""
    lost = asyncio.Event()
    async with postgresql_database(tmp_path).journal(lost=lost.set) as journal:
        await journal.commit(entry(0))
        await cut_off()
        with suppress(JournalUnavailableError):  # it may not know yet
            await journal.check()
        await journal.commit(entry(1))

        assert not lost.is_set()


async def test_whoever_is_cut_off_ends_if_another_service_came(tmp_path: Path) -> None:
    """Also if that one is gone again: what this one has in memory is not what is kept any more."""
    lost, database = asyncio.Event(), postgresql_database(tmp_path)
    async with database.journal(lost=lost.set) as journal:
        await cut_off()
        async with database.journal() as other:
            await other.commit(entry(0))
            for _ in range(2):
                with pytest.raises(JournalUnavailableError):
                    await journal.commit(entry(0))
            assert lost.is_set()
        with pytest.raises(JournalUnavailableError, match="meanwhile"):
            await journal.commit(entry(0))


async def test_no_schema_is_told_as_such() -> None:
    """And not as another service that has the database."""
    nowhere = postgresql_database(Path("unused"), url=f"{server_url()}?search_path=nowhere")
    with pytest.raises(JournalUnavailableError, match="no schema"):
        await nowhere.journal().__aenter__()


@pytest.mark.parametrize("more", ["bogus=1", "sslmode=garbage", "command_timeout=x"])
async def test_a_url_that_the_driver_does_not_take_is_told_in_a_line(more: str) -> None:
    """Whatever class its errors are of."""
    wrong = postgresql_database(Path("unused"), url=f"{server_url()}?{more}")
    with pytest.raises(JournalUnavailableError, match="does not answer"):
        await wrong.journal().__aenter__()
