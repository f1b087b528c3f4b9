"""Entries to commit, and ways to open a journal."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from service.ids import CallId, EndpointName, InputId, LegId
from service.ports import Entry, Journal, LaneRow, StoredEvent

Opener = Callable[..., AbstractAsyncContextManager[Journal]]

CALL = CallId("call-1")
OTHER = CallId("call-2")
CRM = EndpointName("crm")
LOG = EndpointName("log")


def event(seq: int, call_id: CallId = CALL, kind: str = "transcript.final") -> StoredEvent:
    """Return an event with a body of its own."""
    return StoredEvent(call_id, seq, kind, b'{"call":"%b","seq":%d}' % (call_id.encode(), seq))


def entry(
    version: int = 0,
    seqs: Sequence[int] = (),
    *,
    call_id: CallId = CALL,
    epoch: int = 1,
    inputs: Sequence[str] = (),
    legs: Sequence[str] = (),
    endpoints: Sequence[EndpointName] = (),
    wake_at: float | None = None,
    ended: bool = False,
) -> Entry:
    """Return a change of a call made from `version`, with the events of these `seqs`."""
    return Entry(
        call_id=call_id,
        version=version,
        epoch=epoch,
        state=f"state after {version}".encode(),
        input_ids=tuple(InputId(one) for one in inputs),
        legs=tuple(LegId(leg) for leg in legs),
        events=tuple(event(seq, call_id) for seq in seqs),
        endpoints=tuple(endpoints),
        wake_at=wake_at,
        ended=ended,
    )


async def seqs_of(journal: Journal, call_id: CallId = CALL) -> list[int]:
    """Return the seqs of all events of the call."""
    return [event.seq for event in await journal.read(call_id, after_seq=0, limit=1_000_000)]


async def lane_of(journal: Journal, endpoint: EndpointName = CRM) -> LaneRow:
    """Return this endpoint's only lane with a backlog."""
    (lane,) = [row for row in await journal.backlog() if row.endpoint == endpoint]
    return lane
