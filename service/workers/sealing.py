"""What workers write to each other is sealed: it holds words that no route has redacted yet.

The key is made of the Telnyx API key, which all workers have and the database does not. So neither
the table nor the server's log, its replicas or its backups have the words.
"""

from hashlib import blake2b
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from service.errors import JournalTooNewError

_PURPOSE: Final = b"callscribe mail"
_KEY_BYTES: Final = 32


class Seal:
    """Seals what is written and opens what was sealed with the same API key."""

    def __init__(self, api_key: str) -> None:
        key = blake2b(api_key.encode(), digest_size=_KEY_BYTES, person=_PURPOSE).digest()
        self._box = Aead(key)

    def close(self, body: bytes) -> bytes:
        """Return what may be written (XChaCha20-Poly1305, with a nonce of its own)."""
        return bytes(self._box.encrypt(body))

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            JournalTooNewError: A worker with another API key sealed it, or it is damaged.
        """
        try:
            return self._box.decrypt(sealed)
        except (CryptoError, ValueError) as error:
            raise JournalTooNewError("a worker with another Telnyx API key wrote this") from error
