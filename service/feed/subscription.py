"""A subscription: a cursor over the events, not a queue of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.calls.events import TranscriptErased
from service.feed.call_lookup import CallDetails
from service.feed.filter import FeedFilter
from service.feed.items import FeedEvent, FeedPartial
from service.feed.partials import LivePartials
from service.feed.ring import Ring
from service.ids import CallId

MAX_EVENTS = 64
"""Events that one `take` looks at, and partials that it returns."""
MAX_BYTES = 32 * 1024
"""Of the bodies that one `take` returns, but for the last."""
_BEFORE_ALL = -1


class FeedSource(Protocol):
    """Where a subscription takes items from: the hub."""

    @property
    def ring(self) -> Ring:
        """The newest events."""

    @property
    def partials(self) -> LivePartials:
        """The newest partials."""

    async def read(self, *, after: int, limit: int) -> list[FeedEvent]:
        """Read events of all calls from the journal, after a position."""

    async def read_call(self, call_id: CallId, *, after_seq: int, limit: int) -> list[FeedEvent]:
        """Read events of one call from the journal, after a seq."""

    async def call_details(self, call_id: CallId) -> CallDetails | None:
        """Return the details of a call; None if nobody knows it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The next items for a subscriber: events, then partials, each in order."""

    events: Sequence[FeedEvent] = ()
    partials: Sequence[FeedPartial] = ()
    more: bool = False
    """Whether there may be more at once; if not, `wake` is called when there is."""


class Subscription:
    """A cursor over the events of one call (`by_seq`) or of all. Made by `Hub.subscribe`.

    It holds no events: those it is behind with are in the ring, or else in the journal. Use it
    from one task: each `take` moves the cursor past what it returns.
    """

    def __init__(
        self,
        source: FeedSource,
        feed_filter: FeedFilter,
        *,
        after: int,
        by_seq: bool,
        wake: Callable[[], None],
    ) -> None:
        self.filter = feed_filter
        self.by_seq = by_seq
        self.wake = wake
        self._source = source
        self._seq = after
        self._position = _BEFORE_ALL if by_seq else after
        self._returned = after
        self._stamp = 0

    @property
    def cursor(self) -> int:
        """What to resume after: the last event that was returned or filtered out.

        Of a bound subscriber only what was returned: that others' events pass is not told.
        """
        if not self.filter.binding.is_unbound:
            return self._returned
        return self._seq if self.by_seq else self._position

    async def take(self) -> Batch:
        """Return the next items; there may be none.

        Raises:
            JournalUnavailableError: The journal was needed and does not answer.
        """
        source = self._source
        head = source.ring.head
        page = source.ring.since(self._position, self.filter.call_id, MAX_EVENTS)
        if page is None:
            page = await self._read_journal()
        events, whole_page = await self._select(page)
        if whole_page and len(page) < MAX_EVENTS:
            self._position = max(self._position, head)
        # A partial that was released meanwhile may be newer than the events of this batch.
        current = self._position >= source.ring.head
        if not current or not self.filter.partials:
            return Batch(events, more=not current)
        partials, more = await self._take_partials()
        return Batch(events, partials, more)

    async def _read_journal(self) -> list[FeedEvent]:
        call_id = self.filter.call_id
        if self.by_seq and call_id is not None:
            return await self._source.read_call(call_id, after_seq=self._seq, limit=MAX_EVENTS)
        return await self._source.read(after=self._position, limit=MAX_EVENTS)

    async def _select(self, page: Sequence[FeedEvent]) -> tuple[list[FeedEvent], bool]:
        """Move past as many events as fit one batch; return those that match, and if it was all."""
        selected: list[FeedEvent] = []
        size_bytes = 0
        for item in page:
            if size_bytes >= MAX_BYTES:
                return selected, False
            if await self._matches(item):
                selected.append(item)
                self._returned = max(self._returned, item.cursor(by_seq=self.by_seq))
                size_bytes += len(item.body)
            self._position = max(self._position, item.position)
            if self.by_seq:
                self._seq = max(self._seq, item.event.seq)
        return selected, True

    async def _matches(self, item: FeedEvent) -> bool:
        chosen = self.filter
        if self.by_seq and item.event.seq <= self._seq:
            return False  # it came from the journal already
        if chosen.call_id not in (None, item.call_id):
            return False
        if not chosen.matches(item.type, item.role if chosen.role else None):
            return False
        # An erased call has no details any more; whoever has shown it must hear of its erasure.
        if item.type == TranscriptErased.type:
            return await self._may_hear_of_erasure(item)
        return await self._matches_call(item.call_id)

    async def _may_hear_of_erasure(self, item: FeedEvent) -> bool:
        """Say whether a subscriber may know of an erased call: as it was, or by what is left."""
        binding = self.filter.binding
        if binding.is_unbound:
            return True
        before = item.details_before or await self._source.call_details(item.call_id)
        return before is not None and before.is_covered_by(binding)

    async def _matches_call(self, call_id: CallId) -> bool:
        if not self.filter.needs_details:
            return True
        return self.filter.matches_call(await self._source.call_details(call_id))

    async def _take_partials(self) -> tuple[list[FeedPartial], bool]:
        chosen = self.filter
        released = self._source.partials.since(self._stamp, chosen.call_id, MAX_EVENTS)
        if not released:
            return [], False
        selected = [
            partial
            for partial in released
            if chosen.matches(partial.type, partial.role if chosen.role else None)
            and await self._matches_call(partial.call_id)
        ]
        self._stamp = released[-1].stamp
        return selected, len(released) == MAX_EVENTS
