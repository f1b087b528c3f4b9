"""A webhook with its headers, as the tee keeps it."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

KEPT: Final = ("Content-Type", "User-Agent", "Telnyx-Signature-Ed25519", "Telnyx-Timestamp")
"""The headers that go with a webhook; what else came is between Telnyx, a proxy and us."""
_MAX_ID: Final = 512


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """What is passed on, byte for byte."""

    headers: dict[str, str]
    body: bytes


class _Data(msgspec.Struct):
    id: object = None
    payload: object = None


class _Webhook(msgspec.Struct):
    data: _Data


_read = msgspec.json.Decoder(_Webhook).decode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Envelope).decode


def pack(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a webhook with those of its headers that are kept."""
    kept = {name: headers[name] for name in KEPT if name in headers}
    return _pack(Envelope(kept, body))


def unpack(packed: bytes) -> Envelope:
    """Return what `pack` was given."""
    return _unpack(packed)


def identify(body: bytes) -> tuple[str, str]:
    """Return a webhook's id, which a repeat has too, and what it is to be in order with.

    Whatever has no id is known by its bytes; what names no call is in order with its like.
    """
    digest = hashlib.sha256(body).hexdigest()
    try:
        data = _read(body).data
    except (msgspec.DecodeError, RecursionError):
        return digest, ""
    payload = data.payload if isinstance(data.payload, dict) else {}
    lane = _text(payload.get("call_session_id")) or _text(payload.get("call_control_id"))
    return _text(data.id) or digest, lane


def _text(value: object) -> str:
    good = isinstance(value, str) and len(value) <= _MAX_ID and value.isprintable()
    return value if good and isinstance(value, str) else ""
