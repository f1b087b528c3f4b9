"""A connection of one thread: kept while it works, told apart what its errors mean; and reads."""

import sqlite3
from collections.abc import Callable, Sequence

from service.errors import JournalError, JournalUnavailableError
from service.journal.sqlite.driver import is_bare_database_error, operational_errors

Connect = Callable[[], sqlite3.Connection]
Query = Callable[[sqlite3.Connection], object]


class KeptConnection:
    """A connection that is opened when it is needed and given up when it fails."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._db: sqlite3.Connection | None = None

    def get(self) -> sqlite3.Connection:
        """Return the connection, opened if need be."""
        if self._db is None:
            self._db = self._connect()
        return self._db

    def close(self) -> None:
        """Give it up; what was not committed is rolled back."""
        if self._db is not None:
            self._db.close()
            self._db = None


def is_unavailable(error: Exception) -> bool:
    """Tell a database that does not answer (full, locked, gone) from a value it cannot hold."""
    return is_bare_database_error(error) or isinstance(
        error, (*operational_errors(), OSError, MemoryError)
    )


def refusal(error: Exception) -> JournalError:
    """Return what the caller is to be told of this error."""
    refused: JournalError
    if is_unavailable(error):
        refused = JournalUnavailableError(f"the database does not answer: {error}")
    else:
        refused = JournalError(f"the database cannot hold or find this: {type(error).__name__}")
    refused.__cause__ = error
    return refused


class SqliteReader:
    """Answers queries. Lives in one thread."""

    def __init__(self, connect: Connect) -> None:
        self._kept = KeptConnection(connect)

    def handle(self, batch: Sequence[Query]) -> list[object]:
        """Return the answers, each from what was committed last."""
        return [self._answer(query) for query in batch]

    def close(self) -> None:
        """Close the connection."""
        self._kept.close()

    def _answer(self, query: Query) -> object:
        try:
            return query(self._kept.get())
        except Exception as error:  # noqa: BLE001  it is handed to the one who asked
            self._kept.close()
            return refusal(error)
