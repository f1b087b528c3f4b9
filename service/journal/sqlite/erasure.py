"""Erasure: everything of a call but its tombstone, from every table."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from service.journal.statements import load_statements
from service.ports import Entry

_SQL: Final = load_statements("sqlite", "journal")
_ERASING: Final = (
    "erase_events",
    "erase_summary",
    "erase_lanes",
    "erase_parked",
    "erase_attempts",
    "forget_tokens",
    "erase_recording",
    "erase_keeping",
    "erase_parties",
    "note_unscrubbed",
)


def erase_calls(db: sqlite3.Connection, erased: Iterable[tuple[int, Entry]]) -> None:
    """Delete what there is of these calls (by `call_no`) beside the last event of their entry.

    The tombstone is written already. What was made of an event goes with it, by triggers.
    """
    for call_no, entry in erased:
        given = {"call_no": call_no, "call_id": entry.call_id, "seq": entry.events[-1].seq}
        for name in _ERASING:
            db.execute(_SQL[name].sql(), given)
