"""API keys as text: how one is made, and how it is told from anything else. Pure.

`csk_<id>.<secret>`: the id is public and finds the key; of the whole only the SHA-256 is kept,
which is enough for a secret of 256 random bits.
"""

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Sequence

from service.ids import Scope
from service.ports import UNBOUND, Binding, StoredKey

_KEY = re.compile(r"csk_([A-Za-z0-9]{12})\.[A-Za-z0-9_-]{43}")
_ID_LENGTH = 12
_ID_LETTERS = string.ascii_letters + string.digits  # no dash: a command line would take offence
_SECRET_BYTES = 32


def make_key(
    name: str, scopes: Sequence[Scope], *, now: float, binding: Binding = UNBOUND
) -> tuple[str, StoredKey]:
    """Return a new key, to be shown once, and what is to be kept of it; `now` in Unix seconds."""
    key_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    text = f"csk_{key_id}.{secrets.token_urlsafe(_SECRET_BYTES)}"
    wanted = tuple(dict.fromkeys(scopes))
    kept = StoredKey(
        id=key_id,
        name=name,
        digest=_digest(text),
        scopes=wanted,
        created_at=now,
        binding=binding,
    )
    return text, kept


def read_key_id(text: str) -> str | None:
    """Return the id in what has the form of a key, or None."""
    found = _KEY.fullmatch(text)
    return found[1] if found else None


def is_key(text: str, kept: StoredKey) -> bool:
    """Say whether this is that key, in constant time. Whether it was revoked is not looked at."""
    return hmac.compare_digest(_digest(text), kept.digest)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
