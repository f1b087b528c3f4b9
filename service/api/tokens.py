"""Short-lived tokens: what a browser gets instead of a key. Signed, and kept nowhere. Pure.

`cst_<claims>.<signature>`, both in base64url: the claims are JSON, the signature is the
HMAC-SHA256 of everything before the dot.
"""

import base64
import binascii
import hashlib
import hmac

import msgspec

from service.errors import ForgedInputError
from service.ids import CallId, Scope
from service.ports import Binding

MAX_TOKEN_S = 12 * 3600
DEFAULT_TOKEN_S = 600
_PREFIX = "cst_"
MAX_CHARS = 4096


class Claims(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a token says: whose it is, and what it may do for which calls until when (Unix time)."""

    key_id: str = msgspec.field(name="k")
    scopes: tuple[Scope, ...] = msgspec.field(name="s")
    call_id: CallId | None = msgspec.field(name="c", default=None)
    expires_at: float = msgspec.field(name="e")
    binding: Binding | None = msgspec.field(name="b", default=None)
    """None: as the key is. Older versions take no token that says anything of it."""


def sign_token(secret: bytes, claims: Claims) -> str:
    """Return the token of these claims."""
    signed = _PREFIX + _text(msgspec.json.encode(claims))
    return f"{signed}.{_text(_signature(secret, signed))}"


def is_token(text: str) -> bool:
    """Say whether this means to be a token."""
    return text.startswith(_PREFIX)


def read_token(secret: bytes, text: str, *, now: float) -> Claims:
    """Return what a token says; `now` in Unix seconds.

    Raises:
        ForgedInputError: It is no token of this installation, or it is over.
    """
    signed, _, signature = text.rpartition(".")
    if len(text) > MAX_CHARS or not text.isascii() or not is_token(signed):
        raise ForgedInputError("not a token")
    # the text is compared, not what it decodes to: base64 has more than one spelling
    if not hmac.compare_digest(_text(_signature(secret, signed)), signature):
        raise ForgedInputError("not a token of this installation")
    try:
        claims = msgspec.json.decode(_bytes(signed.removeprefix(_PREFIX)), type=Claims)
    except (ValueError, binascii.Error) as error:
        raise ForgedInputError("not a token of this version") from error
    if now >= claims.expires_at:
        raise ForgedInputError("the token has expired")
    return claims


def _signature(secret: bytes, signed: str) -> bytes:
    return hmac.digest(secret, signed.encode(), hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
