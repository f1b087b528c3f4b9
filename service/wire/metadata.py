"""Metadata of a call as text: its top level, to be compared with what people ask for. Pure."""

from collections.abc import Mapping

import msgspec

_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_NESTED = (b"[", b"{")


class _Data(msgspec.Struct):
    metadata: dict[str, msgspec.Raw] = {}
    route: object = None


class _Envelope(msgspec.Struct):
    data: _Data


_read_envelope = msgspec.json.Decoder(_Envelope).decode


def facts_of(metadata: bytes) -> Mapping[str, str]:
    """Return the plain values at the top of a JSON object: strings as they are, others as JSON."""
    return _plain(_read_object(metadata))


def read_facts(body: bytes) -> tuple[str | None, Mapping[str, str]] | None:
    """Return the route that an event names, if it does, and the facts it says of its call.

    None if it cannot be read: what is none of ours says nothing of a call.
    """
    try:
        data = _read_envelope(body).data
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return data.route if isinstance(data.route, str) else None, _plain(data.metadata)


def _plain(given: Mapping[str, msgspec.Raw]) -> dict[str, str]:
    return {key: _as_text(value) for key, value in given.items() if bytes(value)[:1] not in _NESTED}


def _as_text(value: msgspec.Raw) -> str:
    written = bytes(value)
    return msgspec.json.decode(written, type=str) if written[:1] == b'"' else written.decode()
