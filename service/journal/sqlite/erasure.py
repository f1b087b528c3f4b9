"""Erasure: everything of a call but its tombstone, from every table, and then from the log."""

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
    "note_unscrubbed",
)
_CHECKPOINT_WAITS_MS: Final = 50
"""How long a checkpoint may keep commits waiting for those who still read what was."""


def erase_calls(db: sqlite3.Connection, erased: Iterable[tuple[int, Entry]]) -> None:
    """Delete what there is of these calls (by `call_no`) beside the last event of their entry.

    The tombstone is written already. What was made of an event goes with it, by triggers.
    """
    for call_no, entry in erased:
        given = {"call_no": call_no, "call_id": entry.call_id, "seq": entry.events[-1].seq}
        for name in _ERASING:
            db.execute(_SQL[name].sql(), given)


def truncate_log(db: sqlite3.Connection) -> bool:
    """Bring the log into the database and empty its file; False if somebody still reads it."""
    (waits_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAITS_MS}")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {waits_ms}")
    return not busy
