"""Picks the adapter of the journal by `database_url`, for each of its parts."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib.util import find_spec

from service.errors import SettingsError
from service.journal.address import PostgresqlAddress, SqliteAddress, parse_database_url
from service.journal.copying import CopySource, CopyTarget
from service.journal.sqlite.copying import open_sqlite_source, open_sqlite_target
from service.journal.sqlite.forwards import open_sqlite_forwards
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Forwards, Journal, KeyStore, Lease, Library, Roster, SavedSearches


def open_journal(
    database_url: str,
    *,
    exclusive: bool = True,
    key: bytes | None = None,
    clock: Callable[[], float] = time.time,
    threaded: bool = True,
    lease: Lease | None = None,
) -> AbstractAsyncContextManager[Journal]:
    """Return the journal of this URL, to be entered; the rest is as in `open_sqlite_journal`.

    Where several services may share it, this one writes under its `lease` (`open_roster`).

    `sqlite:///relative.db` is relative to the working directory, `sqlite:////absolute.db` is not.

    Raises:
        SettingsError: The URL is none that can be used. It is not repeated: it may hold a password.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_journal(
            address.path, exclusive=exclusive, clock=clock, key=key, threaded=threaded
        )
    # a SQLite journal needs no driver, and `--help` none at all
    from service.journal.postgresql.journal import open_postgresql_journal  # noqa: PLC0415

    return open_postgresql_journal(address.url, exclusive=exclusive, clock=clock, lease=lease)


def open_roster(
    database_url: str, lease: Lease, *, clock: Callable[[], float] = time.time
) -> AbstractAsyncContextManager[Roster | None]:
    """Return the roster of the workers that share the journal of this URL, to be entered.

    It comes before the journal. None if one service has a journal of this kind to itself.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return nullcontext()
    from service.journal.postgresql.roster import open_postgresql_roster  # noqa: PLC0415

    return open_postgresql_roster(address.url, lease, clock=clock)


def open_keys(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[KeyStore]:
    """Return the API keys of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_keys(address.path, key=key, threaded=threaded)
    from service.journal.postgresql.keys import open_postgresql_keys  # noqa: PLC0415 - as above

    return open_postgresql_keys(address.url)


def open_library(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[Library]:
    """Return the library of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_library(address.path, key=key, threaded=threaded)
    from service.journal.postgresql.library import open_postgresql_library  # noqa: PLC0415

    return open_postgresql_library(address.url)


def open_searches(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[SavedSearches]:
    """Return the saved searches of the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_searches(address.path, key=key, threaded=threaded)
    from service.journal.postgresql.searches import open_postgresql_searches  # noqa: PLC0415

    return open_postgresql_searches(address.url)


def open_forwards(
    database_url: str, *, key: bytes | None = None, threaded: bool = True
) -> AbstractAsyncContextManager[Forwards]:
    """Return what is passed on in the journal of this URL, to be entered; it must be there.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_forwards(address.path, key=key, threaded=threaded)
    from service.journal.postgresql.forwards import open_postgresql_forwards  # noqa: PLC0415

    return open_postgresql_forwards(address.url)


def open_copy_source(
    database_url: str, *, key: bytes | None = None
) -> AbstractAsyncContextManager[CopySource]:
    """Return the stopped journal of this URL, to be entered and copied.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_source(address.path, key=key)
    from service.journal.postgresql.copying import open_postgresql_source  # noqa: PLC0415

    return open_postgresql_source(address.url)


def open_copy_target(
    database_url: str, *, key: bytes | None = None
) -> AbstractAsyncContextManager[CopyTarget]:
    """Return the empty database of this URL, to be entered and filled.

    Raises:
        SettingsError: As `open_journal`.
    """
    address = _address(database_url)
    if isinstance(address, SqliteAddress):
        return open_sqlite_target(address.path, key=key)
    from service.journal.postgresql.copying import open_postgresql_target  # noqa: PLC0415

    return open_postgresql_target(address.url)


def _address(database_url: str) -> SqliteAddress | PostgresqlAddress:
    try:
        address = parse_database_url(database_url)
    except ValueError as error:
        raise SettingsError([f"database_url: {error}"]) from None
    if isinstance(address, PostgresqlAddress):
        _expect_driver()
    return address


def _expect_driver() -> None:
    if find_spec("asyncpg") is None:
        raise SettingsError(["database_url: PostgreSQL is an extra: pip install '.[postgresql]'"])
