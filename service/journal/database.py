"""Picks the adapter of the journal by `database_url`, for each of its parts."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from service.errors import SettingsError
from service.journal.address import parse_database_url
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Journal, KeyStore, Library, SavedSearches


def open_journal(
    database_url: str,
    *,
    exclusive: bool = True,
    key: bytes | None = None,
    clock: Callable[[], float] = time.time,
    threaded: bool = True,
) -> AbstractAsyncContextManager[Journal]:
    """Return the journal of this URL, to be entered; the rest is as in `open_sqlite_journal`.

    `sqlite:///relative.db` is relative to the working directory, `sqlite:////absolute.db` is not.

    Raises:
        SettingsError: The URL is none that can be used. It is not repeated: it may hold a password.
    """
    path = _sqlite_path(database_url)
    return open_sqlite_journal(path, exclusive=exclusive, clock=clock, key=key, threaded=threaded)


def open_keys(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[KeyStore]:
    """Return the API keys of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    return open_sqlite_keys(_sqlite_path(database_url), key=key, threaded=threaded)


def open_library(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[Library]:
    """Return the library of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    return open_sqlite_library(_sqlite_path(database_url), key=key, threaded=threaded)


def open_searches(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[SavedSearches]:
    """Return the saved searches of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    return open_sqlite_searches(_sqlite_path(database_url), key=key, threaded=threaded)


def _sqlite_path(database_url: str) -> Path:
    try:
        return parse_database_url(database_url)
    except ValueError as error:
        raise SettingsError([f"database_url: {error}"]) from None
