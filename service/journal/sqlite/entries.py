"""Commits and settlements of many calls, written together inside the writer's transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final

from service.errors import JournalError
from service.ids import CallId, InputId
from service.journal import entry_rows
from service.journal.admission import Admission, Head
from service.journal.settlement import settlements
from service.journal.sqlite.amending import amend_events
from service.journal.sqlite.bulk import find_rows, write_rows
from service.journal.sqlite.erasure import erase_calls
from service.journal.statements import load_statements
from service.ports import Entry, LaneUpdate

_SQL: Final = load_statements("sqlite", "journal")


def commit_entries(
    db: sqlite3.Connection, entries: Sequence[Entry], now: float
) -> list[JournalError | None]:
    """Write the entries that may be written, in order; return why the others may not."""
    calls = list(dict.fromkeys(entry.call_id for entry in entries))
    inputs = list(dict.fromkeys(one for entry in entries for one in entry.input_ids))
    admission = Admission(
        {CallId(key): Head(*numbers) for key, numbers in find_rows(db, _SQL["find_heads"], calls)},
        {InputId(key) for key, _ in find_rows(db, _SQL["find_inputs"], inputs)},
        _new_call_nos(db),
    )
    refusals = [admission.admit(entry) for entry in entries]
    _write_admitted(db, admission, now)
    for entry, refusal in zip(entries, refusals, strict=True):
        if entry.ended and refusal is None:
            db.execute(_SQL["forget_tokens"].sql(), {"call_id": entry.call_id})
    return refusals


def settle_lanes(db: sqlite3.Connection, updates: Sequence[LaneUpdate], now: float) -> None:
    """Write how far lanes have come, as if one update after the other."""
    for settlement in settlements(updates):
        write_rows(db, _SQL["park"], settlement.parked_rows(now))
        write_rows(db, _SQL["settle"], settlement.lane_rows())


def _new_call_nos(db: sqlite3.Connection) -> Iterator[int]:
    (first,) = db.execute(_SQL["next_call_no"].sql()).fetchone()
    yield from count(first)


def _write_admitted(db: sqlite3.Connection, admitted: Admission, now: float) -> None:
    write_rows(db, _SQL["write_calls"], entry_rows.call_rows(admitted, now))
    write_rows(db, _SQL["write_legs"], entry_rows.leg_rows(admitted))
    write_rows(db, _SQL["write_parties"], entry_rows.party_rows(admitted))
    write_rows(db, _SQL["write_inputs"], entry_rows.input_rows(admitted, now))
    write_rows(db, _SQL["write_events"], entry_rows.event_rows(admitted, now))
    write_rows(db, _SQL["advance_lanes"], entry_rows.lane_rows(admitted))
    for row in entry_rows.keeping_rows(admitted):
        db.execute(_SQL["keep_call"].sql(), row)
    amend_events(db, admitted.amended)
    erase_calls(db, entry_rows.erasing(admitted))
    for call_no in admitted.forgotten:
        db.execute(_SQL["forget_call"].sql(), (call_no,))
