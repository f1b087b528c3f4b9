"""Erasing: everything of a call but its tombstone, from every table, and then from the files."""

import sqlite3
from collections.abc import Sequence

from service.journal.sqlite.bulk import SQL
from service.journal.sqlite.fulltext import merge_words
from service.ports import Entry

_ERASING = (
    "erase_events",
    "erase_summary",
    "erase_lanes",
    "erase_parked",
    "erase_tokens",
    "erase_recording",
    "erase_keeping",
    "note_unscrubbed",
)
_CHECKPOINT_WAITS_MS = 50
"""How long a checkpoint may keep commits waiting for those who still read what was."""


def erase_calls(db: sqlite3.Connection, erased: Sequence[tuple[int, Entry]]) -> None:
    """Delete what there is of these calls (by `call_no`) beside the last event of their entry.

    The tombstone is written already. What was made of an event goes with it, by triggers.
    """
    for call_no, entry in erased:
        given = {"call_no": call_no, "call_id": entry.call_id, "seq": entry.events[-1].seq}
        for name in _ERASING:
            db.execute(SQL[name].sql(), given)


def keep_calls(db: sqlite3.Connection, ended: Sequence[tuple[int, Entry]]) -> None:
    """Note how long these calls are kept, where their route says so."""
    for call_no, entry in ended:
        if entry.keeping:
            row = (call_no, entry.keeping.text_due_at, entry.keeping.attempts_s)
            db.execute(SQL["keep_call"].sql(), row)


def merge_step(first: bool, db: sqlite3.Connection) -> bool:  # noqa: FBT001 - bound by `partial`
    """Merge a part of the word index; False once it holds no deleted word any more."""
    return merge_words(db, first=first)


def truncate_log(db: sqlite3.Connection) -> bool:
    """Bring the log into the database and empty its file; False if somebody still reads it."""
    (waits_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_WAITS_MS}")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {waits_ms}")
    return not busy
