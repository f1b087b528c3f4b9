"""A service's tenure of a database: it ends for good when another service has had it meanwhile.

The lock goes with a connection, so that it is given up by whoever is cut off. If another service
takes it, this one must deliver nothing more of what it has in memory: the other one does.
"""

import signal
from collections.abc import Callable
from typing import Final

import structlog

from service.errors import JournalUnavailableError
from service.journal.postgresql.connection import Connection
from service.journal.postgresql.migrations import lock_service

_BEGIN: Final = "UPDATE installation SET served = served + 1 RETURNING served"
_SERVED: Final = "SELECT served FROM installation"

log = structlog.get_logger()


def stop_at_once() -> None:
    """Have this process stop without a drain, as a second signal does."""
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)


class Tenure:
    """Takes the lock on each connection of a writer; `lost` is called once it is another's."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._served: int | None = None
        self._is_over = False

    async def take(self, db: Connection) -> None:
        """Take the lock on a new connection.

        Raises:
            JournalUnavailableError: Another service has it, or had it since.
        """
        try:
            await lock_service(db)
        except JournalUnavailableError:
            if self._served is not None:
                self._end()
            raise
        if self._served is not None and await db.fetchval(_SERVED) != self._served:
            self._end()
            raise JournalUnavailableError("another service has had this database meanwhile")

    async def begin(self, db: Connection) -> None:
        """Begin, once the tables are there and the lock is taken."""
        self._served = int(await db.fetchval(_BEGIN))

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            log.error("journal_taken_over", advice="another service has the database")
            self._lost()
