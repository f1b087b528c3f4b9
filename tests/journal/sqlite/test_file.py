"""Opening the file: made, migrated, or refused with a reason."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.errors import JournalTooNewError, JournalUnavailableError
from service.journal.sqlite.file import SqliteFile, migrate, open_sqlite_file
from service.journal.statements import load_migrations
from tests.service.journal_dump import restore

FIXTURES = Path(__file__).parents[3] / "fixtures" / "journals"
NEWEST = len(load_migrations("sqlite"))


def opened(path: Path, *, exclusive: bool = True) -> SqliteFile:
    """Open the file, close it again, and return what it was."""
    with open_sqlite_file(path, exclusive=exclusive, busy_timeout_s=0.1, set_up=None) as file:
        return file


def version(path: Path) -> int:
    """Return the schema version of the file."""
    with closing(sqlite3.connect(path)) as db:
        (number,) = db.execute("PRAGMA user_version").fetchone()
        return int(number)


def test_a_new_file_gets_the_newest_schema(tmp_path: Path) -> None:
    """And opening it again leaves it so."""
    opened(tmp_path / "a.db")
    opened(tmp_path / "a.db")
    opened(tmp_path / "a.db", exclusive=False)

    assert version(tmp_path / "a.db") == NEWEST


def test_odd_file_names_are_names_of_files(tmp_path: Path) -> None:
    """A question mark or percent sign in a name is no option."""
    path = tmp_path / "a b?mode=memory#%20.db"
    opened(path)

    assert version(path) == NEWEST


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    """The error says which versions; nothing is changed."""
    path = tmp_path / "a.db"
    opened(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {NEWEST + 1}")

    for exclusive in (True, False):
        with pytest.raises(JournalTooNewError, match=f"schema {NEWEST + 1}"):
            opened(path, exclusive=exclusive)
    assert version(path) == NEWEST + 1


def test_an_older_database_is_brought_up_by_the_service_only(tmp_path: Path) -> None:
    """The command line does not change a file under the feet of an older service."""
    path = tmp_path / "a.db"
    path.touch()
    with pytest.raises(JournalUnavailableError, match="older version"):
        opened(path, exclusive=False)

    opened(path)
    assert version(path) == NEWEST


def test_every_step_of_the_migrations_holds_for_itself(tmp_path: Path) -> None:
    """A step that fails leaves the database at the step before, and can be tried again."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as db:
        first = load_migrations("sqlite")[0]
        with pytest.raises(sqlite3.OperationalError):
            migrate(
                db, [first, "CREATE TABLE more (a TEXT) STRICT; INSERT INTO nowhere VALUES (1);"]
            )
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT name FROM sqlite_schema WHERE name = 'more'").fetchone() is None

        migrate(db, [first, "CREATE TABLE more (a TEXT) STRICT;"])
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


def test_the_command_line_makes_no_file(tmp_path: Path) -> None:
    """A wrong path is told, not turned into an empty journal."""
    with pytest.raises(JournalUnavailableError, match="no journal at"):
        opened(tmp_path / "a.db", exclusive=False)
    assert list(tmp_path.iterdir()) == []


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Its tables are not ours to add to."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE notes (text)")

    with pytest.raises(JournalUnavailableError, match="another program"):
        opened(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The text says so and the file stays as it was."""
    path = tmp_path / "a.db"
    path.write_bytes(b"dear diary" * 1000)

    with pytest.raises(JournalUnavailableError, match="not a database"):
        opened(path)
    assert path.read_bytes() == b"dear diary" * 1000


@pytest.mark.parametrize("name", ["missing/a.db", ".", "a.db/b.db"])
def test_a_place_that_cannot_hold_a_file_is_told(tmp_path: Path, name: str) -> None:
    """No folder, or a folder where the file should be."""
    (tmp_path / "a.db").touch()
    with pytest.raises(JournalUnavailableError, match="cannot open"):
        opened(tmp_path / name)


def test_without_a_write_ahead_log_nothing_starts() -> None:
    """Where SQLite cannot keep a WAL (here: in memory) the promise of durability would not hold."""
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as db,
        pytest.raises(sqlite3.DatabaseError, match="write-ahead log"),
    ):
        migrate(db, load_migrations("sqlite"))


def test_each_step_of_a_migration_is_told_with_the_way_back(tmp_path: Path) -> None:
    """An older version cannot read the journal from then on; a new journal is no step."""
    path = tmp_path / "calls.db"
    restore((FIXTURES / "schema-6.sql").read_text(), path)
    newest = len(load_migrations("sqlite"))

    with capture_logs() as told, open_sqlite_file(path, busy_timeout_s=1, exclusive=True):
        pass
    steps = [(line["from_schema"], line["to_schema"]) for line in told]

    assert steps == [(one, one + 1) for one in range(6, newest)]
    assert all("backup" in line["back"] for line in told)
    with (
        capture_logs() as nothing,
        open_sqlite_file(tmp_path / "new.db", busy_timeout_s=1, exclusive=True),
    ):
        pass
    assert nothing == []
