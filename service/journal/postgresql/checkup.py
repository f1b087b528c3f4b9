"""What an operator should know of a PostgreSQL server before calls depend on it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import uuid4

import asyncpg

from service.journal.postgresql.connection import (
    DRIVER_ERRORS,
    Connection,
    connect,
    unreachable,
)
from service.journal.postgresql.migrations import MIN_VERSION

CONNECTIONS: Final = 12
"""That one service holds: two of the journal, three of the library, keys, searches, its heartbeat,
the roster, two of the bus, a spare one."""
_ASK: Final = """
SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_encoding') AS encoding,
    current_setting('max_connections')::integer
        - current_setting('superuser_reserved_connections')::integer
        - coalesce(current_setting('reserved_connections', true), '0')::integer AS max_connections,
    -- of other roles' it is not told to everybody which are clients
    (SELECT count(*) FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend'
        AND datname IS NOT NULL AND pid <> pg_backend_pid()
        AND (datname <> current_database()
            OR coalesce(application_name, '') NOT LIKE 'callscribe/%')) AS others,
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
    (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
    current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS synchronous_standbys,
    (SELECT count(*) FROM pg_stat_replication) AS standbys,
    pg_is_in_recovery() AS in_recovery,
    current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE') AS may_create,
    to_regclass('callscribe_schema') IS NOT NULL AS made,
    pg_backend_pid() AS pid,
    (SELECT ssl FROM pg_stat_ssl WHERE pg_stat_ssl.pid = pg_backend_pid()) AS encrypted,
    inet_server_addr() IS NULL OR inet_server_addr() <<= '127.0.0.0/8' AS local
"""
_WORKERS: Final = """
SELECT settings FROM worker
WHERE NOT draining AND heartbeat_at > clock_timestamp() - interval '10 s' ORDER BY id
"""
_LOSES: Final = ("off", "local")
_HEARS_IN_S: Final = 2.0

Severity = Literal["fail", "warn"]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong with a server; `text` says what to do about it."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Connections:
    """How many connections workers may have, all together, and what sets that limit."""

    room: int
    limit: str

    def holds(self, workers: int) -> bool:
        """Return whether so many workers can all connect."""
        return workers * CONNECTIONS <= self.room

    def sum(self, workers: int) -> str:
        """Say how it adds up for so many workers."""
        counted = "1 worker" if workers == 1 else f"{workers} workers"
        taken = f"{counted} x {CONNECTIONS} connections = {workers * CONNECTIONS}"
        most = max(0, self.room // CONNECTIONS)
        return f"{taken}, of {max(0, self.room)} that {self.limit} leaves them: room for {most}"


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a server, and whether a service made its tables there."""

    remarks: tuple[Remark, ...]
    made: bool
    connections: Connections
    settings: tuple[str, ...] = ()
    """Of each worker that runs on it and stays, the fingerprints of its settings."""


@dataclass(frozen=True, slots=True)
class _Rule:
    severity: Severity
    broken: Callable[[Any], bool]
    text: str


_RULES: Final = (
    _Rule(
        "fail",
        lambda one: one["version"] < MIN_VERSION,
        f"is too old: use PostgreSQL {MIN_VERSION // 10_000} or newer",
    ),
    _Rule(
        "fail",
        lambda one: one["encoding"] != "UTF8",
        "is not in UTF8: make a database that is",
    ),
    _Rule(
        "fail",
        lambda one: one["in_recovery"],
        "is a standby, which takes no writes: name the primary in database_url",
    ),
    _Rule(
        "fail",
        lambda one: not one["made"] and not one["may_create"],
        "does not let this user make tables: GRANT CREATE ON SCHEMA to it",
    ),
    _Rule(
        "fail",
        lambda one: one["fsync"] == "off",
        "runs with fsync = off: a power cut loses acknowledged events; switch it on",
    ),
    _Rule(
        "warn",
        lambda one: (
            one["standbys"] > 0
            and (not one["synchronous_standbys"] or one["synchronous_commit"] in _LOSES)
        ),
        "has asynchronous standbys only: failing over to one loses the last acknowledged events;"
        " set synchronous_standby_names, or accept that",
    ),
    _Rule(
        "fail",
        lambda one: one["deaf"],
        "is behind a pooler that shares its sessions: workers would not hear each other, nor keep"
        " others out; give each connection one of its own (PgBouncer: pool_mode = session), or name"
        " the server itself in database_url",
    ),
    _Rule(
        "warn",
        lambda one: not one["encrypted"] and not one["local"],
        "is reached without TLS: add ?sslmode=verify-full to database_url",
    ),
)


async def check_server(url: str) -> Report:
    """Look at the server of this URL; nothing is written.

    Raises:
        JournalUnavailableError: It cannot be reached, or does not let us in.
    """
    try:
        db = await connect(url, name="check")
    except DRIVER_ERRORS as error:
        raise unreachable(error) from None
    try:
        found = await _facts(db, url)
        settings = await _settings(db) if found["made"] else ()
    finally:
        await db.close()
    remarks = (Remark(one.severity, one.text) for one in _RULES if one.broken(found))
    return Report(tuple(remarks), bool(found["made"]), _connections(found), settings)


def _connections(found: Mapping[str, Any]) -> Connections:
    """Return what the tightest of the server's limits leaves to workers; below 0 there is none."""
    limits = [(found["max_connections"] - found["others"], "max_connections")]
    for name, limit in (("role", "the role's limit"), ("database", "the database's limit")):
        if (most := found[f"{name}_limit"]) >= 0:
            limits.append((most, limit))
    return Connections(*min(limits))


async def _settings(db: Connection) -> tuple[str, ...]:
    try:
        return tuple(settings for (settings,) in await db.fetch(_WORKERS))
    except asyncpg.SyntaxOrAccessError:
        return ()  # an older version made the tables, or they are not this role's to read


async def _facts(db: Connection, url: str) -> dict[str, Any]:
    row = await db.fetchrow(_ASK)
    facts = dict(row or {})
    # who is between us and the server makes up a number of its own
    is_pooled = facts["pid"] != db.get_server_pid()
    facts["deaf"] = is_pooled and not await _hears(db, url)
    return facts


async def _hears(db: Connection, url: str) -> bool:
    """Return whether a connection that waits is told what another one says."""
    channel, heard = f"callscribe_check_{uuid4().hex}", asyncio.Event()
    await db.add_listener(channel, lambda *_: heard.set())
    other = await connect(url, name="check")
    try:
        await other.execute("SELECT pg_notify($1, '')", channel)
    finally:
        await other.close()
    try:
        async with asyncio.timeout(_HEARS_IN_S):
            return await heard.wait()
    except TimeoutError:
        return False
    finally:
        await db.execute(f"UNLISTEN {channel}")
