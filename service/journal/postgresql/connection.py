"""Connections to PostgreSQL: opened when needed, given up on errors, and their errors put right."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

import asyncpg

from service.errors import JournalError, JournalUnavailableError
from service.reasons import connection_fault

CONNECT_TIMEOUT_S: Final = 5.0
QUERY_TIMEOUT_S: Final = 30.0
"""Of any statement: a server that answers no more is left, however its network failed."""
_SETTINGS: Final = {
    "timezone": "UTC",
    # a frozen process must not hold rows for ever
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
}

OF_WORKER: Final = {"idle_in_transaction_session_timeout": "3s"}
"""Of what a worker writes by: frozen, it must not hold what others take over from it."""

PLAN_BY_KEY: Final = """
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"""
"""Said to what commits, and to what looks after each commit: each statement is planned once, to
find its rows by their keys.

Of arrays the server thinks that it knows better each time, and the plan of a statement with ten
tables took it longer than the statement. A plan that is kept must do for tables that were empty
when it was made. It is no setting to connect with, which a pooler would have to be told of.
"""
PLAN_FREELY: Final = """
    SET LOCAL plan_cache_mode = auto;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"""
"""Said within a transaction on such a connection that goes through whole tables."""

DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    ValueError,
)
"""All that the driver raises, at a wrong URL, too."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Row = Sequence[Any]
Query = Callable[[Connection], Awaitable[object]]


async def connect(
    url: str,
    *,
    name: str,
    settings: dict[str, str] | None = None,
    timeout_s: float = CONNECT_TIMEOUT_S,
) -> Connection:
    """Connect; the server lists the connection under `name`.

    Raises:
        OSError: Nobody answers.
        asyncpg.PostgresError: The server does not let us in.
    """
    server_settings = {**_SETTINGS, "application_name": f"callscribe/{name}", **(settings or {})}
    return await asyncpg.connect(
        url,
        timeout=timeout_s,
        command_timeout=QUERY_TIMEOUT_S,
        server_settings=server_settings,
    )


class KeptConnection:
    """A connection that is opened when it is needed and given up when it fails.

    `prepare` is run on each one that is opened. The server lists it under `name`.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        settings: dict[str, str] | None = None,
        prepare: Callable[[Connection], Awaitable[None]] | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ) -> None:
        self.name = name
        self._url = url
        self._settings = settings
        self._prepare = prepare
        self._connect_timeout_s = connect_timeout_s
        self._db: Connection | None = None

    async def get(self) -> Connection:
        """Return the connection, opened if need be."""
        if self._db is not None and self._db.is_closed():
            self._db = None
        if self._db is None:
            db = await connect(
                self._url,
                name=self.name,
                settings=self._settings,
                timeout_s=self._connect_timeout_s,
            )
            try:
                if self._prepare is not None:
                    await self._prepare(db)
            except BaseException:
                db.terminate()
                raise
            self._db = db
        return self._db

    def drop(self) -> None:
        """Give it up at once; what was not committed is rolled back."""
        if self._db is not None:
            self._db.terminate()
            self._db = None

    async def close(self) -> None:
        """Take leave of the server."""
        db, self._db = self._db, None
        if db is not None and not db.is_closed():
            await db.close(timeout=CONNECT_TIMEOUT_S)


def is_unavailable(error: Exception) -> bool:
    """Return whether the server does not answer (full, gone, stopping), whatever it is asked."""
    return isinstance(
        error,
        (
            OSError,
            TimeoutError,
            MemoryError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            asyncpg.PostgresConnectionError,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.PostgresSystemError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.InsufficientPrivilegeError,
            asyncpg.ReadOnlySQLTransactionError,
            asyncpg.LockNotAvailableError,
        ),
    ) and not isinstance(error, ValueError)  # asyncpg's own word for a value it cannot send


def refusal(error: Exception) -> JournalError:
    """Return the error that the caller gets for this one; it repeats no value and no password."""
    refused: JournalError
    if isinstance(error, JournalError):
        return error
    if is_unavailable(error):
        refused = JournalUnavailableError(f"the database does not answer: {_told(error)}")
    else:
        refused = JournalError(f"the database cannot hold or find this: {type(error).__name__}")
    refused.__cause__ = error
    return refused


def unreachable(error: Exception) -> JournalUnavailableError:
    """Return what is said where the server cannot be had at all, whatever the driver calls it."""
    refused = JournalUnavailableError(f"the database does not answer: {_told(error)}")
    refused.__cause__ = error
    return refused


def _told(error: Exception) -> str:
    if isinstance(error, OSError):
        return connection_fault(error)
    if isinstance(error, ValueError) and not isinstance(error, asyncpg.ClientConfigurationError):
        # of reading the URL: its text repeats a part of it, which may be one of the password
        return "database_url cannot be read; escape & as %26 and % as %25 in a password"
    # the first line says which role or database; those after it (DETAIL) may hold values of ours
    said = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


class Reader:
    """Answers queries, one after the other."""

    def __init__(self, kept: KeptConnection) -> None:
        self._kept = kept

    async def handle(self, batch: Sequence[Query]) -> list[object]:
        """Return the answers, each from what was committed last."""
        return [await self._answer(query) for query in batch]

    async def close(self) -> None:
        """Close the connection."""
        await self._kept.close()

    async def _answer(self, query: Query) -> object:
        try:
            return await query(await self._kept.get())
        except Exception as error:  # noqa: BLE001  it is handed to the one who asked
            if is_unavailable(error):
                self._kept.drop()
            return refusal(error)
