"""Brings a database to the newest schema, and knows one that is none of ours or too new."""

import hashlib
import secrets
from typing import Final

import asyncpg
import structlog

from service.errors import JournalTooNewError, JournalUnavailableError
from service.journal.postgresql.connection import PLAN_FREELY, Connection
from service.journal.postgresql.reindexing import part_letters
from service.journal.statements import load_migrations, load_statements

MIN_VERSION: Final = 150_000
_PARTS_LETTERS: Final = 9
_MIGRATING: Final = 0x43534352
_SERVING: Final = 0x43534353
"""Advisory locks ("CSCR", and the next): with each goes the schema that the tables are in."""
BEGIN_COPY: Final = (
    "CREATE TABLE IF NOT EXISTS unfinished_copy (id integer PRIMARY KEY, source text)"
)
END_COPY: Final = "DROP TABLE unfinished_copy"
_SCHEMA: Final = "current_schema()::regnamespace::oid::integer"
_WORDS_TO_KNOW: Final = 500
"""So many tens of lexemes PostgreSQL counts. What it has not counted it takes for commoner than it
is, and then walks through most finals to find fifty with it."""
_WORDS_KNOWN: Final = """
SELECT attstattarget FROM pg_attribute WHERE attrelid = 'utterance'::regclass AND attname = 'words'
"""
_MAKE: Final = """
CREATE TABLE IF NOT EXISTS callscribe_schema (
    version integer PRIMARY KEY,
    digest text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now())
"""
_RAISE_BASE: Final = """
UPDATE installation SET position_base = position_base + missing.places
FROM (
    SELECT greatest(0, (SELECT coalesce(max(position), 0) FROM event)
        - position_base - (pg_current_xact_id()::text::bigint << 14) + 1) AS places
    FROM installation) AS missing
WHERE missing.places > 0
"""

log = structlog.get_logger()


async def migrate(db: Connection) -> None:
    """Write the scripts that the database lacks, one transaction each; one process at a time.

    Raises:
        JournalUnavailableError: The server is too old, or the database is not in UTF-8.
        JournalTooNewError: A newer version wrote it.
    """
    await _expect_usable(db)
    await db.execute(f"SELECT pg_advisory_lock({_MIGRATING}, {_SCHEMA})")
    try:
        await db.execute(_MAKE)
        scripts = load_migrations("postgresql")
        version = await _version(db, len(scripts))
        for number, script in enumerate(scripts[version:], version + 1):
            async with db.transaction():
                await db.execute(PLAN_FREELY)
                await db.execute(script)
                if number == _PARTS_LETTERS:
                    await part_letters(db)
                await db.execute(
                    "INSERT INTO callscribe_schema (version, digest) VALUES ($1, $2)",
                    number,
                    _digest(script),
                )
            log.info("journal_migrated", schema=number)
        await _make_indexes(db)
        await _make_secret(db)
        await db.execute(_RAISE_BASE)
    finally:
        await db.execute(f"SELECT pg_advisory_unlock({_MIGRATING}, {_SCHEMA})")


async def expect_ready(db: Connection) -> None:
    """Expect the schema of this version.

    Raises:
        JournalUnavailableError: There is none yet, or an older one.
        JournalTooNewError: A newer version wrote it.
    """
    newest = len(load_migrations("postgresql"))
    await expect_whole(db)
    try:
        version = await _version(db, newest)
    except asyncpg.UndefinedTableError:
        raise JournalUnavailableError(
            "there is no journal in this database: the service makes it when it first starts"
        ) from None
    if version < newest:
        raise JournalUnavailableError(
            "the database was written by an older version: the service updates it when it starts"
        )


async def expect_whole(db: Connection) -> None:
    """Expect that no copy into this database was begun and not finished.

    Raises:
        JournalUnavailableError: One was.
    """
    if await is_copy_begun(db):
        raise JournalUnavailableError(
            "a copy into this database was not finished: run `callscribe journal copy` again"
        )


async def is_copy_begun(db: Connection) -> bool:
    """Return whether a copy into this database was begun and not finished."""
    return await db.fetchval("SELECT to_regclass('unfinished_copy')") is not None


async def lock_service(db: Connection) -> None:
    """Keep those out who want this database to themselves, for as long as the connection lives.

    Raises:
        JournalUnavailableError: Somebody has it to themselves, or there is no schema for tables.
    """
    await _expect_schema(db)
    if not await db.fetchval(f"SELECT pg_try_advisory_lock_shared({_SERVING}, {_SCHEMA})"):
        raise JournalUnavailableError("this database is being copied, or an older version serves")


async def lock_alone(db: Connection) -> None:
    """Keep every service out of this database for as long as the connection lives.

    Raises:
        JournalUnavailableError: One has it, or there is no schema for the tables.
    """
    await _expect_schema(db)
    if not await db.fetchval(f"SELECT pg_try_advisory_lock({_SERVING}, {_SCHEMA})"):
        raise JournalUnavailableError("a service has this database open")


async def _expect_schema(db: Connection) -> None:
    if await db.fetchval("SELECT current_schema()") is None:
        raise JournalUnavailableError("the search_path names no schema that is there: make one")


async def _expect_usable(db: Connection) -> None:
    version = int(await db.fetchval("SHOW server_version_num"))
    if version < MIN_VERSION:
        raise JournalUnavailableError(
            f"the server is PostgreSQL {version // 10_000}: use {MIN_VERSION // 10_000} or newer"
        )
    encoding = await db.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise JournalUnavailableError(f"the database is in {encoding}: make one in UTF8")


async def _version(db: Connection, newest: int) -> int:
    version = int(await db.fetchval("SELECT coalesce(max(version), 0) FROM callscribe_schema"))
    if version > newest:
        raise JournalTooNewError(
            f"the database has schema {version} and this version knows up to {newest}:"
            " run the version that wrote it, or a newer one"
        )
    return version


async def _make_indexes(db: Connection) -> None:
    for name, index in load_statements("postgresql", "indexes").items():
        if await db.fetchval("SELECT to_regclass($1)", name) is None:
            await db.execute(index.text)
            log.info("journal_indexed", index=name)
    if await db.fetchval(_WORDS_KNOWN) != _WORDS_TO_KNOW:
        await db.execute(f"ALTER TABLE utterance ALTER words SET STATISTICS {_WORDS_TO_KNOW}")


async def _make_secret(db: Connection) -> None:
    await db.execute(
        "INSERT INTO installation (id, token_secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
        secrets.token_bytes(32),
    )


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
