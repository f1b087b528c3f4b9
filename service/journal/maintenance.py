"""What people do to a journal as a whole, from the command line: audit, encrypt, rekey, copy it.

Each picks the adapter by `database_url`, which the settings have checked.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from service.errors import SettingsError
from service.journal.address import SqliteAddress, parse_database_url
from service.journal.erasure_audit import ErasureAudit
from service.journal.sqlite import audit, backup, encryption, locks


def open_audit(
    database_url: str, *, key: bytes | None = None
) -> AbstractContextManager[ErasureAudit]:
    """Return an audit of the journal of this URL, to be entered; a service may have it open.

    Raises:
        JournalUnavailableError: On entering: it cannot be read.
    """
    address = parse_database_url(database_url)
    if isinstance(address, SqliteAddress):
        return audit.open_audit(address.path, key=key)
    from service.journal.postgresql.audit import open_postgresql_audit  # noqa: PLC0415 - a driver

    return open_postgresql_audit(address.url)


def locked(database_url: str) -> AbstractContextManager[None]:
    """Keep every service out of the journal of this URL until the end of the block.

    Raises:
        JournalUnavailableError: On entering: one has it, or the lock cannot be made.
    """
    return locks.locked(_sqlite_path(database_url))


def encrypt_journal(database_url: str, key: bytes) -> None:
    """Encrypt the journal, unless this key opens it already. Call it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written, or has another key.
        SettingsError: SQLCipher is not here.
    """
    path = _sqlite_path(database_url)
    if not encryption.can_open(path, key):
        encryption.encrypt_journal(path, key)


def rekey_journal(database_url: str, key: bytes, new_key: bytes) -> None:
    """Change the key of the journal, unless it is the new one already. Call it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written, or has neither key.
        SettingsError: SQLCipher is not here.
    """
    path = _sqlite_path(database_url)
    if not encryption.can_open(path, new_key):
        encryption.rekey_journal(path, key, new_key)


def back_up_journal(database_url: str, target: Path, key: bytes | None) -> list[str]:
    """Write a copy of the journal, which a service may have open; return its recordings' names.

    Raises:
        JournalUnavailableError: It cannot be read, or the copy not written.
        SettingsError: SQLCipher is not here, or the journal is no file.
    """
    return backup.copy_journal(_sqlite_path(database_url), target, key)


def is_copy(database_url: str, key: bytes | None) -> bool:
    """Return whether the journal is a copy from a backup that was not activated.

    Raises:
        JournalUnavailableError: It cannot be read.
        SettingsError: SQLCipher is not here, or the journal is no file.
    """
    return backup.is_copy(_sqlite_path(database_url), key)


def activate_journal(database_url: str, key: bytes | None) -> bool:
    """Let services have a journal that is a copy; return False if it is none.

    Call it within `locked`.

    Raises:
        JournalUnavailableError: It cannot be read or written.
        SettingsError: SQLCipher is not here, or the journal is no file.
    """
    return backup.activate_journal(_sqlite_path(database_url), key)


def _sqlite_path(database_url: str) -> Path:
    address = parse_database_url(database_url)
    if not isinstance(address, SqliteAddress):
        raise SettingsError(
            ["database_url: this is for SQLite; for a database of PostgreSQL there is pg_dump"]
        )
    return address.path.absolute()
