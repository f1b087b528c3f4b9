"""Addresses for streams that an application signs itself: which leg, until when, treated how.

`s1.CLAIMS.SIGNATURE`: the claims are JSON in base64url, and so is the HMAC-SHA256 of `s1.CLAIMS`
by the secret that the application shares with us, both without padding.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

_PREFIX = "s1."


class StreamClaims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an application says of a stream that it starts."""

    leg: str
    """Telnyx's id of the leg; TeXML calls it `CallSid`."""
    exp: float
    """Until when the address is good, in Unix seconds."""
    route: str | None = None
    """The `name` of the route it is treated by; left out: the first that matches every call."""
    metadata: dict[str, Any] = {}


def is_signed(token: str) -> bool:
    """Say whether a token says of itself that an application signed it."""
    return token.startswith(_PREFIX)


def sign_stream(claims: StreamClaims, secret: str) -> str:
    """Return a token, as applications make it."""
    said = _PREFIX + _encoded(msgspec.json.encode(claims))
    return f"{said}.{_encoded(_mac(said, secret))}"


def read_stream(token: str, secret: str, *, now: float) -> StreamClaims | None:
    """Return what a token says; None if it is forged, cannot be read, or is over."""
    said, _, signature = token.rpartition(".")
    try:
        genuine = hmac.compare_digest(_decoded(signature), _mac(said, secret))
        claims = msgspec.json.decode(_decoded(said.removeprefix(_PREFIX)), type=StreamClaims)
    except (binascii.Error, UnicodeError, msgspec.DecodeError):
        return None
    return claims if genuine and claims.leg and now < claims.exp else None


def _mac(said: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), said.encode(), hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
