"""What waits for a side connection is written together: the calls' own writer is not kept out."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from service.errors import JournalError, JournalUnavailableError
from service.journal.sqlite.connection import Query, SqliteSideWriter


def written(number: int) -> Query:
    """Return a change that adds a row; there is one of each number."""
    return lambda db: db.execute("INSERT INTO one VALUES (?)", (number,)).fetchall()


def rows(path: Path) -> list[int]:
    """Return what is kept."""
    with closing(sqlite3.connect(path)) as db:
        return [number for (number,) in db.execute("SELECT number FROM one ORDER BY number")]


def traced(path: Path) -> tuple[Callable[[], sqlite3.Connection], list[str]]:
    """Make a table; return how to connect, without patience, and what is then executed."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE one (number INTEGER PRIMARY KEY)")
    told: list[str] = []

    def connect() -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, timeout=0)
        db.set_trace_callback(told.append)
        return db

    return connect, told


def test_what_waits_together_is_one_transaction(tmp_path: Path) -> None:
    """The file is looked for once, before."""
    connect, told = traced(tmp_path / "j.db")
    looked: list[int] = []
    writer = SqliteSideWriter(connect, lambda: looked.append(len(told)))

    assert writer.handle([written(1), written(2), written(3)]) == [[], [], []]
    writer.close()

    assert (told[0], told[-1], len(told)) == ("BEGIN IMMEDIATE", "COMMIT", 5)
    assert looked == [0]
    assert rows(tmp_path / "j.db") == [1, 2, 3]


def test_what_cannot_be_written_fails_alone(tmp_path: Path) -> None:
    """The others are written; so is what comes by itself."""
    connect, _ = traced(tmp_path / "j.db")
    writer = SqliteSideWriter(connect)
    writer.handle([written(1)])

    first, second, third = writer.handle([written(2), written(1), written(3)])
    writer.close()

    assert (first, third) == ([], [])
    assert isinstance(second, JournalError)
    assert not isinstance(second, JournalUnavailableError)
    assert rows(tmp_path / "j.db") == [1, 2, 3]


def test_where_the_file_is_locked_all_of_it_is_refused(tmp_path: Path) -> None:
    """Once for all of it, and nobody waits for each; it is taken once the lock is gone."""
    connect, told = traced(tmp_path / "j.db")
    writer = SqliteSideWriter(connect)
    with closing(sqlite3.connect(tmp_path / "j.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = writer.handle([written(1), written(2)])
    assert all(isinstance(one, JournalUnavailableError) for one in refused)
    assert told == ["BEGIN IMMEDIATE"]

    assert writer.handle([written(1), written(2)]) == [[], []]
    writer.close()
