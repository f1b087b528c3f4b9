"""Erasure in the SQLite file: no byte is left, and the audit says so."""

import asyncio
import sqlite3
from pathlib import Path

from service.journal.sqlite.audit import open_audit
from service.journal.sqlite.journal import open_sqlite_journal
from tests.journal.builders import (
    CALL,
    NUMBER,
    OTHER,
    SECRET,
    entry,
    erasing,
    talk,
    tombstone,
)


def where_found(path: Path, sought: str) -> list[str]:
    """Ask the audit where this is still to be found."""
    with open_audit(path) as audit:
        return audit.where_found(sought)


def left_of_erased(path: Path) -> list[str]:
    """Ask the audit what is left of erased calls."""
    with open_audit(path) as audit:
        return audit.left_of_erased()


def _all_bytes(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


def _begin_reading(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM event").fetchone()
    return db


async def test_the_files_hold_no_byte_of_it_once_scrubbed(path: Path) -> None:
    """Not in free pages, not in the log, not in the index; before, the audit finds it."""
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        assert where_found(path, SECRET.upper())
        with open_audit(path) as audit:
            assert audit.not_erased([CALL, "nobody"]) == [CALL]
        await journal.commit(erasing(2, tombstone(4)))
        assert await journal.unscrubbed()
        assert left_of_erased(path) == [f"{CALL}: bytes that were not scrubbed yet (1)"]
        assert await journal.scrub()

        assert not await journal.unscrubbed()
        assert [where_found(path, one) for one in (SECRET, NUMBER, NUMBER[1:])] == [[], [], []]
        raw = _all_bytes(path.parent)
        assert SECRET.encode() not in raw
        assert NUMBER.encode() not in raw


async def test_the_audit_says_what_is_left_and_where(path: Path) -> None:
    """Bytes that no table has are found in the files."""
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        tables = where_found(path, SECRET)
        await journal.commit(erasing(2, tombstone(4)))
        unscrubbed = where_found(path, SECRET)

    assert "table event, column body (3)" in tables
    assert "index of words" in tables
    assert unscrubbed == ["bytes of journal.db-wal"] or unscrubbed[0].startswith("table utterance")


async def test_a_scrub_that_a_reader_holds_up_says_so_and_commits_go_on(path: Path) -> None:
    """It is done again later; nobody who commits waits for the reader."""
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        reader = await asyncio.to_thread(_begin_reading, path)
        await journal.commit(erasing(2, tombstone(4)))
        assert not await journal.scrub()
        await journal.commit(entry(call_id=OTHER, seqs=[1]))
        reader.close()

        assert await journal.unscrubbed()
        assert await journal.scrub()
