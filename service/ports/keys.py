"""API keys as they are kept: never the key itself."""

from dataclasses import dataclass
from typing import Protocol

from service.ids import Scope
from service.ports.binding import UNBOUND, Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key. `id` is its public part; `digest` the SHA-256 of the whole. Unix seconds."""

    id: str
    name: str
    digest: bytes
    scopes: tuple[Scope, ...]
    created_at: float
    revoked_at: float | None = None
    binding: Binding = UNBOUND
    """Which calls it may see, and act on; a token made with it never more."""


class KeyStore(Protocol):
    """API keys, and the secret that short-lived tokens are signed with."""

    async def keep_key(self, key: StoredKey) -> None:
        """Remember a new key."""

    async def find_key(self, key_id: str) -> StoredKey | None:
        """Return a key, revoked or not."""

    async def keys(self) -> list[StoredKey]:
        """Return all keys, oldest first."""

    async def revoke_key(self, key_id: str, at: float) -> bool:
        """Make a key worthless from now on; False if there is none of that id."""

    async def token_secret(self) -> bytes:
        """Return the 32 bytes that tokens of this installation are signed with, made once."""
