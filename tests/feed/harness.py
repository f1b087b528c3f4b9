"""A hub on a real journal and library, and calls that say things."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from service.feed.hub import Hub, open_hub
from service.feed.subscription import Subscription
from service.ids import CallId
from service.journal.sqlite_journal import open_sqlite_journal
from service.journal.sqlite_library import open_sqlite_library
from service.ports import Delivery, Entry, Journal, Library, StoredEvent

A = CallId("call-a")
B = CallId("call-b")
CUSTOMER = "+13125550100"
PARTIAL = "transcript.partial"

Said = tuple[str, Mapping[str, object]]
"""An event: its type, and what matters here of its data."""


def started(number: str = CUSTOMER, *, to: str = "+13125559999") -> Said:
    """Return the beginning of a call."""
    return "call.started", {"direction": "incoming", "from": number, "to": to}


def final(name: str, text: str = "hello", role: str = "customer") -> Said:
    """Return the final of the utterance of this name."""
    return "transcript.final", {"utterance_id": name, "text": text, "role": role}


def completed() -> Said:
    """Return the end of a transcript."""
    return "transcript.completed", {"utterances": 0, "words": 0, "gaps": 0}


def body(call_id: CallId, said: Said, metadata: Mapping[str, object] | None = None) -> bytes:
    """Write an event as it is kept."""
    kind, data = said
    when = "2026-11-22T10:00:03.120Z"
    whole = {"call_id": call_id, **data, "occurred_at": when, "metadata": metadata or {}}
    return msgspec.json.encode({"type": kind, "timestamp": when, "data": whole})


@dataclass
class Newsroom:
    """Commits events and tells the hub of them, as the runtime does."""

    path: Path
    journal: Journal
    library: Library
    hub: Hub
    seqs: dict[CallId, int] = field(default_factory=dict)
    versions: dict[CallId, int] = field(default_factory=dict)

    async def say(
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
        await self.commit(call_id, stored, told=told)
        return stored

    async def commit(
        self, call_id: CallId, stored: list[StoredEvent], *, told: bool = True
    ) -> None:
        """Commit events as they are."""
        version = self.versions.get(call_id, 0)
        entry = Entry(call_id=call_id, version=version, epoch=0, state=b"", events=tuple(stored))
        await self.journal.commit(entry)
        self.versions[call_id] = version + 1
        self.seqs[call_id] = stored[-1].seq
        if told:
            self.hub.committed(stored)

    def murmur(self, call_id: CallId, name: str, text: str = "hel") -> None:
        """Publish a partial."""
        data = {**final(name, text)[1], "after_seq": self.seqs.get(call_id, 0)}
        delivery = Delivery(f"prt_{name}", PARTIAL, body(call_id, (PARTIAL, data)))
        self.hub.publish(call_id, name, delivery)


@asynccontextmanager
async def open_newsroom(folder: Path) -> AsyncIterator[Newsroom]:
    """Open a hub on a new journal in this folder."""
    path = folder / "journal.db"
    async with (
        open_sqlite_journal(path) as journal,
        open_sqlite_library(path) as library,
        open_hub(library, journal) as hub,
    ):
        yield Newsroom(path, journal, library, hub)


async def everything(subscription: Subscription) -> tuple[list[tuple[CallId, int]], list[str]]:
    """Take until there is nothing more at once; return the events, and the partials' utterances."""
    events: list[tuple[CallId, int]] = []
    partials: list[str] = []
    more = True
    while more:
        batch = await subscription.take()
        events += [(entry.call_id, entry.event.seq) for entry in batch.entries]
        partials += [partial.utterance_id for partial in batch.partials]
        more = batch.more
    return events, partials
