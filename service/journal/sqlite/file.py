"""Makes, locks and migrates the SQLite file, and connects to it as long as it is the same file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from service.errors import JournalTooNewError, JournalUnavailableError
from service.journal.sqlite.driver import PLAIN_START, connecting, database_errors, unlock
from service.journal.sqlite.fulltext import expect_readable
from service.journal.sqlite.locks import (
    FileId,
    identify,
    is_there,
    locked,
    locked_within,
    make_private,
)
from service.journal.sqlite.log import bound_log
from service.journal.statements import load_migrations, load_statements
from service.journal.words import letters_apart
from service.reasons import system_fault

APPLICATION_ID = 0x43534352
COPY_ID = 0x43534342
"""That of a copy, which no service may have."""
_CACHED_STATEMENTS = 256  # some are written for many numbers of rows
PRAGMAS: tuple[str, ...] = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    # 32 MB of log between checkpoints: at 4 MB, half of the time went into them under load.
    # Where there is little room, `log` makes them sooner
    "PRAGMA wal_autocheckpoint = 8000",
    "PRAGMA journal_size_limit = 67108864",
)
"""What every connection is told first."""

SMALL_CACHE_KIB = 4 * 1024
"""For who reads now and then; the system has the file in memory as well."""
LARGE_CACHE_KIB = 32 * 1024

BEGIN_COPY = "CREATE TABLE IF NOT EXISTS unfinished_copy (id INTEGER PRIMARY KEY, source TEXT)"
END_COPY = "DROP TABLE unfinished_copy"
_COPY_BEGUN = "SELECT count(*) FROM sqlite_schema WHERE name = 'unfinished_copy'"
_HAS_WORDS = 2
"""The version from which on there is an index of words."""
_NO_DATABASE = "file is not a database"

_BACK = "an older version needs the backup from before: see `callscribe journal --help`"
_PUT_BACK = "nothing is written until the file is back, or the service is started again"

log = structlog.get_logger()

SetUp = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteFile:
    """A file that is ready to be connected to."""

    path: Path
    busy_timeout_s: float
    set_up: SetUp | None = None
    key: bytes | None = field(default=None, repr=False)
    identity: FileId | None = None
    """What the file was when it was opened; None if it does not matter."""

    def expect_in_place(self) -> None:
        """Expect the file to be where it was, and no other in its place.

        Raises:
            OSError: It is not. What is written to it now, nobody finds again.
        """
        if self.identity is None:
            return
        try:
            found = identify(self.path)
        except OSError as error:
            raise OSError(f"{self.path} is gone: {_PUT_BACK}") from error
        if found != self.identity:
            raise OSError(f"{self.path} is another file than before: {_PUT_BACK}")

    def connect(
        self, *, read_only: bool = False, cache_kib: int = SMALL_CACHE_KIB
    ) -> sqlite3.Connection:
        """Return a connection for the calling thread, in autocommit mode.

        It keeps up to `cache_kib` of the file in memory: every connection of its own.

        Raises:
            sqlite3.Error: The file cannot be opened; it is never created here. (With a key:
                SQLCipher's; see `database_errors`.)
            OSError: It is not the file that it was.
        """
        self.expect_in_place()
        db = connecting(self.key)(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=self.busy_timeout_s,
            isolation_level=None,
            cached_statements=_CACHED_STATEMENTS,
        )
        try:
            unlock(db, self.key)
            for pragma in PRAGMAS:
                db.execute(pragma)
            # triggers ask it of what they keep
            db.create_function("letters_apart", 1, letters_apart, deterministic=True)
            db.execute(f"PRAGMA cache_size = -{cache_kib}")
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
    path: Path,
    *,
    busy_timeout_s: float,
    exclusive: bool = False,
    set_up: SetUp | None = None,
    key: bytes | None = None,
    copying: bool = False,
) -> Iterator[SqliteFile]:
    """Open the file; `exclusive` makes, locks and migrates it, otherwise it must be ready.

    A copy that was begun and not finished is only opened by who is `copying`.

    Raises:
        JournalUnavailableError: It cannot be opened or locked; the text says why.
        SettingsError: There is a key, and nothing here that could use it.
        JournalTooNewError: A newer version wrote it.
    """
    path = path.absolute()
    made = partial(SqliteFile, path=path, busy_timeout_s=busy_timeout_s, set_up=set_up, key=key)
    if not exclusive:
        with explained(path, key):
            _expect_ready(made())
            file = made(identity=identify(path))
        yield file
        return
    with locked(path), ExitStack() as stack:
        with explained(path, key):
            make_private(path)
            stack.enter_context(locked_within(path))
            file = made(identity=identify(path))
            with closing(file.connect()) as db:
                bound_log(db, path)  # of a process that died on a full disk
                migrate(db, load_migrations("sqlite"))
                _make_indexes(db)
                if not copying:
                    _expect_whole(db)
        yield file


@contextmanager
def explained(path: Path, key: bytes | None = None) -> Iterator[None]:
    """Turn the errors of a binding into what the operator can do about this file."""
    try:
        yield
    except database_errors(OSError) as error:
        text = f"cannot open the database {path}: {system_fault(error)}"
        if str(error) == _NO_DATABASE:
            text += _advice(path, key)
        raise JournalUnavailableError(text) from error


def is_plain(path: Path) -> bool:
    """Return whether anyone can read the database; an empty file is none yet.

    Not while this process has it open: closing any descriptor of a file gives up all locks on it.
    """
    with path.open("rb") as file:
        return file.read(len(PLAIN_START)) == PLAIN_START


def _advice(path: Path, key: bytes | None) -> str:
    if key is None:
        return ": if it is encrypted, set the database_key it was encrypted with"
    if is_plain(path):  # nothing of it is open: what reads it with this key has failed
        return (
            " that is encrypted: stop the service and run `callscribe journal encrypt`, or take"
            " the database_key away"
        )
    return ": it is none that was encrypted with this database_key"


def expect_there(path: Path) -> None:
    """Expect a journal at this path.

    Raises:
        JournalUnavailableError: There is none.
    """
    if not is_there(path):
        raise JournalUnavailableError(
            f"there is no journal at {path}: the service makes it when it first starts"
        )


def _expect_ready(file: SqliteFile) -> None:
    expect_there(file.path)
    with closing(file.connect()) as db:
        newest = len(load_migrations("sqlite"))
        _expect_whole(db)
        if _version(db, newest) < newest:
            raise JournalUnavailableError(
                f"{file.path} was written by an older version: the service updates it when it"
                " starts"
            )


def expect_empty(db: sqlite3.Connection) -> None:
    """Expect a journal with nothing in it, or one whose copy was begun.

    Raises:
        JournalUnavailableError: It holds calls or keys of its own.
    """
    (begun,) = db.execute(_COPY_BEGUN).fetchone()
    (held,) = db.execute("SELECT (SELECT count(*) FROM call) + (SELECT count(*) FROM api_key)")
    if held[0] and not begun:
        raise JournalUnavailableError("it holds a journal already: copy into a new database")


def _expect_whole(db: sqlite3.Connection) -> None:
    (begun,) = db.execute(_COPY_BEGUN).fetchone()
    if begun:
        raise JournalUnavailableError(
            "a copy into this database was not finished: run `callscribe journal copy` again"
        )


def _version(db: sqlite3.Connection, newest: int) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if tables and application_id not in (APPLICATION_ID, COPY_ID):
        raise sqlite3.DatabaseError("it is the database of another program")
    if version > newest:
        raise JournalTooNewError(
            f"the database has schema {version} and this version knows up to {newest}:"
            " run the version that wrote it, or a newer one"
        )
    if version >= _HAS_WORDS:
        expect_readable(db)
    return int(version)


def migrate(db: sqlite3.Connection, scripts: list[str]) -> None:
    """Bring a database to the newest schema, one transaction for each script it lacks."""
    _expect_no_copy(db)
    version = _version(db, len(scripts))
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise sqlite3.DatabaseError("its file system cannot hold a write-ahead log")
    for number, script in enumerate(scripts[version:], version + 1):
        if version:  # nobody goes back to before there was a journal
            log.warning("journal_migrates", from_schema=number - 1, to_schema=number, back=_BACK)
        try:
            db.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {number};COMMIT;")
        except database_errors():
            db.rollback()
            raise


def _make_indexes(db: sqlite3.Connection) -> None:
    for index in load_statements("sqlite", "indexes").values():
        db.execute(index.text)


def _expect_no_copy(db: sqlite3.Connection) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if application_id == COPY_ID:
        raise JournalUnavailableError(
            "the journal is a copy, and may deliver what the original delivers: if it is to take"
            " its place, run `callscribe journal activate`"
        )
