"""API keys as rows, whatever the database. Pure."""

from collections.abc import Sequence
from typing import Any, cast

from service.ids import Scope
from service.ports.keys import StoredKey


def row_of_key(key: StoredKey) -> tuple[object, ...]:
    """Return a key as it is stored."""
    scopes = " ".join(key.scopes)
    return key.id, key.name, key.digest, scopes, key.created_at, key.revoked_at


def key_of(row: Sequence[Any]) -> StoredKey:
    """Return what `row_of_key` wrote."""
    key_id, name, digest, scopes, created_at, revoked_at = row
    return StoredKey(
        id=key_id,
        name=name,
        digest=digest,
        scopes=cast(tuple[Scope, ...], tuple(scopes.split())),
        created_at=created_at,
        revoked_at=revoked_at,
    )
