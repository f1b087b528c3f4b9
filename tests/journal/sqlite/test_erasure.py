"""Erasure in the SQLite file: no byte is left, and the audit says so."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import JournalTooNewError
from service.journal.sqlite.audit import open_audit
from service.journal.sqlite.file import SqliteFile, open_sqlite_file
from service.journal.sqlite.fulltext import deletes_at_once
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import WordQuery
from tests.journal.builders import (
    CALL,
    NUMBER,
    OTHER,
    SECRET,
    call_with,
    entry,
    erasing,
    said,
    talk,
    tombstone,
)
from tests.journal.harness import KEY


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


async def test_a_moment_with_a_numbers_digits_is_not_taken_for_it(path: Path) -> None:
    """Ten digits of a time say nothing of anybody."""
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
    with closing(sqlite3.connect(path)) as db:
        (moment,) = db.execute("SELECT CAST(max(created_at) AS TEXT) FROM event").fetchone()

    assert len(moment) > 3
    assert not [line for line in where_found(path, moment) if "created_at" in line]


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


async def test_a_newer_sqlite_takes_words_out_of_the_index_at_once(path: Path) -> None:
    """SQLCipher's is one: in small steps, and nothing else is written anew; others are found."""
    spoken = [said(n + 1, f"{SECRET} number {n}") for n in range(25)]
    async with (
        open_sqlite_journal(path, key=KEY) as journal,
        open_sqlite_library(path, key=KEY) as library,
    ):
        await journal.commit(call_with(*spoken))
        await journal.commit(call_with(said(1, f"{SECRET} of others", OTHER)))
        await journal.commit(erasing(1, tombstone(26)))
        with closing(SqliteFile(path=path, busy_timeout_s=1, key=KEY).connect()) as db:
            assert deletes_at_once(db)
            db.execute(
                "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, utterance_words, row)"
            )
            found = dict(db.execute("SELECT term, cnt FROM words"))
            db.execute("INSERT INTO utterance_words (utterance_words) VALUES ('integrity-check')")
        hits = await library.search(WordQuery(words=SECRET), limit=9)

        assert "number" not in found
        assert found[SECRET] == 1
        assert [hit.call_id for hit in hits] == [OTHER]
        assert await journal.scrub()


def test_an_index_that_this_sqlite_cannot_read_is_told_at_the_start(path: Path) -> None:
    """Words left it at once, by a newer SQLite: an older one would fail at the first search."""
    with (
        open_sqlite_file(path, exclusive=True, busy_timeout_s=1) as file,
        closing(file.connect()) as db,
    ):
        db.execute("UPDATE utterance_words_config SET v = 5 WHERE k = 'version'")
    opening = open_sqlite_file(path, exclusive=True, busy_timeout_s=1)
    if sqlite3.sqlite_version_info >= (3, 42):
        with opening:
            return
    with pytest.raises(JournalTooNewError, match=r"3\.42"), opening:
        pass
