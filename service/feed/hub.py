"""The hub of the feed: reads what was committed from the journal once, and wakes subscribers."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import structlog

from service.calls.events import CallStarted, TranscriptErased, TranscriptRedacted
from service.errors import JournalUnavailableError
from service.feed.call_lookup import CallDetails, CallLookup
from service.feed.filter import FeedFilter
from service.feed.items import FeedEvent, FeedPartial
from service.feed.partials import LivePartials
from service.feed.ring import Ring
from service.feed.subscription import Subscription
from service.ids import CallId
from service.ports import Binding, Frontier, Journal, Library, LivePartial, PlacedEvent, StoredEvent
from service.tasks import open_tasks

PAGE = 512
POLL_S = 1.0
"""How often the journal is read unprompted: other processes write to it, too."""
HELD_BACK_S = 0.02
"""The same while it keeps events back, because an earlier commit may yet come; at first."""
PARTIALS_EVERY_S = 0.05
"""How often subscribers of all calls are woken for partials."""
MAX_READS = 4
"""Reads of the journal at one time for subscribers that are behind; the others wait."""

_CHANGES_DETAILS = frozenset((CallStarted.type, TranscriptErased.type))

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Mark:
    """Events up to `position` have to be read for so many commits to count as read."""

    commits_told: int
    position: int
    made_at: float


class Hub:
    """What happens in all calls, for whoever watches (`ports.Audience`). Made by `open_hub`.

    Use it from the event loop's thread only.
    """

    def __init__(self, library: Library, journal: Journal, head: int, poll_s: float) -> None:
        self.ring = Ring(head)
        self.partials = LivePartials()
        self.closing = False
        """Whether subscribers are to leave: they get what there is, and resume elsewhere."""
        self._library = library
        self._journal = journal
        self._poll_s = poll_s
        self._lookup = CallLookup(library)
        self._reads = asyncio.Semaphore(MAX_READS)
        self._commits_told = self._commits_read = 0
        self._mark: _Mark | None = None
        self._wake_up = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._by_call: defaultdict[CallId, set[Subscription]] = defaultdict(set)
        self._of_all_calls: set[Subscription] = set()
        self._partials_due: asyncio.TimerHandle | None = None
        self._unsubscribed = asyncio.Event()

    @property
    def subscriptions(self) -> int:
        """How many subscriptions there are."""
        return len(self._of_all_calls) + sum(len(each) for each in self._by_call.values())

    def watched(self) -> frozenset[CallId] | None:
        """Return the calls whose partials somebody watches here; None for all."""
        if any(one.filter.partials for one in self._of_all_calls):
            return None
        return frozenset(
            call_id
            for call_id, each in self._by_call.items()
            if any(one.filter.partials for one in each)
        )

    @property
    def held_back_s(self) -> float:
        """For how long the journal has kept events back, because an earlier commit may yet come."""
        return asyncio.get_running_loop().time() - self._mark.made_at if self._mark else 0.0

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """Record that events of one call were committed; the reader reads them soon."""
        if events:
            self.committed_elsewhere()

    def committed_elsewhere(self) -> None:
        """Record that another worker committed events, of whichever calls."""
        self._commits_told += 1
        self._caught_up.clear()
        self._wake_up.set()

    def publish(self, partial: LivePartial) -> None:
        """Publish a partial in place of the one before it of the same utterance.

        Subscribers get it after the events of whose commits the hub was told before it.
        """
        newest = FeedPartial(partial, self._commits_told)
        if self.partials.publish(newest) and self._commits_told == self._commits_read:
            self._release_partials()

    @contextmanager
    def subscribe(
        self, feed_filter: FeedFilter, *, after: int, by_seq: bool, wake: Callable[[], None]
    ) -> Iterator[Subscription]:
        """Subscribe until the end of the block; `wake` is called when there is more to take.

        `by_seq`: `after` and the cursor are seqs of the filter's call; if not, positions.
        """
        subscription = Subscription(self, feed_filter, after=after, by_seq=by_seq, wake=wake)
        call_id = feed_filter.call_id
        (self._of_all_calls if call_id is None else self._by_call[call_id]).add(subscription)
        try:
            yield subscription
        finally:
            self._of_all_calls.discard(subscription)
            if call_id is not None:
                self._by_call[call_id].discard(subscription)
                if not self._by_call[call_id]:
                    del self._by_call[call_id]
            self._unsubscribed.set()

    async def begin_now(self, after: int | None = None) -> int:
        """Return where a feed of all calls begins: after a position, or else now.

        A position that is yet to come is of another database: then now, too.
        """
        async with self._reads:
            newest = await self._library.newest()
        return newest if after is None else min(after, newest)

    async def begin(self, call_id: CallId, after_seq: int) -> int | None:
        """Return where the feed of a call begins; None if nobody knows the call.

        A seq that is yet to come is of another database: then at the call's beginning.
        """
        for seq in dict.fromkeys((after_seq, 0)):
            async with self._reads:
                if await self._journal.read(call_id, after_seq=max(0, seq - 1), limit=1):
                    return seq
        return None

    async def read(self, *, after: int, limit: int) -> list[FeedEvent]:
        """Read events of all calls from the journal, after a position."""
        async with self._reads:
            placed = await self._library.events(after=after, limit=limit)
        self.partials.drop_ended(one.event for one in placed)
        return [FeedEvent(one.position, one.event) for one in placed]

    async def read_call(self, call_id: CallId, *, after_seq: int, limit: int) -> list[FeedEvent]:
        """Read events of one call from the journal, after a seq."""
        async with self._reads:
            events = await self._journal.read(call_id, after_seq=after_seq, limit=limit)
        self.partials.drop_ended(events)
        return [FeedEvent(0, event) for event in events]

    async def call_details(self, call_id: CallId) -> CallDetails | None:
        """Return the details of a call; None if nobody knows it."""
        return await self._lookup.find(call_id)

    async def shows(self, call_id: CallId, binding: Binding) -> bool:
        """Say whether a subscriber who is bound like this may see a call."""
        if binding.is_unbound:
            return True
        details = await self._lookup.find(call_id)
        return details is not None and details.is_covered_by(binding)

    async def run(self) -> None:
        """Read what is committed and wake subscribers, forever."""
        while True:
            try:
                await self._read_new()
            except JournalUnavailableError:
                log.warning("feed_not_read")
                await asyncio.sleep(self._poll_s)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience_s()):
                    await self._wake_up.wait()

    async def drain(self, timeout_s: float) -> int:
        """Hand out what was committed so far, then have all subscribers leave.

        Returns how many did not, within the time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._caught_up.wait()
                self.close()
                while self.subscriptions:
                    self._unsubscribed.clear()
                    await self._unsubscribed.wait()
        except TimeoutError:
            self.close()
        return self.subscriptions

    def close(self) -> None:
        """Have all subscribers leave."""
        self.closing = True
        self._wake(self._everybody())
        if self._partials_due is not None:
            self._partials_due.cancel()

    async def _read_new(self) -> None:
        more = True
        while more:
            commits_told = self._commits_told
            self._wake_up.clear()
            frontier = await self._library.frontier()  # asked first: so far, all of it is read
            page = await self._library.events(after=self.ring.head, limit=PAGE)
            self._append(page)
            more = len(page) == PAGE
        self._pass(frontier, commits_told)
        if self._commits_read == self._commits_told:
            self._caught_up.set()
        self._release_partials()

    def _pass(self, frontier: Frontier, commits_told: int) -> None:
        """Count as read the commits whose events are all before the frontier.

        While others write, there is nearly always something that is held back: the mark stands
        still until it is passed, so that each commit is counted at last.
        """
        if self._mark is not None:
            if frontier.shown < self._mark.position:
                return
            self._commits_read = self._mark.commits_told
            self._mark = None
        if frontier.committed <= frontier.shown:
            self._commits_read = commits_told
        else:
            now = asyncio.get_running_loop().time()
            self._mark = _Mark(commits_told, frontier.committed, now)

    def _patience_s(self) -> float:
        """Return for how long the journal is not read unprompted: longer, the longer it waits."""
        if self._mark is None:
            return self._poll_s
        return min(self._poll_s, HELD_BACK_S + self.held_back_s / 4)

    def _append(self, page: Sequence[PlacedEvent]) -> None:
        self.partials.finalise(placed.event for placed in page)
        for placed in page:
            call_id, is_erased = placed.event.call_id, placed.event.type == TranscriptErased.type
            before = self._lookup.known(call_id) if is_erased else None
            self.ring.append(FeedEvent(placed.position, placed.event, before))
            if is_erased:
                self.ring.erase(call_id, placed.position)
            elif placed.event.type == TranscriptRedacted.type:
                self.ring.amend(call_id, placed.event.body)
            if placed.event.type in _CHANGES_DETAILS:
                self._lookup.invalidate(call_id)
            else:
                self._lookup.observe(placed.event)
        if page:
            self._wake(self._of_all_calls)
            for call_id in {placed.event.call_id for placed in page}:
                self._wake(self._by_call.get(call_id, ()))

    def _release_partials(self) -> None:
        released = self.partials.release(self._commits_read)
        if not released:
            return
        for call_id in {partial.call_id for partial in released}:
            self._wake_for_partials(self._by_call.get(call_id, ()))
        if self._partials_due is None and self._of_all_calls:
            loop = asyncio.get_running_loop()
            self._partials_due = loop.call_later(PARTIALS_EVERY_S, self._partials_are_due)

    def _partials_are_due(self) -> None:
        self._partials_due = None
        self._wake_for_partials(self._of_all_calls)

    def _wake_for_partials(self, subscriptions: Iterable[Subscription]) -> None:
        self._wake(one for one in subscriptions if one.filter.partials)

    def _everybody(self) -> list[Subscription]:
        return [*self._of_all_calls, *(one for each in self._by_call.values() for one in each)]

    @staticmethod
    def _wake(subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            subscription.wake()


@asynccontextmanager
async def open_hub(
    library: Library, journal: Journal, *, poll_s: float = POLL_S
) -> AsyncIterator[Hub]:
    """Open the hub; subscribers read what was committed before from the journal.

    That is read each `poll_s` also if nobody tells of commits.

    Raises:
        JournalUnavailableError: The library does not answer.
    """
    hub = Hub(library, journal, await library.newest(), poll_s)
    async with open_tasks() as tasks:
        tasks.keep(hub.run, "read_feed")
        try:
            yield hub
        finally:
            hub.close()
