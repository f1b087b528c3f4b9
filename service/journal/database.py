"""Picks the adapter of the journal by `database_url`, for each of its parts."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from service.errors import SettingsError
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Journal, KeyStore, Library, SavedSearches

_FORMS = "sqlite:///callscribe.db or sqlite:////var/lib/callscribe/callscribe.db"


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
    scheme, _, rest = database_url.partition("://")
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        raise SettingsError(
            [f"database_url: PostgreSQL is not built yet; use {_FORMS}"],
        )
    path = rest.removeprefix("/")
    if scheme != "sqlite" or path == rest or not path:
        raise SettingsError([f"database_url: write it like {_FORMS}"])
    if path == ":memory:" or "?" in path or path.endswith("/"):
        raise SettingsError(["database_url: name a file, without options after it"])
    return Path(path)
