"""The rows that a transaction writes of the entries it admitted, for any database. Pure."""

from collections.abc import Iterator

from service.journal.admission import Admission
from service.ports import Entry

Row = tuple[object, ...]


def call_rows(admitted: Admission, now: float) -> list[Row]:
    """Return each call as its last entry leaves it; `now` is in Unix seconds.

    The columns are `call_no, call_id, version, epoch, last_seq, state, wake_at, ended,
    created_at, updated_at`.
    """
    return [
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


def leg_rows(admitted: Admission) -> list[Row]:
    """Return `leg_id, call_no` of each leg."""
    return list(admitted.legs.items())


def party_rows(admitted: Admission) -> list[Row]:
    """Return `call_no, number, shown` of whoever is new in a call."""
    return [(call_no, number, int(shown)) for (call_no, number), shown in admitted.parties.items()]


def input_rows(admitted: Admission, now: float) -> list[Row]:
    """Return `input_id, received_at` of each input that is new."""
    return [(input_id, now) for input_id in admitted.new_inputs]


def event_rows(admitted: Admission, now: float) -> list[Row]:
    """Return `call_no, seq, type, body, created_at` of each event; of an erased call, its last."""
    first_kept = {call_no: entry.events[-1].seq for call_no, entry in erasing(admitted)}
    return [
        (call_no, event.seq, event.type, event.body, now)
        for call_no, event in admitted.events
        if event.seq >= first_kept.get(call_no, 0)
    ]


def lane_rows(admitted: Admission) -> list[Row]:
    """Return `call_no, endpoint, acked_seq, head_seq` of each lane that events joined."""
    return [(*lane, span.acked_seq, span.head_seq) for lane, span in admitted.lanes.items()]


def keeping_rows(admitted: Admission) -> list[Row]:
    """Return `call_no, text_due_at, attempts_s` of each call whose entry says so."""
    return [
        (call_no, entry.keeping.text_due_at, entry.keeping.attempts_s)
        for call_no, entry in admitted.calls.items()
        if entry.keeping
    ]


def erasing(admitted: Admission) -> Iterator[tuple[int, Entry]]:
    """Yield the entries that erase their call, each with its `call_no`."""
    return ((call_no, entry) for call_no, entry in admitted.calls.items() if entry.erases)
