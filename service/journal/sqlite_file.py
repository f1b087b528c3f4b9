"""The SQLite file: made, locked, brought to the newest schema, and connected to."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.errors import JournalTooNewError, JournalUnavailableError
from service.journal.statements import load_migrations

APPLICATION_ID = 0x43534352
_CACHED_STATEMENTS = 256  # some are written for many numbers of rows
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    # 32 MB of log between checkpoints: at 4 MB, half of the time went into them under load
    "PRAGMA wal_autocheckpoint = 8000",
    "PRAGMA journal_size_limit = 67108864",
)

SetUp = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    """A file that is ready to be connected to."""

    path: Path
    busy_timeout_s: float
    set_up: SetUp | None = None

    def connect(self, *, read_only: bool = False) -> sqlite3.Connection:
        """Return a connection for the calling thread, in autocommit mode.

        Raises:
            sqlite3.Error: The file cannot be opened; it is never created here.
        """
        db = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=self.busy_timeout_s,
            isolation_level=None,
            cached_statements=_CACHED_STATEMENTS,
        )
        try:
            for pragma in _PRAGMAS:
                db.execute(pragma)
            if read_only:
                db.execute("PRAGMA query_only = ON")
            if self.set_up:
                self.set_up(db)
        except BaseException:
            db.close()
            raise
        return db


@contextmanager
def open_sqlite_file(
    path: Path, *, exclusive: bool, busy_timeout_s: float, set_up: SetUp | None
) -> Iterator[SqliteFile]:
    """Open the file; `exclusive` makes, locks and migrates it, otherwise it must be ready.

    Raises:
        JournalUnavailableError: It cannot be opened or locked; the text says why.
        JournalTooNewError: A newer version wrote it.
    """
    path = path.absolute()
    file = SqliteFile(path=path, busy_timeout_s=busy_timeout_s, set_up=set_up)
    if not exclusive:
        with _explained(path):
            _expect_ready(file)
        yield file
        return
    with _lock(path.with_name(path.name + ".lock")):
        with _explained(path):
            _make(path)
            with closing(file.connect()) as db:
                migrate(db, load_migrations("sqlite"))
        yield file


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise JournalUnavailableError(f"cannot open the database {path}: {error}") from error


def _make(path: Path) -> None:
    # transcripts are nobody else's to read; SQLite gives the same mode to its -wal and -shm
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    # An open transaction on a file of its own: it locks wherever SQLite does, the kernel lets
    # go of it when the process dies, and the journal itself stays open to the command line.
    with _explained(path):
        _make(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise JournalUnavailableError(
                f"another process keeps its journal here ({path} is locked): stop that one first,"
                " or give this one another database_url"
            ) from error
        yield


def _expect_ready(file: SqliteFile) -> None:
    if not file.path.exists():
        raise JournalUnavailableError(
            f"there is no journal at {file.path}: the service makes it when it first starts"
        )
    with closing(file.connect()) as db:
        newest = len(load_migrations("sqlite"))
        if _version(db, newest) < newest:
            raise JournalUnavailableError(
                f"{file.path} was written by an older version: the service updates it when it"
                " starts"
            )


def _version(db: sqlite3.Connection, newest: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if tables and application_id != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is the database of another program")
    if version > newest:
        raise JournalTooNewError(
            f"the database has schema {version} and this version knows up to {newest}:"
            " run the version that wrote it, or a newer one"
        )
    return int(version)


def migrate(db: sqlite3.Connection, scripts: list[str]) -> None:
    """Bring a database to the newest schema, one transaction for each script it lacks."""
    version = _version(db, len(scripts))
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.DatabaseError("its file system cannot hold a write-ahead log")
    for number, script in enumerate(scripts[version:], version + 1):
        try:
            db.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {number};COMMIT;")
        except sqlite3.Error:
            db.rollback()
            raise
