"""The state of a call as bytes for the journal, and back.

The bytes name the layout they are in. What an older service wrote is brought up to date, step by
step, so that a call which goes on over an upgrade keeps what it remembers.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from service.calls.state import LAYOUT, CallState
from service.errors import JournalTooNewError

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CallState)

_Tree = dict[str, Any]
_RENAMED_2: Final = {
    "wish": "desired",
    "quiet": "pauses",
    "quiet_before_ms": "paused_before_ms",
    "holes": "open_gaps",
    "lines": "sequences",
}
_RENAMED_2_INSIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "streams": {"held": "paused", "cut_ms": "ends_ms", "hearing": "recognising"},
    "sequences": {"settled": "finals"},
}


class _Peek(msgspec.Struct):
    layout: int = 1


_peek = msgspec.msgpack.Decoder(_Peek)


def encode_state(state: CallState) -> bytes:
    """Write a call's state."""
    return _encoder.encode(state)


def decode_state(data: bytes) -> CallState:
    """Read a call's state, in whatever layout an earlier version of the service wrote it.

    Raises:
        JournalTooNewError: Another version wrote it in a shape this one does not know.
    """
    try:
        layout = _peek.decode(data).layout
        if layout == LAYOUT:
            return _decoder.decode(data)
        if layout > LAYOUT:
            raise JournalTooNewError("a call's state is of a newer version of Callscribe")
        tree = msgspec.msgpack.decode(data)
        for step in _UPGRADES[layout - 1 :]:
            step(tree)
        return msgspec.convert(tree | {"layout": LAYOUT}, CallState)
    except msgspec.DecodeError as error:
        raise JournalTooNewError("a call's state is of another version of Callscribe") from error


def _to_2(tree: _Tree) -> None:
    """Give fields the names that the glossary gives them, and requests a value each."""
    _rename(tree, _RENAMED_2)
    for field, names in _RENAMED_2_INSIDE.items():
        for part in tree.get(field, {}).values():
            _rename(part, names)
    source = (tree.get("route") or {}).get("source", "in_call")
    for leg in tree.get("legs", {}).values():
        _split_fork(leg, "streaming" if source == "media" else "transcribing")


def _split_fork(leg: _Tree, request: str) -> None:
    """Bring what was known of a leg's words to the request that brings them.

    Whether a leg that rings is ours to answer was not kept: it was asked for already.
    """
    fork, generation = leg.pop("fork", "none"), leg.pop("takes", 0)
    leg.pop("restarts", None)
    leg.pop("restart_at", None)
    progress = fork if fork in ("on", "asked") else "off"
    leg[request] = {"progress": progress, "generation": generation}
    leg["expected"] = fork == "on"


def _rename(tree: _Tree, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        if old in tree:
            tree[new] = tree.pop(old)


_UPGRADES: Final[tuple[Callable[[_Tree], None], ...]] = (_to_2,)
"""The steps from each layout to the next; the first is from 1 to 2."""
