"""A payload of the bus: JSON, so that NOTIFY takes it, and no two alike, for it merges those.

An older version beside a newer one reads what it knows of it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from service.errors import BadInputError
from service.ids import CallId, WorkerId
from service.ports import Delivery, LivePartial

_OPEN: Final = b',"partials":['
_CLOSE: Final = b"]}"


class PartialRow(msgspec.Struct, array_like=True):
    """A partial, with its body as it is."""

    call_id: str
    utterance_id: str
    role: str
    id: str
    type: str
    body: msgspec.Raw

    def restore(self) -> LivePartial:
        """Return the partial."""
        delivery = Delivery(id=self.id, type=self.type, body=bytes(self.body))
        return LivePartial(CallId(self.call_id), self.utterance_id, self.role, delivery)


class Message(msgspec.Struct, omit_defaults=True):
    """What one worker tells all others."""

    worker: str
    number: int
    """Grows by one with each message of a worker."""
    commits: int
    """How many commits of this worker came before what this message says."""
    offered: bool = False
    """Whether there are calls that nobody owns."""
    watching: tuple[str, ...] | None = None
    """Calls whose partials are watched here, `*` for all; None says nothing of it."""
    nudged: tuple[str, ...] = ()
    """Workers that are to look into their mailboxes."""
    partials: tuple[PartialRow, ...] = ()


def encode_partial(partial: LivePartial) -> bytes:
    """Encode a partial.

    Raises:
        ValueError: It holds what cannot be said in UTF-8.
    """
    delivery = partial.delivery
    row = PartialRow(
        partial.call_id,
        partial.utterance_id,
        partial.role,
        delivery.id,
        delivery.type,
        msgspec.Raw(delivery.body),
    )
    written = msgspec.json.encode(row)
    written.decode()
    return written


def parse_message(payload: bytes | str) -> Message:
    """Read a payload.

    Raises:
        BadInputError: It is none.
    """
    try:
        return msgspec.json.decode(payload, type=Message)
    except (msgspec.DecodeError, UnicodeError):
        raise BadInputError("this is no message of the bus") from None


class Envelope:
    """A payload that is being filled with encoded partials; it stays within `max_bytes`."""

    def __init__(self, message: Message, max_bytes: int) -> None:
        self._head = msgspec.json.encode(message)[:-1]
        self._rows: list[bytes] = []
        self._room = max_bytes - len(self._head) - len(_OPEN) - len(_CLOSE)

    @property
    def empty(self) -> bool:
        """Whether there is no partial in it."""
        return not self._rows

    def add(self, row: bytes) -> bool:
        """Add a partial; False if there is no room for it."""
        size = len(row) + bool(self._rows)
        if size > self._room:
            return False
        self._room -= size
        self._rows.append(row)
        return True

    def seal(self) -> bytes:
        """Return the payload."""
        return b"".join((self._head, _OPEN, b",".join(self._rows), _CLOSE))


def in_lots(names: Iterable[WorkerId], size: int) -> Iterator[tuple[WorkerId, ...]]:
    """Return the names in lots of this size; one empty lot if there are none."""
    left = tuple(names)
    yield left[:size]
    for start in range(size, len(left), size):
        yield left[start : start + size]
