"""Bindings of keys as they are kept and compared with, whatever the database. Pure."""

import msgspec

from service.ports import UNBOUND, Binding

_decode = msgspec.json.Decoder(Binding).decode


def write_binding(binding: Binding) -> str | None:
    """Return a binding as it is kept with its key: JSON, or None if it covers every call."""
    return None if binding.is_unbound else msgspec.json.encode(binding).decode()


def read_binding(kept: str | None) -> Binding:
    """Return a binding that was kept."""
    return UNBOUND if kept is None else _decode(kept)


def bound_routes(binding: Binding) -> str | None:
    """Return the names of routes as JSON, one of which a call must have; None: whichever."""
    if binding.routes is None:
        return None
    return msgspec.json.encode([_text(one) for one in binding.routes]).decode()


def bound_metadata(binding: Binding) -> str:
    """Return the keys of metadata as a JSON object, each with the values that a call may have."""
    wanted = {_text(key): [_text(one) for one in values] for key, values in binding.metadata}
    return msgspec.json.encode(wanted).decode()


def _text(value: str) -> str:
    """Return text that a database can hold: nothing there has half of a surrogate pair."""
    return value.encode(errors="replace").decode()
