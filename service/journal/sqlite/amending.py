"""Amending events: other bodies in the place of old ones, of which nothing is left."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from service.journal.statements import load_statements
from service.ports import StoredEvent

_SQL: Final = load_statements("sqlite", "journal")
_AFTER: Final = (
    "unindex_words",
    "amend_words",
    "part_letters",
    "index_words",
    "forget_attempts_at",
    "note_unscrubbed",
)


def amend_events(db: sqlite3.Connection, amended: Iterable[tuple[int, StoredEvent]]) -> None:
    """Replace the bodies of events, by `call_no` and `seq`, and what was made of them."""
    for call_no, event in amended:
        given = {"call_no": call_no, "seq": event.seq, "body": event.body}
        db.execute(_SQL["amend_event"].sql(), given)
        for name in _AFTER:
            db.execute(_SQL[name].sql(), given)
