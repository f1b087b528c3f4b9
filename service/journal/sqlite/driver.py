"""Picks the DB-API binding: Python's own, or SQLCipher's where there is a key.

Both speak DB-API 2.0 in the same words, but their errors are not each other's: what catches
them asks here.
"""

import sqlite3
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from service.errors import SettingsError

KEY_BYTES = 32
PLAIN_START = b"SQLite format 3\0"
"""How a database begins that is not encrypted. An encrypted one begins with its random salt."""
_SQLCIPHER = "sqlcipher3.dbapi2"

Errors = tuple[type[Exception], ...]


def connecting(key: bytes | None) -> Callable[..., sqlite3.Connection]:
    """Return the `connect` of the binding for this key.

    Raises:
        SettingsError: There is a key and no SQLCipher.
    """
    if key is None:
        return sqlite3.connect
    try:
        binding: Any = import_module(_SQLCIPHER)
    except ImportError as error:
        raise SettingsError(
            ["database_key: encryption is an extra: pip install '.[encryption]'"]
        ) from error
    return cast(Callable[..., sqlite3.Connection], binding.connect)


def unlock(db: sqlite3.Connection, key: bytes | None) -> None:
    """Give a new connection its key, before anything else is asked of it."""
    if key is not None:
        # it would write about a wrong key to stderr; we say it ourselves
        db.execute("PRAGMA cipher_log_level = NONE")
        db.execute(f'PRAGMA key = "{key_literal(key)}"')


def key_literal(key: bytes) -> str:
    """Return a key as SQLCipher takes it as it is, without deriving another from it."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a database key has {KEY_BYTES} bytes")
    return f"x'{key.hex()}'"


def database_errors(*others: type[Exception]) -> Errors:
    """Return every error of the bindings, and others, for `except`; it is asked at a raise only."""
    return _all("Error") + others


def operational_errors() -> Errors:
    """Return the errors of a database that does not answer."""
    return _all("OperationalError")


def is_bare_database_error(error: Exception) -> bool:
    """Return whether the file is damaged or none of ours; other errors have classes."""
    return type(error) in _all("DatabaseError")


def _all(name: str) -> Errors:
    bindings = (sqlite3, sys.modules.get(_SQLCIPHER))
    return tuple(getattr(binding, name) for binding in bindings if binding)
