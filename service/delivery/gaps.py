"""What was given up just before a delivery: it names that.

A lane knows what it gave up itself. One that goes on where another process, an earlier life or a
memory that was full left off asks the journal, once, when it has something to deliver: there, what
arrived has named all before it. So a delivery that people send again beside its lane does, too.
"""

from collections.abc import Callable, Sequence

from service.delivery.lane import Lane
from service.ports import Journal, LaneRow, ParkedDelivery, StoredEvent


async def look_back(journal: Journal, lane: Lane, accepts: Callable[[str], bool]) -> None:
    """Have a lane know what the journal has of it, unless somebody sets it elsewhere meanwhile.

    `accepts` says which types of events its endpoint gets.

    Raises:
        JournalUnavailableError: It knows no more than before.
    """
    generation, acked_seq = lane.generation, lane.acked_seq
    rows = await journal.lanes_of(lane.call_id, lane.endpoint) if acked_seq > 0 else []
    seqs = await _given_up_up_to(rows[0].acked_seq, journal, rows[0], accepts) if rows else ()
    if (lane.generation, lane.acked_seq) == (generation, acked_seq):
        lane.recall(rows[0] if rows else None, seqs)


async def given_up_before(
    journal: Journal, parked: ParkedDelivery, accepts: Callable[[str], bool]
) -> tuple[int, ...]:
    """Return what was given up, and is still, just before a delivery that was, too.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    rows = await journal.lanes_of(parked.call_id, parked.endpoint)
    return await _given_up_up_to(parked.seq - 1, journal, rows[0], accepts) if rows else ()


async def _given_up_up_to(
    seq: int, journal: Journal, row: LaneRow, accepts: Callable[[str], bool]
) -> tuple[int, ...]:
    parked = [one for one in row.parked if one <= seq]
    if not parked:
        return ()
    first = parked[0]
    events = await journal.read(row.call_id, after_seq=first - 1, limit=seq - first + 1)
    return _untold(events, frozenset(parked), accepts)


def _untold(
    events: Sequence[StoredEvent], parked: frozenset[int], accepts: Callable[[str], bool]
) -> tuple[int, ...]:
    """Return what was parked behind the last event that arrived: that one named what was before."""
    untold: list[int] = []
    for event in reversed(events):
        if event.seq in parked:
            untold.append(event.seq)
        elif accepts(event.type):
            break
    return tuple(reversed(untold))
