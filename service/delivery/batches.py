"""What goes out at once: an event, or several of a backlog where the endpoint wants that. Pure."""

from collections.abc import Callable
from typing import Final

from service.delivery.lane import Lane
from service.ports import REPORT_TYPE, Delivery, StoredEvent
from service.wire.events import delivery_id, report_id

MAX_BATCH_BYTES: Final = 256 * 1024


def next_batch(
    lane: Lane,
    accepts: Callable[[str], bool],
    *,
    limit: int,
    ends: Callable[[str], bool] = lambda _: False,
) -> tuple[StoredEvent, ...]:
    """Return the events to send now, beginning with the lane's next one, which is accepted.

    Those that the endpoint does not get are left out. A batch that was tried before stays as it
    is, or its first half; one that the receiver did not take as a whole is sent one by one. What
    `ends` says of is the last of its batch: something is to follow it.
    """
    first = lane.events[0]
    limit = min(limit, lane.batch_limit or limit)
    if first.seq <= lane.singly_until:
        return (first,)
    batch: list[StoredEvent] = []
    size = 0
    for event in lane.events:
        size += len(event.body)
        full = len(batch) == limit or size > MAX_BATCH_BYTES
        if batch and (full or 0 < lane.batch_end < event.seq):
            break
        if accepts(event.type):
            batch.append(event)
        if ends(event.type):
            break
    return tuple(batch)


def delivery_of(lane: Lane, batch: tuple[StoredEvent, ...]) -> Delivery:
    """Return the delivery of a batch: its bodies, with commas between them."""
    first, last = batch[0], batch[-1]
    name = delivery_id(first.call_id, first.seq)
    if len(batch) > 1:
        name = f"bat_{first.call_id}_{first.seq}_{last.seq}"
    return Delivery(
        name,
        first.type,
        b",".join(event.body for event in batch),
        lane.gap_seqs,
        attempt=_attempt(lane),
    )


def report_of(lane: Lane, event: StoredEvent, body: bytes) -> Delivery:
    """Return the delivery of the report that follows an event."""
    name = report_id(event.call_id, event.seq)
    return Delivery(name, REPORT_TYPE, body, lane.gap_seqs, attempt=_attempt(lane))


def _attempt(lane: Lane) -> int:
    return lane.attempts + lane.extra_attempts + 1
