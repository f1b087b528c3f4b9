"""Encrypts or rekeys a whole journal by writing it anew, while no service has it.

The new file is complete and on the disk before it takes the old one's place; a crash at any
point leaves one of the two.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from service.errors import JournalUnavailableError
from service.journal.sqlite.driver import connecting, key_literal, unlock
from service.journal.sqlite.file import APPLICATION_ID, COPY_ID, SqliteFile, explained, is_plain
from service.journal.sqlite.locks import expect_there

_WAITS_S = 1.0
_COPIED = ("user_version", "application_id")
_OVERWRITTEN_AT_ONCE = 1 << 20


def can_open(path: Path, key: bytes) -> bool:
    """Return whether this key opens the file.

    Raises:
        JournalUnavailableError: There is no journal.
    """
    expect_there(path)
    if is_plain(path):
        return False
    try:
        with explained(path, key), closing(_open(path, key)):
            return True
    except JournalUnavailableError:
        return False


def encrypt_journal(path: Path, key: bytes) -> None:
    """Encrypt a plain journal, and write zeros over what it was.

    On a disk that writes elsewhere (flash, snapshots), the old bytes may stay all the same. Call
    it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written, or is encrypted.
        SettingsError: SQLCipher is not here.
    """
    expect_there(path)
    if not is_plain(path):
        raise JournalUnavailableError(
            f"{path} is not a plain journal: `callscribe journal rekey` changes the key of one"
            " that is encrypted"
        )
    _rewrite(path, None, key)


def rekey_journal(path: Path, key: bytes, new_key: bytes) -> None:
    """Write the journal anew under the new key. Call it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written, or the key is not its key.
        SettingsError: SQLCipher is not here.
    """
    expect_there(path)
    _rewrite(path, key, new_key)


def _rewrite(path: Path, key: bytes | None, new_key: bytes) -> None:
    made = path.with_name(path.name + ".new")
    with explained(path, key):
        _remove(made)
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _export(path, key, made, new_key)
            _check(made, new_key)
            _take_place(made, path)
        except BaseException:
            _remove(made)
            raise


def _export(path: Path, key: bytes | None, made: Path, new_key: bytes) -> None:
    with closing(_open(path, key)) as db:
        # one file is all there is, and nobody else has it open: no log may outlive what it is of
        (mode,) = db.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise JournalUnavailableError(f"{path} is in use by another program: end that first")
        db.execute("ATTACH ? AS made KEY ?", (str(made), key_literal(new_key)))
        db.execute("SELECT sqlcipher_export('made')")
        for pragma in _COPIED:
            (value,) = db.execute(f"PRAGMA main.{pragma}").fetchone()
            db.execute(f"PRAGMA made.{pragma} = {value}")
        db.execute("DETACH made")


def _check(made: Path, key: bytes) -> None:
    with closing(SqliteFile(path=made, busy_timeout_s=_WAITS_S, key=key).connect()) as db:
        (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        (application_id,) = db.execute("PRAGMA application_id").fetchone()
        if found != "ok" or application_id not in (APPLICATION_ID, COPY_ID):
            raise JournalUnavailableError("what was written does not read back; nothing changed")
        db.execute("PRAGMA journal_mode = WAL")


def _take_place(made: Path, path: Path) -> None:
    with path.open("r+b", buffering=0) as old:
        _sync(made)
        made.replace(path)
        _sync(path.parent)
        for at in range(0, os.fstat(old.fileno()).st_size, _OVERWRITTEN_AT_ONCE):
            left = os.fstat(old.fileno()).st_size - at
            os.pwrite(old.fileno(), bytes(min(left, _OVERWRITTEN_AT_ONCE)), at)
        os.fsync(old.fileno())


def _open(path: Path, key: bytes | None) -> sqlite3.Connection:
    # SQLCipher's binding also reads what is plain, and only it can attach what is not
    db = connecting(key or bytes(1))(str(path), timeout=_WAITS_S, isolation_level=None)
    try:
        unlock(db, key)
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(made: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        made.with_name(made.name + suffix).unlink(missing_ok=True)
