"""The connection of one thread: opened when needed, given up on errors; and who works on it."""

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
    """Return whether the database does not answer (full, locked, gone), whatever it is asked."""
    return is_bare_database_error(error) or isinstance(
        error, (*operational_errors(), OSError, MemoryError)
    )


def refusal(error: Exception) -> JournalError:
    """Return the error that the caller gets for this one."""
    refused: JournalError
    if is_unavailable(error):
        refused = JournalUnavailableError(f"the database does not answer: {error}")
    else:
        refused = JournalError("the database cannot hold or find this")
    refused.__cause__ = error
    return refused


class SqliteReader:
    """Answers queries. Lives in one thread. `expect` is called before each, where they write."""

    def __init__(self, connect: Connect, expect: Callable[[], None] | None = None) -> None:
        self._kept = KeptConnection(connect)
        self._expect = expect

    def handle(self, batch: Sequence[Query]) -> list[object]:
        """Return the answers, each from what was committed last."""
        return [self._answer(query) for query in batch]

    def close(self) -> None:
        """Close the connection."""
        self._kept.close()

    def _answer(self, query: Query) -> object:
        try:
            if self._expect:
                self._expect()
            return query(self._kept.get())
        except Exception as error:  # noqa: BLE001  it is handed to the one who asked
            self._kept.close()
            return refusal(error)


class SqliteSideWriter(SqliteReader):
    """The same, with what waits together in one transaction.

    One transaction after the other would leave whoever writes the calls no moment to begin theirs.
    """

    def handle(self, batch: Sequence[Query]) -> list[object]:
        """Return the answers. What fails for itself fails alone."""
        if len(batch) == 1:
            return super().handle(batch)
        try:
            if self._expect:
                self._expect()
            db = self._kept.get()
            db.execute("BEGIN IMMEDIATE")
            answers = [query(db) for query in batch]
            db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  it is handed to those who asked
            self._kept.close()
            if is_unavailable(error):
                return [refusal(error) for _ in batch]
            return super().handle(batch)
        return answers
