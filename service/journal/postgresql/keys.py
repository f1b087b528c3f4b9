"""API keys in the journal's PostgreSQL database, on a connection of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from service.journal.key_rows import key_of, row_of_key
from service.journal.postgresql.side_connection import SideConnection, open_side_connection
from service.journal.statements import load_statements
from service.ports.keys import KeyStore, StoredKey

_SQL = load_statements("postgresql", "keys")


class PostgresqlKeys:
    """A `KeyStore`; its methods are documented there."""

    def __init__(self, side: SideConnection) -> None:
        self._do = side.do

    async def keep_key(self, key: StoredKey) -> None:
        """See `KeyStore.keep_key`."""
        await self._do("keep_key", *row_of_key(key))

    async def find_key(self, key_id: str) -> StoredKey | None:
        """See `KeyStore.find_key`."""
        rows = await self._do("find_key", key_id)
        return key_of(rows[0]) if rows else None

    async def keys(self) -> list[StoredKey]:
        """See `KeyStore.keys`."""
        return [key_of(row) for row in await self._do("keys")]

    async def revoke_key(self, key_id: str, at: float) -> bool:
        """See `KeyStore.revoke_key`. A key that was revoked before keeps that time."""
        return bool(await self._do("revoke_key", at, key_id))

    async def token_secret(self) -> bytes:
        """See `KeyStore.token_secret`."""
        ((secret,),) = await self._do("token_secret")
        return cast(bytes, secret)


@asynccontextmanager
async def open_postgresql_keys(url: str) -> AsyncIterator[KeyStore]:
    """Open the keys in a journal's database, which must be ready; services may be using it.

    A key that one process makes or revokes is seen by the others with their next question.

    Raises:
        JournalUnavailableError: There is no journal, or the server cannot be reached.
        JournalTooNewError: A newer version wrote it.
    """
    async with open_side_connection(url, "keys", _SQL) as side:
        yield PostgresqlKeys(side)
