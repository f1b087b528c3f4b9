"""Why an endpoint is behind, and since when: what the journal has of a lane that waits.

Whoever reads the journal can tell. That a host is spared is known to whoever runs the lanes only.
"""

from dataclasses import dataclass

import msgspec

from service.ids import EndpointName
from service.ports import Attempt, Journal, LaneRow

_ATTEMPTS = 50
"""How many attempts of a call are looked through: those of other endpoints are among them."""


class _Stamped(msgspec.Struct, frozen=True):
    timestamp: str | None = None


_decode = msgspec.json.Decoder(_Stamped).decode


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when an endpoint waits (RFC 3339), and what came of the last attempt, if it failed."""

    since: str | None = None
    last_error: Attempt | None = None


def note_held_up(found: dict[EndpointName, LaneRow], row: LaneRow) -> None:
    """Note a lane, if of those of its endpoint it was tried most often in vain, or is the first."""
    if row.attempts > found.setdefault(row.endpoint, row).attempts:
        found[row.endpoint] = row


async def find_trouble(journal: Journal, lane: LaneRow) -> Trouble:
    """Return what is known of the event that a lane has not delivered.

    Raises:
        JournalUnavailableError: The journal does not answer.
    """
    waiting = await journal.read(lane.call_id, after_seq=lane.acked_seq, limit=1)
    if not waiting:
        return Trouble()  # erased since
    (event,) = waiting
    made = await journal.attempts(lane.call_id, limit=_ATTEMPTS)
    last = next(
        (one for one in made if (one.endpoint, one.seq) == (lane.endpoint, event.seq)), None
    )
    failed = last if last is not None and last.result != "delivered" else None
    return Trouble(_decode(event.body).timestamp, failed)
