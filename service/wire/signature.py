"""Telnyx's webhook signature: Ed25519 over `timestamp|raw body`, base64 in a header.

Source: TELNYX.md §2.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from service.errors import ForgedInputError

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"
TOLERANCE_S = 300
_MAX_TIMESTAMP_DIGITS = 12


def parse_public_key(text: str) -> VerifyKey:
    """Read a public key as Telnyx's portal shows it: 32 bytes in base64.

    Raises:
        ValueError: It is not that.
    """
    try:
        return VerifyKey(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, TypeError, ValueError) as error:
        message = "a Telnyx public key is 32 bytes in base64, as the portal shows it"
        raise ValueError(message) from error


def sign(key: SigningKey, body: bytes, timestamp_s: int) -> dict[str, str]:
    """Return the two headers that make `body` a webhook signed at `timestamp_s` (Unix seconds)."""
    signature = key.sign(f"{timestamp_s}|".encode() + body).signature
    return {
        SIGNATURE_HEADER: base64.b64encode(signature).decode(),
        TIMESTAMP_HEADER: str(timestamp_s),
    }


def verify(
    keys: Sequence[VerifyKey], headers: Mapping[str, str], body: bytes, *, now: float
) -> None:
    """Return if one of `keys` signed these raw bytes within 300 s of `now` (Unix seconds).

    `headers` must look names up without regard to case, as aiohttp's do.

    Raises:
        ForgedInputError: A header is missing or malformed, the time is off, or no key fits.
    """
    stamp = headers.get(TIMESTAMP_HEADER, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _MAX_TIMESTAMP_DIGITS):
        raise ForgedInputError("telnyx-timestamp is missing or not a number of seconds")
    if abs(now - int(stamp)) > TOLERANCE_S:
        raise ForgedInputError("telnyx-timestamp is more than 300 s away from this machine's clock")
    try:
        signature = base64.b64decode(headers.get(SIGNATURE_HEADER, ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ForgedInputError("telnyx-signature-ed25519 is not base64") from error
    message = f"{stamp}|".encode() + body
    if not any(_fits(key, message, signature) for key in keys):
        raise ForgedInputError("no configured public key made this signature")


def _fits(key: VerifyKey, message: bytes, signature: bytes) -> bool:
    try:
        key.verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
