"""A hub on a real journal and library, and calls in which things happen."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from service.feed.filter import FeedFilter
from service.feed.hub import Hub, open_hub
from service.feed.subscription import Subscription
from service.ids import CallId
from service.ports import Audience, Delivery, Entry, Journal, LivePartial, StoredEvent
from tests.feed.builders import PARTIAL, Said, body, final
from tests.feed.peers import FaultyLibrary
from tests.journal.harness import Adapter, sqlite_database
from tests.waiting import until


@dataclass
class FeedHarness:
    """Commits events and tells the hub of them, as the runtime does."""

    path: Path
    """Of the journal, if that is a file."""
    journal: Journal
    library: FaultyLibrary
    hub: Hub
    seqs: dict[CallId, int] = field(default_factory=dict)
    versions: dict[CallId, int] = field(default_factory=dict)
    audience: Audience | None = None
    """Who is told in place of the hub."""

    async def commit(
        self,
        call_id: CallId,
        *events: Said,
        metadata: Mapping[str, object] | None = None,
        told: bool = True,
    ) -> list[StoredEvent]:
        """Commit these events of a call at once; the hub may have to find out by itself."""
        stored = [
            StoredEvent(
                call_id, seq, said[0], body(call_id, (said[0], {**said[1], "seq": seq}), metadata)
            )
            for seq, said in enumerate(events, self.seqs.get(call_id, 0) + 1)
        ]
        await self.commit_stored(call_id, stored, told=told)
        return stored

    async def commit_stored(
        self, call_id: CallId, stored: list[StoredEvent], *, told: bool = True
    ) -> None:
        """Commit events as they are."""
        version = self.versions.get(call_id, 0)
        entry = Entry(call_id=call_id, version=version, epoch=0, state=b"", events=tuple(stored))
        await self.journal.commit(entry)
        self.versions[call_id] = version + 1
        self.seqs[call_id] = stored[-1].seq
        if told:
            (self.audience or self.hub).committed(stored)

    def publish(self, call_id: CallId, name: str, text: str = "hel") -> None:
        """Publish a partial."""
        data = {**final(name, text)[1], "after_seq": self.seqs.get(call_id, 0)}
        delivery = Delivery(f"prt_{name}", PARTIAL, body(call_id, (PARTIAL, data)))
        (self.audience or self.hub).publish(LivePartial(call_id, name, "customer", delivery))

    def subscribe(
        self,
        feed_filter: FeedFilter | None = None,
        *,
        after: int = 0,
        by_seq: bool = False,
        wake: Callable[[], None] = lambda: None,
    ) -> AbstractContextManager[Subscription]:
        """Subscribe to all calls and events, or to what the filter says."""
        chosen = feed_filter or FeedFilter()
        return self.hub.subscribe(chosen, after=after, by_seq=by_seq, wake=wake)

    async def caught_up(self) -> None:
        """Wait until the hub has read what is in the journal."""
        committed = (await self.library.frontier()).committed
        await until(lambda: self.hub.ring.head >= committed)


@asynccontextmanager
async def open_feed_harness(
    folder: Path, *, clock: Callable[[], float] = time.time, adapter: Adapter = sqlite_database
) -> AsyncIterator[FeedHarness]:
    """Open a hub on a new journal that goes with this folder."""
    database = adapter(folder)
    async with database.journal(clock=clock) as journal, database.library() as opened:
        library = FaultyLibrary(opened)
        async with open_hub(library, journal) as hub:
            yield FeedHarness(folder / "journal.db", journal, library, hub)


async def take_all(subscription: Subscription) -> tuple[list[tuple[CallId, int]], list[str]]:
    """Take until there is nothing more at once; return the events, and the partials' utterances."""
    events: list[tuple[CallId, int]] = []
    partials: list[str] = []
    more = True
    while more:
        batch = await subscription.take()
        events += [(one.call_id, one.event.seq) for one in batch.events]
        partials += [partial.utterance_id for partial in batch.partials]
        more = batch.more
    return events, partials
