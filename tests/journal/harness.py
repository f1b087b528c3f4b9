"""The databases that every contract is tested on: a new adapter is one more line in `ADAPTERS`."""

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from service.journal.erasure_audit import ErasureAudit
from service.journal.postgresql.audit import open_postgresql_audit
from service.journal.postgresql.forwards import open_postgresql_forwards
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.keys import open_postgresql_keys
from service.journal.postgresql.library import open_postgresql_library
from service.journal.postgresql.searches import open_postgresql_searches
from service.journal.sqlite.audit import open_audit
from service.journal.sqlite.forwards import open_sqlite_forwards
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Forwards, Journal, KeyStore, Library, SavedSearches
from tests.journal.postgresql_server import make_schema, schema_url

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
    forwards: Opener[Forwards]
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
        forwards=partial(open_sqlite_forwards, path, key=key, threaded=threaded),
        audit=partial(open_audit, path, key=key),
    )


def postgresql_database(folder: Path, *, hasty: bool = False, url: str = "") -> Database:
    """Return a database on the tests' server: that of a URL, or one that goes with the folder."""
    name = f"test_{hashlib.sha256(str(folder).encode()).hexdigest()[:24]}"
    url = url or schema_url(name)

    @asynccontextmanager
    async def open_journal(**options: Any) -> AsyncIterator[Journal]:  # noqa: ANN401 - any of it
        await make_schema(name)
        async with open_postgresql_journal(url, hasty=hasty, **options) as journal:
            yield journal

    return Database(
        journal=open_journal,
        library=partial(open_postgresql_library, url),
        keys=partial(open_postgresql_keys, url),
        searches=partial(open_postgresql_searches, url),
        forwards=partial(open_postgresql_forwards, url),
        audit=partial(open_postgresql_audit, url),
    )


ADAPTERS: dict[str, Adapter] = {
    "sqlite": sqlite_database,
    "sqlcipher": partial(sqlite_database, key=KEY),
    "sqlite on the loop": partial(sqlite_database, threaded=False),
    "postgresql": postgresql_database,
}


@asynccontextmanager
async def open_reading(database: Database) -> AsyncIterator[tuple[Journal, Library]]:
    """Open a journal and its library."""
    async with database.journal() as journal, database.library() as library:
        yield journal, library


def _hurry(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous = OFF")
