"""A subscription: a place in what happened, not a queue of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.feed.call_lookup import CallFacts
from service.feed.filter import Wanted
from service.feed.items import ERASED, Entry, LivePartial
from service.feed.partials import LivePartials
from service.feed.ring import Ring
from service.ids import CallId

MAX_EVENTS = 64
"""Events looked at, and partials handed out, in one go."""
MAX_BYTES = 32 * 1024
"""Of bodies handed out in one go, but for the last."""
_BEFORE_ALL = -1


class Source(Protocol):
    """Where a subscription takes from."""

    @property
    def ring(self) -> Ring:
        """The newest events."""

    @property
    def partials(self) -> LivePartials:
        """The newest partials."""

    async def stored(self, *, after: int, limit: int) -> list[Entry]:
        """Return older events of all calls."""

    async def stored_of(self, call_id: CallId, *, after_seq: int, limit: int) -> list[Entry]:
        """Return older events of one call."""

    async def facts(self, call_id: CallId) -> CallFacts | None:
        """Return what is known of a call."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is next for a subscriber: the events, then the partials, in order."""

    entries: Sequence[Entry] = ()
    partials: Sequence[LivePartial] = ()
    more: bool = False
    """Whether there may be more at once; else `wake` says so."""


class Subscription:
    """A cursor over the events of one call (`by_seq`) or of all. Made by `Hub.subscribe`.

    It holds no events: what it is behind with is in the ring, or else in the journal. Use it from
    one task: each `take` moves the cursor past what it returns.
    """

    def __init__(
        self,
        source: Source,
        wanted: Wanted,
        *,
        after: int,
        by_seq: bool,
        wake: Callable[[], None],
    ) -> None:
        self.wanted = wanted
        self.by_seq = by_seq
        self.wake = wake
        self._source = source
        self._seq = after
        self._position = _BEFORE_ALL if by_seq else after
        self._stamp = 0

    @property
    def cursor(self) -> int:
        """What to resume after: the last event handed out or passed over."""
        return self._seq if self.by_seq else self._position

    async def take(self) -> Batch:
        """Return what is next; may be empty.

        Raises:
            JournalUnavailableError: The journal was needed and does not answer.
        """
        source = self._source
        head = source.ring.head
        page = source.ring.since(self._position, self.wanted.call_id, MAX_EVENTS)
        if page is None:
            page = await self._stored()
        entries, all_looked_at = await self._pass(page)
        if all_looked_at and len(page) < MAX_EVENTS:
            self._position = max(self._position, head)
        # What was let out meanwhile may be newer than what was just handed out.
        current = self._position >= source.ring.head
        if not current or not self.wanted.partials:
            return Batch(entries, more=not current)
        partials, more = await self._partials()
        return Batch(entries, partials, more)

    async def _stored(self) -> list[Entry]:
        if self.by_seq and self.wanted.call_id is not None:
            return await self._source.stored_of(
                self.wanted.call_id, after_seq=self._seq, limit=MAX_EVENTS
            )
        return await self._source.stored(after=self._position, limit=MAX_EVENTS)

    async def _pass(self, page: Sequence[Entry]) -> tuple[list[Entry], bool]:
        """Move past the events, as many as fit in one go; return those that are wanted."""
        wanted: list[Entry] = []
        size_bytes = 0
        for entry in page:
            if size_bytes >= MAX_BYTES:
                return wanted, False
            if await self._wants(entry):
                wanted.append(entry)
                size_bytes += len(entry.body)
            self._position = max(self._position, entry.position)
            if self.by_seq:
                self._seq = max(self._seq, entry.event.seq)
        return wanted, True

    async def _wants(self, entry: Entry) -> bool:
        wanted = self.wanted
        if self.by_seq and entry.event.seq <= self._seq:
            return False  # the journal had it already
        if wanted.call_id not in (None, entry.call_id):
            return False
        if not wanted.fits(entry.type, entry.role if wanted.role else None):
            return False
        # Of an erased call nothing is known any more; whoever has shown it must hear of that.
        return entry.type == ERASED or await self._wants_call(entry.call_id)

    async def _wants_call(self, call_id: CallId) -> bool:
        if not self.wanted.asks_for_calls:
            return True
        return self.wanted.fits_call(await self._source.facts(call_id))

    async def _partials(self) -> tuple[list[LivePartial], bool]:
        wanted = self.wanted
        newest = self._source.partials.since(self._stamp, wanted.call_id, MAX_EVENTS)
        if not newest:
            return [], False
        found = [
            partial
            for partial in newest
            if wanted.fits(partial.type, partial.role if wanted.role else None)
            and await self._wants_call(partial.call_id)
        ]
        self._stamp = newest[-1].stamp
        return found, len(newest) == MAX_EVENTS
