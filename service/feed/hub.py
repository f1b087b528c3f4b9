"""The hub: is told what happened, reads it from the journal once, and wakes whoever watches."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog

from service.errors import JournalUnavailableError
from service.feed.call_lookup import CallFacts, KnownCalls
from service.feed.filter import Wanted
from service.feed.items import ERASED, Entry, LivePartial
from service.feed.partials import LivePartials
from service.feed.ring import Ring
from service.feed.subscription import Subscription
from service.ids import CallId
from service.ports import Delivery, Journal, Library, PlacedEvent, StoredEvent

PAGE = 512
POLL_S = 1.0
"""How often the journal is asked unprompted: other processes write to it, too."""
PARTIALS_EVERY_S = 0.05
"""How often those who watch all calls are woken for partials."""
MAX_READS = 4
"""Of subscribers that are behind, at one time: the others wait for their turn."""

log = structlog.get_logger()


class Hub:
    """What is being said, for whoever watches (`ports.Audience`). Made by `open_hub`.

    Use it from the event loop's thread only.
    """

    def __init__(self, library: Library, journal: Journal, head: int) -> None:
        self.ring = Ring(head)
        self.partials = LivePartials()
        self.closing = False
        """Whether subscribers are to leave: they get what there is, and resume elsewhere."""
        self._library = library
        self._journal = journal
        self._calls = KnownCalls(library)
        self._reads = asyncio.Semaphore(MAX_READS)
        self._told = self._read = 0
        self._bell = asyncio.Event()
        self._of_call: defaultdict[CallId, set[Subscription]] = defaultdict(set)
        self._of_all: set[Subscription] = set()
        self._partials_due: asyncio.TimerHandle | None = None
        self._left = asyncio.Event()

    @property
    def subscriptions(self) -> int:
        """How many there are."""
        return len(self._of_all) + sum(len(each) for each in self._of_call.values())

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """Take note of the events of one commit of one call, in order."""
        if events:
            self._told += 1
            self._bell.set()

    def publish(self, call_id: CallId, utterance_id: str, delivery: Delivery) -> None:
        """Take a partial; it replaces the one before it of the same utterance.

        It is shown once the events that were committed before it are.
        """
        partial = LivePartial(call_id, utterance_id, delivery.type, delivery.body, self._told)
        if self.partials.publish(partial) and self._told == self._read:
            self._let_out()

    @contextmanager
    def subscribe(
        self, wanted: Wanted, *, after: int, by_seq: bool, wake: Callable[[], None]
    ) -> Iterator[Subscription]:
        """Subscribe until the end of the block; `wake` is called when there is more to take.

        `by_seq`: `after` and the cursor are seqs of `wanted.call_id`; else positions.
        """
        subscription = Subscription(self, wanted, after=after, by_seq=by_seq, wake=wake)
        call_id = wanted.call_id
        (self._of_all if call_id is None else self._of_call[call_id]).add(subscription)
        try:
            yield subscription
        finally:
            self._of_all.discard(subscription)
            if call_id is not None:
                self._of_call[call_id].discard(subscription)
                if not self._of_call[call_id]:
                    del self._of_call[call_id]
            self._left.set()

    async def begin_now(self, after: int | None = None) -> int:
        """Return where to begin in all calls: after a position, or else from now on.

        A position that is yet to come is none of this database: then from now on, too.
        """
        async with self._reads:
            newest = await self._library.newest()
        return newest if after is None else min(after, newest)

    async def begin(self, call_id: CallId, after_seq: int) -> int | None:
        """Return where to begin in a call; None if nobody knows the call.

        A seq that it has not come to yet is none of this database: then from its beginning.
        """
        for seq in dict.fromkeys((after_seq, 0)):
            async with self._reads:
                if await self._journal.read(call_id, after_seq=max(0, seq - 1), limit=1):
                    return seq
        return None

    async def stored(self, *, after: int, limit: int) -> list[Entry]:
        """Return older events of all calls."""
        async with self._reads:
            placed = await self._library.events(after=after, limit=limit)
        self.partials.overtaken(one.event for one in placed)
        return [Entry(one.position, one.event) for one in placed]

    async def stored_of(self, call_id: CallId, *, after_seq: int, limit: int) -> list[Entry]:
        """Return older events of one call."""
        async with self._reads:
            events = await self._journal.read(call_id, after_seq=after_seq, limit=limit)
        self.partials.overtaken(events)
        return [Entry(0, event) for event in events]

    async def facts(self, call_id: CallId) -> CallFacts | None:
        """Return what is known of a call."""
        return await self._calls.facts(call_id)

    async def read_on(self) -> None:
        """Read what is committed and wake whoever waits for it, again and again."""
        while True:
            try:
                await self._read_all()
            except JournalUnavailableError:
                log.warning("feed_not_read")
                await asyncio.sleep(POLL_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._bell.wait()

    async def drain(self, timeout_s: float) -> int:
        """Hand out what was committed so far, then have all subscribers leave.

        Returns how many did not, within the time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self._read < self._told:  # noqa: ASYNC110 - for the end, and once
                    await asyncio.sleep(POLL_S / 100)
                self.close()
                while self.subscriptions:
                    self._left.clear()
                    await self._left.wait()
        except TimeoutError:
            self.close()
        return self.subscriptions

    def close(self) -> None:
        """Have all subscribers leave."""
        self.closing = True
        self._wake(self._everybody())
        if self._partials_due is not None:
            self._partials_due.cancel()

    async def _read_all(self) -> None:
        more = True
        while more:
            told = self._told
            self._bell.clear()
            page = await self._library.events(after=self.ring.head, limit=PAGE)
            self._take_in(page)
            more = len(page) == PAGE
        self._read = told
        self._let_out()

    def _take_in(self, page: Sequence[PlacedEvent]) -> None:
        self.partials.settle(placed.event for placed in page)
        for placed in page:
            self.ring.append(Entry(placed.position, placed.event))
            if placed.event.type == ERASED:
                self.ring.erase(placed.event.call_id, placed.position)
            if placed.event.type in ("call.started", ERASED):
                self._calls.forget(placed.event.call_id)
        if page:
            self._wake(self._of_all)
            for call_id in {placed.event.call_id for placed in page}:
                self._wake(self._of_call.get(call_id, ()))

    def _let_out(self) -> None:
        ready = self.partials.let_out(self._read)
        if not ready:
            return
        for call_id in {partial.call_id for partial in ready}:
            self._wake_for_partials(self._of_call.get(call_id, ()))
        if self._partials_due is None and self._of_all:
            loop = asyncio.get_running_loop()
            self._partials_due = loop.call_later(PARTIALS_EVERY_S, self._partials_are_due)

    def _partials_are_due(self) -> None:
        self._partials_due = None
        self._wake_for_partials(self._of_all)

    def _wake_for_partials(self, subscriptions: Iterable[Subscription]) -> None:
        self._wake(one for one in subscriptions if one.wanted.partials)

    def _everybody(self) -> list[Subscription]:
        return [*self._of_all, *(one for each in self._of_call.values() for one in each)]

    @staticmethod
    def _wake(subscriptions: Iterable[Subscription]) -> None:
        for subscription in subscriptions:
            subscription.wake()


@asynccontextmanager
async def open_hub(library: Library, journal: Journal) -> AsyncIterator[Hub]:
    """Open the hub; what was committed before is read from the journal by whoever asks for it.

    Raises:
        JournalUnavailableError: The library does not answer.
    """
    hub = Hub(library, journal, await library.newest())
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(hub.read_on(), name="read the feed")
        try:
            yield hub
        finally:
            hub.close()
            reader.cancel()
