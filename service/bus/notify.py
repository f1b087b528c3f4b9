"""PostgreSQL as transport: NOTIFY and LISTEN, each on a connection of its own.

Every commit that notifies takes one lock of the whole server, so that no other commit of ours does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias
from uuid import uuid4

import asyncpg

from service.bus.counters import BusCounters
from service.bus.transports import Heard
from service.errors import BusUnavailableError

MAX_BYTES: Final = 7_999
"""PostgreSQL refuses payloads of 8,000 and more."""
CONNECT_TIMEOUT_S: Final = 5.0
BEAT_S: Final = 5.0
"""How often the server is asked whether the connection is still there."""
ANSWER_TIMEOUT_S: Final = 2.0
_SETTINGS: Final = {"synchronous_commit": "off", "jit": "off"}
# channels are the database's, tables a schema's: two services may be in one database
_CHANNEL: Final = """
SELECT 'callscribe_' || oid FROM pg_namespace WHERE nspname = current_schema()"""
_NOTIFY: Final = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"
_PROBE: Final = "SELECT pg_notify($1, '')"
_DEAF: Final = (
    "what is told there is not heard: a pooler that shares sessions?"
    " (PgBouncer: pool_mode = session, or name the server itself in database_url)"
)
_BEAT: Final = "SELECT pg_notification_queue_usage()"
_INSTALLATION: Final = """
SELECT system_identifier || '.' || pg_database.oid || '.' || pg_namespace.oid
FROM pg_control_system(), pg_database, pg_namespace
WHERE datname = current_database() AND nspname = current_schema()"""
_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    ValueError,
)
"""All that the driver raises; `TimeoutError` is an `OSError`."""

_Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class NotifyTransport:
    """A `Transport`; its methods are documented there. The URL may hold a password."""

    max_bytes = MAX_BYTES

    def __init__(self, url: str, counters: BusCounters) -> None:
        self._url = url
        self._counters = counters
        self._sending: _Connection | None = None
        self._channel = ""

    async def send(self, payloads: Sequence[bytes]) -> None:
        """See `Transport.send`."""
        try:
            db = await self._sender()
            await db.execute(_NOTIFY, self._channel, [one.decode() for one in payloads])
        except _ERRORS as error:
            if self._sending is not None:
                self._sending.terminate()
                self._sending = None
            raise _unavailable(error) from error

    async def listen(self, heard: Heard, connected: Callable[[], None]) -> None:
        """See `Transport.listen`."""
        lost = asyncio.Event()
        try:
            async with _connected(self._url, "listening") as db:
                db.add_termination_listener(lambda _: lost.set())
                channel = await db.fetchval(_CHANNEL)
                await db.add_listener(channel, lambda _db, _pid, _channel, text: heard(str(text)))
                await self._expect_to_hear(db, channel)
                connected()
                while not lost.is_set():
                    self._counters.server_queue = await db.fetchval(_BEAT)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(BEAT_S):
                            await lost.wait()
        except _ERRORS as error:
            raise _unavailable(error) from error
        raise BusUnavailableError("the connection was closed")

    async def close(self) -> None:
        """See `Transport.close`."""
        if self._sending is not None:
            await _leave(self._sending)

    async def _expect_to_hear(self, db: _Connection, channel: str) -> None:
        """Expect that a connection hears what another tells: behind a pooler it may not."""
        probe, came = f"{channel}_{uuid4().hex}", asyncio.Event()
        await db.add_listener(probe, lambda *_: came.set())
        async with _connected(self._url, "probing") as other:
            await other.execute(_PROBE, probe)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                await came.wait()
        except TimeoutError:
            raise BusUnavailableError(_DEAF) from None
        await db.execute(f"UNLISTEN {probe}")

    async def _sender(self) -> _Connection:
        if self._sending is None or self._sending.is_closed():
            self._sending = await _connect(self._url, "notifying")
            self._channel = await self._sending.fetchval(_CHANNEL)
        return self._sending


async def installation_of(url: str) -> str:
    """Return what no other database with a journal is called, as digits and dots.

    Raises:
        BusUnavailableError: The server cannot be asked.
    """
    try:
        async with _connected(url, "bus") as db:
            return str(await db.fetchval(_INSTALLATION))
    except _ERRORS as error:
        raise _unavailable(error) from error


@asynccontextmanager
async def _connected(url: str, name: str) -> AsyncIterator[_Connection]:
    db = await _connect(url, name)
    try:
        yield db
    finally:
        await _leave(db)


async def _connect(url: str, name: str) -> _Connection:
    return await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=ANSWER_TIMEOUT_S,
        server_settings={**_SETTINGS, "application_name": f"callscribe/{name}"},
    )


async def _leave(db: _Connection) -> None:
    try:
        await db.close(timeout=ANSWER_TIMEOUT_S)
    except _ERRORS:
        db.terminate()


def _unavailable(error: Exception) -> BusUnavailableError:
    # the driver's own words may repeat the URL
    return BusUnavailableError(f"the database does not answer: {type(error).__name__}")
