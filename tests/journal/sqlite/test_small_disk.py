"""A disk that the journal itself fills: its log takes no room that the database needs."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from service.errors import JournalUnavailableError
from service.ids import CallId
from service.journal.sqlite.file import PRAGMAS
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Journal, Library
from tests.journal.builders import call_with, said, started
from tests.small_disk import fill, small_disk

DISK_BYTES = 8 << 20
WORDS = "some words that people say to one another " * 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a real one of 8 MB."""
    with small_disk(tmp_path, str(DISK_BYTES)) as place:
        if place is None:
            pytest.skip("no tmpfs can be mounted here")
        yield place


async def fill_up(journal: Journal, began_at: int = 0) -> int:
    """Commit calls of ten finals until the journal refuses; return how many there are then."""
    for number in range(began_at, 10_000):
        call_id = CallId(f"call-{number}")
        finals = [said(seq, f"{WORDS} {number * 7919 + seq}", call_id) for seq in range(2, 12)]
        try:
            await journal.commit(call_with(started(call_id), *finals))
        except JournalUnavailableError:
            return number
    raise AssertionError("it never filled up")


async def open_both(stack: AsyncExitStack, path: Path) -> tuple[Journal, Library]:
    """Open a journal, and a reader that keeps its log there when the writer lets go of it."""
    journal = await stack.enter_async_context(open_sqlite_journal(path))
    library = await stack.enter_async_context(open_sqlite_library(path))
    await library.newest()
    return journal, library


async def test_the_database_gets_what_room_there_is(disk: Path) -> None:
    """Not its log: that is brought in while there is room to, and its own room given back."""
    path = disk / "a.db"
    async with AsyncExitStack() as stack:
        journal, library = await open_both(stack, path)
        calls = await fill_up(journal)

        assert path.stat().st_size > 0.9 * DISK_BYTES
        assert await library.newest() > 0
        assert await journal.load(CallId(f"call-{calls - 1}")) is not None
        assert await journal.load(CallId(f"call-{calls}")) is None


async def test_with_room_again_commits_go_through_by_themselves(disk: Path) -> None:
    """What somebody else wrote goes away, and the journal goes on: for as much as there is room."""
    path, other = disk / "a.db", disk / "other"
    async with AsyncExitStack() as stack:
        journal, _ = await open_both(stack, path)
        other.write_bytes(bytes(DISK_BYTES // 2))
        before = await fill_up(journal)
        fill(disk / "rest")
        assert await fill_up(journal, before) == before
        (disk / "rest").unlink()
        other.unlink()

        assert await fill_up(journal, before) > 1.6 * before


async def test_a_disk_that_a_log_has_filled_is_got_back(disk: Path) -> None:
    """As it was left by a version that let the log grow: it is brought in, and given back."""
    path = disk / "a.db"
    async with open_sqlite_journal(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in PRAGMAS:
            db.execute(pragma)
        while shutil.disk_usage(disk).free > 8 << 10:  # the same page again and again
            db.execute("UPDATE probe SET checks = checks + 1")
        async with open_sqlite_journal(path) as journal:
            assert await fill_up(journal) > 100
