"""What the service tells of itself: events that are of no call, but go the way of those that are.

They are a sequence of their own, under an id that no call has: `SERVICE`. So they are kept, are in
order, are tried again and can be replayed like anything else; and as nobody but the journal knows
that id, they are in no list of calls. Its `state` is the `seq` of the newest.
"""

from collections.abc import Sequence
from typing import Final

from service.calls.after_events import ArchiveFailed
from service.calls.events import EndpointDisabled, EndpointEnabled
from service.calls.turn import Fact
from service.errors import JournalUnavailableError, StaleCallError
from service.ids import CallId, EndpointName
from service.ports import Entry, Journal, StoredEvent
from service.wire.events import encode

SERVICE: Final = CallId("service/endpoints")
"""No path of the API can name it, as it has a slash: it cannot be erased by mistake."""
_MAX_TRIES = 5
Notice = EndpointDisabled | EndpointEnabled | ArchiveFailed


async def tell(
    journal: Journal,
    event: Notice,
    to: Sequence[EndpointName],
    *,
    now: float,
) -> None:
    """Commit an event to the lanes of these endpoints. `now` is in Unix seconds.

    Whoever runs the lanes, perhaps another process, sees it with the next listing of the backlog.

    Raises:
        JournalUnavailableError: It is not told.
    """
    for _ in range(_MAX_TRIES):
        try:
            await journal.commit(await _next(journal, event, to, now))
        except StaleCallError:
            continue  # another process told something at the same time
        return
    raise JournalUnavailableError("somebody else keeps writing")


async def _next(
    journal: Journal,
    event: Notice,
    to: Sequence[EndpointName],
    now: float,
) -> Entry:
    stored = await journal.load(SERVICE)
    seq = int(stored.state) + 1 if stored else 1
    fact = Fact(
        call_id=SERVICE,
        seq=seq,
        after_seq=seq - 1,
        event=event,
        occurred_at=now,
        answered_at=None,
        metadata={},
    )
    return Entry(
        call_id=SERVICE,
        version=stored.version if stored else 0,
        epoch=stored.epoch if stored else 1,
        state=str(seq).encode(),
        events=(StoredEvent(SERVICE, seq, event.type, encode(fact, now=now)),),
        endpoints=tuple(to),
        ended=True,
    )
