"""Accesses as rows of any database, and back. Pure."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from service.ids import CallId
from service.ports import Access

LATEST: Final = 2**63 - 1


def write_rows(accesses: Sequence[Access]) -> str:
    """Return accesses as JSON, an array each."""
    rows = [
        (
            one.at,
            _text(one.key_id),
            one.action,
            None if one.call_id is None else _text(one.call_id),
            _text(one.address),
        )
        for one in accesses
    ]
    return msgspec.json.encode(rows).decode()


def read_row(row: Sequence[Any]) -> tuple[int, Access]:
    """Return an access and its number."""
    number, at, key_id, action, call_id, address = row
    whose = None if call_id is None else CallId(call_id)
    return number, Access(at=at, key_id=key_id, action=action, call_id=whose, address=address)


def _text(value: str) -> str:
    """Return text that any database can hold: without control characters and half surrogates."""
    printable = "".join(one if one >= " " else "\ufffd" for one in value)
    return printable.encode(errors="replace").decode()
