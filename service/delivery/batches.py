"""What goes out at once: an event, or several of a backlog where the endpoint wants that. Pure."""

from collections.abc import Callable
from typing import Final

from service.delivery.lane import Lane
from service.ports import Delivery, StoredEvent
from service.wire.events import delivery_id

MAX_BATCH_BYTES: Final = 256 * 1024


def next_batch(
    lane: Lane, accepts: Callable[[str], bool], *, limit: int
) -> tuple[StoredEvent, ...]:
    """Return the events to send now, beginning with the lane's next one, which is accepted.

    Those that the endpoint does not get are left out. A batch that was tried before stays as it
    is; one that the receiver did not take as a whole is sent one by one.
    """
    first = lane.events[0]
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
        attempt=lane.attempts + lane.extra_attempts + 1,
    )
