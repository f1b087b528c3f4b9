"""Commits and settlements of many calls, written together inside the writer's transaction."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count

from service.errors import JournalError
from service.ids import CallId, EndpointName, InputId
from service.journal.admission import Admission, Head
from service.journal.sqlite.bulk import SQL, find_rows, write_rows
from service.journal.sqlite.erasure import erase_calls, keep_calls
from service.ports import Entry, LaneUpdate


def commit_entries(
    db: sqlite3.Connection, entries: Sequence[Entry], now: float
) -> list[JournalError | None]:
    """Write the entries that may be written, in order; say of the others why not."""
    calls = list(dict.fromkeys(entry.call_id for entry in entries))
    inputs = list(dict.fromkeys(one for entry in entries for one in entry.input_ids))
    admission = Admission(
        {CallId(key): Head(*numbers) for key, numbers in find_rows(db, SQL["find_heads"], calls)},
        {InputId(key) for key, _ in find_rows(db, SQL["find_inputs"], inputs)},
        _new_call_nos(db),
    )
    refusals = [admission.admit(entry) for entry in entries]
    _write_admitted(db, admission, now)
    return refusals


def _new_call_nos(db: sqlite3.Connection) -> Iterator[int]:
    (first,) = db.execute(SQL["next_call_no"].sql()).fetchone()
    yield from count(first)


def _write_admitted(db: sqlite3.Connection, admitted: Admission, now: float) -> None:
    calls = [
        (
            call_no,
            entry.call_id,
            entry.version + 1,
            entry.epoch,
            admitted.heads[entry.call_id].last_seq,
            entry.state,
            entry.wake_at,
            entry.ended,
            now,
            now,
        )
        for call_no, entry in admitted.calls.items()
    ]
    write_rows(db, SQL["write_calls"], calls)
    write_rows(db, SQL["write_legs"], list(admitted.legs.items()))
    write_rows(db, SQL["write_inputs"], [(input_id, now) for input_id in admitted.new_inputs])
    erased = [(no, entry) for no, entry in admitted.calls.items() if entry.erases]
    left = {no: entry.events[-1].seq for no, entry in erased}
    events = [
        (no, e.seq, e.type, e.body, now) for no, e in admitted.events if e.seq >= left.get(no, 0)
    ]
    write_rows(db, SQL["write_events"], events)
    lanes = [(*lane, *seqs) for lane, seqs in admitted.lanes.items()]
    write_rows(db, SQL["advance_lanes"], lanes)
    keep_calls(db, list(admitted.calls.items()))
    erase_calls(db, erased)


def settle_lanes(db: sqlite3.Connection, updates: Sequence[LaneUpdate], now: float) -> None:
    """Write how far lanes have come, as if one update after the other."""
    pending: dict[tuple[CallId, EndpointName], LaneUpdate] = {}
    parked: list[LaneUpdate] = []
    for update in updates:
        lane = (update.call_id, update.endpoint)
        earlier = pending.get(lane)
        if earlier and earlier.generation != update.generation:
            _write_settled(db, pending, parked, now)
            pending, parked, earlier = {}, [], None
        if update.parked:
            parked.append(update)
        if earlier is None or earlier.acked_seq <= update.acked_seq:
            pending[lane] = update
    _write_settled(db, pending, parked, now)


def _write_settled(
    db: sqlite3.Connection,
    pending: dict[tuple[CallId, EndpointName], LaneUpdate],
    parked: list[LaneUpdate],
    now: float,
) -> None:
    # parked first: once the lane has moved on it can no longer be told from a repeat
    given_up = [(u.call_id, u.endpoint, *u.parked, u.generation, now) for u in parked if u.parked]
    write_rows(db, SQL["park"], given_up)
    settled = [
        (u.call_id, u.endpoint, u.acked_seq, u.attempts, u.due_at, u.generation)
        for u in pending.values()
    ]
    write_rows(db, SQL["settle"], settled)
