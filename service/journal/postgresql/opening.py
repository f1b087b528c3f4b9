"""Opening connections, and what an operator is told when that fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.journal.postgresql.connection import (
    DRIVER_ERRORS,
    PLAN_BY_KEY,
    Connection,
    KeptConnection,
    unreachable,
)
from service.journal.postgresql.migrations import lock_service


async def prepare_service(db: Connection) -> None:
    """Make a connection one that a service commits by.

    Raises:
        JournalUnavailableError: Somebody has the database to themselves.
    """
    await lock_service(db)
    await plan_by_key(db)


async def plan_by_key(db: Connection) -> None:
    """Make a connection one whose statements are planned once."""
    await db.execute(PLAN_BY_KEY)


@asynccontextmanager
async def explained(*connections: KeptConnection) -> AsyncIterator[None]:
    """Turn the driver's errors into ours, and leave no connection open on any.

    Raises:
        JournalUnavailableError: The server cannot be reached or used.
    """
    try:
        yield
    except BaseException as error:
        for one in connections:
            one.drop()
        if isinstance(error, DRIVER_ERRORS):
            raise unreachable(error) from None
        raise
