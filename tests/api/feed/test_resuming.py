"""Whoever loses the connection, at any byte and however often, has in the end what is stored."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from service.ids import CallId
from tests.api.feed.harness import open_feed
from tests.api.harness import Harness
from tests.feed.builders import PARTIAL, A, B, final, started
from tests.feed.harness import FeedHarness
from tests.waiting import PATIENCE_S
from tests.web.peers import connected

Batches = Sequence[tuple[CallId, int]]
"""What is committed: of which call, and how many finals at once."""
Cuts = Sequence[int]
"""After how much each connection is lost."""

BATCHES = st.lists(st.tuples(st.sampled_from([A, B]), st.integers(1, 4)), min_size=1, max_size=12)
BYTES = st.lists(st.integers(0, 2500), max_size=8)
MESSAGES = st.lists(st.integers(0, 12), max_size=8)
FEEDS = st.sampled_from(
    [
        ("/v1/feed", {}),
        ("/v1/feed", {"types": "transcript.final,transcript.partial"}),
        ("/v1/feed", {"call_id": A}),
        ("/v1/feed", {"number": "+1312*", "role": "customer"}),
        (f"/v1/calls/{A}/feed", {}),
        (f"/v1/calls/{A}/feed", {"types": "transcript.*"}),
    ]
)
Feed = tuple[str, dict[str, str]]


@dataclass
class Seen:
    """What a client has had, over all its connections."""

    durable: list[tuple[str, int]] = field(default_factory=list)
    cursor: int | None = None
    settled: set[str] = field(default_factory=set)

    def take(self, event: dict[str, Any], cursor: int | None) -> None:
        """Take an event; a partial must not come after its final."""
        data = event["data"]
        if event["type"] == PARTIAL:
            assert data["utterance_id"] not in self.settled
            return
        self.durable.append((data["call_id"], data["seq"]))
        self.cursor = cursor
        if event["type"] == "transcript.final":
            self.settled.add(data["utterance_id"])


async def talk(room: FeedHarness, batches: Batches) -> None:
    """Have two calls say things, with partials before each final."""
    for number, (call_id, count) in enumerate(batches):
        names = [f"{call_id} {number} {nth}" for nth in range(count)]
        for name in names:
            room.publish(call_id, name)
        await room.commit(call_id, *(final(name) for name in names))


def expected(batches: Batches, feed: Feed) -> list[tuple[str, int]]:
    """Return the events that have to be in this feed, in order."""
    path, filters = feed
    only_a = path != "/v1/feed" or bool(filters.keys() & {"call_id", "number"})
    only_transcripts = "types" in filters
    last = {A: 1, B: 1}
    events = [] if only_transcripts else [(A, 1), (B, 1)]
    for call_id, count in batches:
        events += [(call_id, last[call_id] + nth) for nth in range(1, count + 1)]
        last[call_id] += count
    return [(call_id, seq) for call_id, seq in events if call_id == A or not only_a]


async def watch_sse(harness: Harness, feed: Feed, seen: Seen, count: int, cut: int | None) -> None:
    """Read this many bytes, or until all events were seen, and hang up."""
    path, filters = feed
    query = urlencode(filters if seen.cursor is not None else {**filters, "after": 0})
    last_id = "" if seen.cursor is None else f"Last-Event-ID: {seen.cursor}\r\n"
    head = f"GET {path}?{query} HTTP/1.0\r\nAuthorization: Bearer {harness.key}\r\n{last_id}\r\n"
    left = sys.maxsize if cut is None else cut
    async with connected(harness.url) as client, asyncio.timeout(PATIENCE_S):
        await client.send(head.encode())
        await client.reader.readuntil(b"\r\n\r\n")
        rest = b""
        while len(seen.durable) < count and left:
            got = await client.reader.read(min(left, 4096))
            assert got, "the feed has ended"
            left -= len(got)
            *frames, rest = (rest + got).split(b"\n\n")
            for frame in frames:
                take_frame(seen, frame)


def take_frame(seen: Seen, frame: bytes) -> None:
    """Take one whole Server-Sent Event."""
    fields = dict(line.split(": ", 1) for line in frame.decode().split("\n") if line)
    if "data" in fields:
        cursor = int(fields["id"]) if "id" in fields else None
        seen.take(msgspec.json.decode(fields["data"]), cursor)


async def watch_socket(
    harness: Harness, feed: Feed, seen: Seen, count: int, cut: int | None
) -> None:
    """Read this many messages, or until all events were seen, and drop the connection."""
    path, filters = feed
    wanted: dict[str, object] = {"id": "s1", "after": seen.cursor or 0, **filters}
    if "types" in filters:
        wanted["types"] = filters["types"].split(",")
    url = harness.url.replace("http", "ws", 1) + path
    bearer = {"Authorization": f"Bearer {harness.key}"}
    async with (
        asyncio.timeout(PATIENCE_S),
        connect(url, additional_headers=bearer, proxy=None, close_timeout=0.1) as socket,
    ):
        await socket.send(msgspec.json.encode({"subscribe": wanted}).decode())
        messages = 0
        while len(seen.durable) < count and (cut is None or messages < cut):
            message = msgspec.json.decode(await socket.recv())
            messages += 1
            if message["kind"] in ("event", "partial"):
                seen.take(message["event"], message.get("cursor"))
        socket.transport.abort()


Watch = Callable[[Harness, Feed, Seen, int, int | None], Awaitable[None]]


async def check(watch: Watch, feed: Feed, batches: Batches, cuts: Cuts) -> None:
    """Watch with cuts while the calls go on, and then once more to the end."""
    seen = Seen()
    with TemporaryDirectory() as folder:
        async with open_feed(Path(folder)) as harness:
            room = harness.calls
            await room.commit(A, started())
            await room.commit(B, started("+4930123", to="+4930456"))
            wanted = expected(batches, feed)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(talk(room, batches), name="talk")
                for cut in (*cuts, None):
                    await watch(harness, feed, seen, len(wanted), cut)
            placed = await room.library.events(after=0, limit=1000)
    stored = [(one.event.call_id, one.event.seq) for one in placed]
    assert seen.durable == [one for one in stored if one in wanted] == wanted


@settings(max_examples=30, deadline=None)
@given(feed=FEEDS, batches=BATCHES, cuts=BYTES)
def test_events_lost_at_any_byte_are_had_in_the_end_each_once(
    feed: Feed, batches: Batches, cuts: Cuts
) -> None:
    """Over Server-Sent Events, by `Last-Event-ID`: the feed of a client is the journal."""
    asyncio.run(check(watch_sse, feed, batches, cuts))


@settings(max_examples=30, deadline=None)
@given(feed=FEEDS, batches=BATCHES, cuts=MESSAGES)
def test_messages_lost_at_any_point_are_had_in_the_end_each_once(
    feed: Feed, batches: Batches, cuts: Cuts
) -> None:
    """Over the WebSocket, by `after`."""
    asyncio.run(check(watch_socket, feed, batches, cuts))
