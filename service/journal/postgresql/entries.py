"""Commits and settlements of many calls, written together inside the writer's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, Final

from service.errors import JournalError, LeaseLostError
from service.ids import CallId, InputId, WorkerId
from service.journal import entry_rows
from service.journal.admission import Admission, Head
from service.journal.postgresql.amending import amend_events
from service.journal.postgresql.connection import Connection
from service.journal.postgresql.summaries import summarise
from service.journal.postgresql.text import from_database, to_database
from service.journal.settlement import Settlement, settlements
from service.journal.statements import load_statements
from service.ports import Entry, LaneUpdate

_SQL: Final = load_statements("postgresql", "journal")
_ERASING: Final = (
    "erase_events",
    "erase_words",
    "erase_lanes",
    "erase_parked",
    "erase_attempts",
    "erase_recording",
    "erase_keeping",
    "erase_parties",
    "note_unscrubbed",
)
OFF_ROSTER: Final = "this worker is not on the roster any more"
_SEQ_TOO: Final = ("erase_events", "erase_lanes")

Row = tuple[object, ...]


async def commit_entries(
    db: Connection, entries: Sequence[Entry], now: float, *, owner: WorkerId | None = None
) -> list[JournalError | None]:
    """Write the entries that may be written, in order; return why the others may not.

    Calls that are new are `owner`'s, whose lease is held until the transaction is over.

    Raises:
        LeaseLostError: The owner is not on the roster any more.
    """
    admission = await _admission(db, entries, owner)
    refusals = [admission.admit(entry) for entry in entries]
    if admission.calls:
        await _write_admitted(db, admission, now, owner)
        ended = [
            to_database(entry.call_id)
            for entry, refusal in zip(entries, refusals, strict=True)
            if entry.ended and refusal is None
        ]
        if ended:
            await db.execute(_SQL["forget_tokens"].text, ended)
    return refusals


async def settle_lanes(db: Connection, updates: Sequence[LaneUpdate], now: float) -> None:
    """Write how far lanes have come, as if one update after the other."""
    for settlement in settlements(updates):
        if parked := _once(settlement, now):
            await db.execute(_SQL["park"].text, *_columns(parked))
        lanes = [_stored(row) for row in settlement.lane_rows()]
        settled = await db.fetch(_SQL["settle"].text, *_columns(lanes))
        await shut_calls(db, {call_no for call_no, may_shut in settled if may_shut})


async def shut_calls(db: Connection, call_nos: Iterable[int]) -> None:
    """Have nobody look at these calls any more, if there is nothing left to do for them."""
    if call_nos := list(call_nos):
        await db.execute(_SQL["shut_calls"].text, call_nos)


async def _admission(db: Connection, entries: Sequence[Entry], owner: WorkerId | None) -> Admission:
    calls = list({to_database(entry.call_id) for entry in entries})
    inputs = list({to_database(one) for entry in entries for one in entry.input_ids})
    found = _by_kind(await db.fetch(_SQL["look_up"].text, owner, calls, inputs))
    if not found["lease"]:
        raise LeaseLostError(OFF_ROSTER)
    return Admission(
        {CallId(from_database(call_id)): Head(*numbers) for call_id, *numbers in found["call"]},
        {InputId(from_database(input_id)) for input_id, *_ in found["input"]},
        iter([call_no for _, call_no, *_ in found["fresh"]]),
    )


def _by_kind(rows: Iterable[Any]) -> defaultdict[str, list[Sequence[Any]]]:
    found: defaultdict[str, list[Sequence[Any]]] = defaultdict(list)
    for kind, *values in rows:
        found[kind].append(values)
    return found


async def _write_admitted(
    db: Connection, admitted: Admission, now: float, owner: WorkerId | None
) -> None:
    calls = [(*_call(row), owner) for row in entry_rows.call_rows(admitted, now)]
    inputs = [_stored(row) for row in entry_rows.input_rows(admitted, now)]
    if admitted.events or admitted.legs or admitted.parties:
        await _write_all(db, admitted, calls, inputs, now)
    else:
        await db.execute(_SQL["write_heads"].text, *_tables((10, calls), (2, inputs)))
    await _write(db, "keep_calls", entry_rows.keeping_rows(admitted))
    await amend_events(db, admitted.amended, now)
    for call_no, entry in entry_rows.erasing(admitted):
        await _erase(db, call_no, entry, now)
    await shut_calls(db, (call_no for call_no, entry in admitted.calls.items() if entry.ended))
    if admitted.forgotten:
        await db.execute(_SQL["forget_calls"].text, admitted.forgotten)


async def _write_all(
    db: Connection, admitted: Admission, calls: Iterable[Row], inputs: Iterable[Row], now: float
) -> None:
    """Write calls, inputs, and what else there is of the entries that are admitted."""
    erased = {call_no for call_no, _ in entry_rows.erasing(admitted)}
    summaries = summarise((one for one in admitted.events if one[0] not in erased), now)
    changes = {call_no: change.row(call_no) for call_no, change in summaries.changes.items()}
    later = [changes.pop(call_no) for call_no in summaries.started if call_no in changes]
    events = entry_rows.event_rows(admitted, now)
    places = {event[:2]: n for n, event in enumerate(events, 1)}
    columns = _tables(
        (10, calls),
        (2, map(_stored, entry_rows.leg_rows(admitted))),
        (2, inputs),
        (5, events),
        (10, ((places[row[:2]], *row) for row in summaries.utterances)),
        (8, summaries.started.values()),
        (4, map(_stored, entry_rows.lane_rows(admitted))),
        (3, map(_stored, entry_rows.party_rows(admitted))),
        (15, changes.values()),
    )
    await db.execute(_SQL["write_entries"].text, *columns)
    await _write(db, "change_summaries", later)


async def _erase(db: Connection, call_no: int, entry: Entry, now: float) -> None:
    """Delete what there is of a call beside the last event of this entry."""
    seq = entry.events[-1].seq
    for name in _ERASING:
        values = (call_no, seq) if name in _SEQ_TOO else (call_no,)
        await db.execute(_SQL[name].text, *values)
    await db.execute(_SQL["erase_summary"].text, call_no, now)
    await db.execute(_SQL["forget_tokens"].text, [to_database(entry.call_id)])


async def _write(db: Connection, name: str, rows: Iterable[Row]) -> None:
    if rows := list(rows):
        await db.execute(_SQL[name].text, *_columns(rows))


def _call(row: Row) -> Row:
    *values, created_at, _ = _stored(row)
    return (*values, created_at)


def _once(settlement: Settlement, now: float) -> list[Row]:
    """Return what is parked, each event of a lane once: the last time counts."""
    rows = {row[:3]: _stored(row) for row in settlement.parked_rows(now)}
    return list(rows.values())


def _stored(row: Row) -> Row:
    return tuple(to_database(one) if isinstance(one, str) else one for one in row)


def _tables(*tables: tuple[int, Iterable[Row]]) -> Iterator[tuple[object, ...]]:
    """Return the columns of many tables; each has so many."""
    return chain.from_iterable(_columns(list(rows), width) for width, rows in tables)


def _columns(rows: Sequence[Row], width: int = 0) -> Iterator[tuple[object, ...]]:
    """Return an array for each column, also of no rows."""
    return zip(*rows, strict=True) if rows else repeat((), width)
