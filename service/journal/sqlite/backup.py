"""Copies a journal while a service writes to it. A copy serves nobody until it is activated.

A copy bears another `application_id`. Whoever only reads opens it all the same; a service, of
this version or an older one, does not.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from service.errors import JournalUnavailableError
from service.journal.sqlite.driver import connecting, database_errors, unlock
from service.journal.sqlite.file import APPLICATION_ID, COPY_ID, SqliteFile, explained
from service.journal.sqlite.locks import expect_there
from service.reasons import system_fault

_WAITS_S = 5.0
_PAGES_AT_ONCE = 4_096


def copy_journal(path: Path, target: Path, key: bytes | None) -> list[str]:
    """Write what is committed now to a new file, under the same key; return its recordings.

    It is read from one snapshot: the service goes on writing, and what it writes from then on is
    not in it.

    Raises:
        JournalUnavailableError: The journal cannot be read, or the copy not written.
        SettingsError: SQLCipher is not here.
    """
    expect_there(path)
    with explained(path, key), closing(_open(path, key)) as db:
        try:
            return _copy(db, target, key)
        except database_errors(OSError) as error:
            text = f"cannot copy {path} to {target.parent}: {system_fault(error)}"
            raise JournalUnavailableError(text) from error


def _copy(db: sqlite3.Connection, target: Path, key: bytes | None) -> list[str]:
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(connecting(key)(str(target), isolation_level=None)) as copy:
        unlock(copy, key)
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the snapshot's moment
        db.backup(copy, pages=_PAGES_AT_ONCE, progress=_listen_to_signals)
        db.execute("COMMIT")  # from here on, the service may empty its log again
        copy.execute("PRAGMA journal_mode = DELETE")  # one file is all there is
        copy.execute(f"PRAGMA application_id = {COPY_ID}")
        recordings = _checked(copy, target)
        # as every journal is: so SQLite takes away the empty log that is unpacked beside it
        copy.execute("PRAGMA journal_mode = WAL")
        return recordings


def is_copy(path: Path, key: bytes | None) -> bool:
    """Return whether a journal is a copy that was not activated; nothing changes by asking.

    Raises:
        JournalUnavailableError: It cannot be read.
        SettingsError: SQLCipher is not here.
    """
    expect_there(path)
    with explained(path, key), closing(_open(path, key)) as db:
        return _bears_copy_id(db)


def activate_journal(path: Path, key: bytes | None) -> bool:
    """Let services have a copy that is whole; return False if it is none. Call it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written, or was not unpacked to its end.
        SettingsError: SQLCipher is not here.
    """
    expect_there(path)
    with explained(path, key), closing(_open(path, key)) as db:
        copied = _bears_copy_id(db)
        if copied:
            _expect_intact(db, path)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        return copied


def _bears_copy_id(db: sqlite3.Connection) -> bool:
    (found,) = db.execute("PRAGMA application_id").fetchone()
    return bool(found == COPY_ID)


def _open(path: Path, key: bytes | None) -> sqlite3.Connection:
    return SqliteFile(path=path, busy_timeout_s=_WAITS_S, key=key).connect()


def _listen_to_signals(status: int, remaining: int, total: int) -> None:
    """Let Python see, between some pages and the next, that it is to stop."""
    del status, remaining, total


def _checked(copy: sqlite3.Connection, target: Path) -> list[str]:
    _expect_intact(copy, target)
    (tables,) = copy.execute(
        "SELECT count(*) FROM sqlite_schema WHERE name IN ('call', 'recording')"
    ).fetchone()
    return [name for (name,) in copy.execute("SELECT file FROM recording")] if tables > 1 else []


def _expect_intact(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise JournalUnavailableError(f"{path} does not read back: {found}")
