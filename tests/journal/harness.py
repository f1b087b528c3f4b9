"""The databases that every contract is tested on: a new adapter is one more line in `ADAPTERS`."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from service.journal.sqlite.audit import ErasureAudit, open_audit
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Journal, KeyStore, Library, SavedSearches

KEY = bytes(range(32))

T = TypeVar("T")
Opener = Callable[..., AbstractAsyncContextManager[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database. Each field opens a part of it, as often as wanted, with the part's options.

    The journal comes first: it makes the database.
    """

    journal: Opener[Journal]
    library: Opener[Library]
    keys: Opener[KeyStore]
    searches: Opener[SavedSearches]
    audit: Callable[[], AbstractContextManager[ErasureAudit]]


class Adapter(Protocol):
    """Names a database of its kind that belongs to a folder, and is made when it is opened."""

    def __call__(self, folder: Path, *, hasty: bool = False) -> Database:
        """Return the database; a `hasty` one does not wait for the disk."""


def sqlite_database(
    folder: Path, *, hasty: bool = False, key: bytes | None = None, threaded: bool = True
) -> Database:
    """Return a database in one file, encrypted if there is a key."""
    path = folder / "journal.db"
    set_up = _hurry if hasty else None
    return Database(
        journal=partial(open_sqlite_journal, path, key=key, threaded=threaded, set_up=set_up),
        library=partial(open_sqlite_library, path, key=key, threaded=threaded),
        keys=partial(open_sqlite_keys, path, key=key, threaded=threaded),
        searches=partial(open_sqlite_searches, path, key=key, threaded=threaded),
        audit=partial(open_audit, path, key=key),
    )


ADAPTERS: dict[str, Adapter] = {
    "sqlite": sqlite_database,
    "sqlcipher": partial(sqlite_database, key=KEY),
    "sqlite on the loop": partial(sqlite_database, threaded=False),
}


@asynccontextmanager
async def open_reading(database: Database) -> AsyncIterator[tuple[Journal, Library]]:
    """Open a journal and its library."""
    async with database.journal() as journal, database.library() as library:
        yield journal, library


def _hurry(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous = OFF")
