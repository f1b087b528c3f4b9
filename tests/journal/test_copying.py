"""A journal that is copied into another database is the same journal there, and goes on."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from service.errors import JournalError, JournalUnavailableError
from service.journal.copying import Copied, copy_journal
from service.journal.database import open_copy_source, open_copy_target
from service.journal.sqlite.copying import SqliteCopy
from service.journal.tables import TABLES, Row, Table
from tests.journal.builders import CALL, entry
from tests.journal.harness import Database, open_reading, postgresql_database, sqlite_database
from tests.journal.postgresql_server import make_schema, schema_url
from tests.journal.trace import SEED, Trace, looks


class PulledPlugError(Exception):
    """Somebody stopped the copy."""


class Stopping:
    """A target that is stopped while it is written to."""

    def __init__(self, target: SqliteCopy, at: str) -> None:
        self._target = target
        self._at = at
        self.rows = target.rows
        self.begin = target.begin
        self.last_key = target.last_key
        self.finish = target.finish

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Write half of the rows of the table it stops at."""
        if table.name == self._at:
            await self._target.write(table, rows[: len(rows) // 2])
            raise PulledPlugError
        await self._target.write(table, rows)


async def copy(source: str, target: str, stop_at: str = "") -> list[Copied]:
    """Copy, as the command does; stop in the middle of a table, if one is named."""
    async with AsyncExitStack() as stack:
        reading = await stack.enter_async_context(open_copy_source(source))
        writing = await stack.enter_async_context(open_copy_target(target))
        filled = Stopping(writing, stop_at) if stop_at else writing  # type: ignore[arg-type]  # either
        return [copied async for copied in copy_journal(reading, filled)]


async def with_history(database: Database) -> dict[str, object]:
    """Give a database its history; return what it looks like."""
    async with database.journal(clock=lambda: 1_000.0) as journal:
        await Trace(Random(SEED)).run(journal)  # noqa: S311 - to be played again
    async with open_reading(database) as (journal, library):
        return await looks(journal, library)


async def test_there_and_back_everything_is_as_it_was(tmp_path: Path) -> None:
    """From SQLite to PostgreSQL, stopped in the middle of its tables, and back to a new file."""
    first, last = tmp_path / "journal.db", tmp_path / "back" / "journal.db"
    last.parent.mkdir()
    url = schema_url("there_and_back")
    await make_schema("there_and_back")
    expected = await with_history(sqlite_database(tmp_path))
    for table in ("call", "leg", "event", "utterance", "summary", "lane", "attempt"):
        with pytest.raises(PulledPlugError):
            await copy(f"sqlite:///{first}", url, stop_at=table)
    copied = await copy(f"sqlite:///{first}", url)
    back = await copy(url, f"sqlite:///{last}")

    assert copied == back
    assert [one.table for one in copied] == [table.name for table in TABLES]
    for database in (sqlite_database(last.parent), of_schema(url)):
        async with open_reading(database) as (journal, library):
            seen = await looks(journal, library)
            for what, was in expected.items():
                assert seen[what] == was, what
            newest = await library.newest()
            await journal.commit(entry(0, [1], call_id=CALL))
            (event,) = await library.events(after=newest, limit=9)
            assert event.event.call_id == CALL


def of_schema(url: str) -> Database:
    """Return the database of a URL."""
    return postgresql_database(Path("unused"), url=url)


async def test_a_copy_that_is_not_finished_is_no_journal(tmp_path: Path) -> None:
    """No service begins with half of the calls; the error says how to go on."""
    source, target = f"sqlite:///{tmp_path / 'journal.db'}", tmp_path / "half" / "journal.db"
    target.parent.mkdir()
    await with_history(sqlite_database(tmp_path))
    with pytest.raises(PulledPlugError):
        await copy(source, f"sqlite:///{target}", stop_at="event")

    for exclusive in (True, False):
        with pytest.raises(JournalUnavailableError, match="journal copy"):
            await sqlite_database(target.parent).journal(exclusive=exclusive).__aenter__()
    await copy(source, f"sqlite:///{target}")
    async with sqlite_database(target.parent).journal() as journal:
        assert await journal.unfinished()


async def test_a_copy_that_was_begun_is_not_gone_on_with_from_elsewhere(tmp_path: Path) -> None:
    """On either database: what is there is of another journal."""
    url = schema_url("begun")
    await make_schema("begun")
    for name in ("one", "other", "half"):
        (tmp_path / name).mkdir()
        await with_history(sqlite_database(tmp_path / name)) if name != "half" else None
    for target in (url, f"sqlite:///{tmp_path / 'half' / 'journal.db'}"):
        with pytest.raises(PulledPlugError):
            await copy(f"sqlite:///{tmp_path / 'one' / 'journal.db'}", target, stop_at="event")
        with pytest.raises(JournalUnavailableError, match="of another journal"):
            await copy(f"sqlite:///{tmp_path / 'other' / 'journal.db'}", target)
        assert await copy(f"sqlite:///{tmp_path / 'one' / 'journal.db'}", target)


async def test_nothing_is_copied_over_a_journal(tmp_path: Path) -> None:
    """Nor is one copied that a service has open."""
    source, target = tmp_path / "journal.db", tmp_path / "other" / "journal.db"
    target.parent.mkdir()
    async with sqlite_database(tmp_path).journal() as journal:
        await journal.commit(entry())
        with pytest.raises(JournalUnavailableError):
            await copy(f"sqlite:///{source}", f"sqlite:///{target}")
    async with sqlite_database(target.parent).journal() as journal:
        await journal.commit(entry())
    with pytest.raises(JournalUnavailableError, match="holds a journal already"):
        await copy(f"sqlite:///{source}", f"sqlite:///{target}")


async def test_a_copy_that_differs_is_not_called_one(tmp_path: Path) -> None:
    """Every row is compared, whatever the copying believes."""

    class Forgetful(Stopping):
        async def write(self, table: Table, rows: Sequence[Row]) -> None:
            """Lose the last row of a table."""
            await self._target.write(table, rows[:-1] if table.name == self._at else rows)

    source, target = tmp_path / "journal.db", tmp_path / "other" / "journal.db"
    target.parent.mkdir()
    await with_history(sqlite_database(tmp_path))
    async with AsyncExitStack() as stack:
        reading = await stack.enter_async_context(open_copy_source(f"sqlite:///{source}"))
        writing = await stack.enter_async_context(open_copy_target(f"sqlite:///{target}"))
        with pytest.raises(JournalError, match="is not what it was copied from"):
            async for _ in copy_journal(reading, Forgetful(writing, "lane")):  # type: ignore[arg-type]  # as above
                pass
