"""Secrets that webhooks are signed with, as the specification of Standard Webhooks has them."""

import base64
import binascii
from typing import Final

_BYTES: Final = range(24, 65)


def check_webhook_secret(text: str) -> str:
    """Accept `whsec_` and 24 to 64 bytes in base64.

    Raises:
        ValueError: It is none; the text does not repeat it.
    """
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith("whsec_") or len(secret) not in _BYTES:
        raise ValueError(
            "should be whsec_ and 24 to 64 random bytes in base64: "
            "openssl rand -base64 32 makes what comes after whsec_"
        )
    return text
