"""The feed, served: a newsroom behind a real listener, and clients that read it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from service.api.assembly import add_api, new_application
from service.api.feed.connections import FeedLimits, FeedStreams, open_watch
from service.api.feed.routes import FeedRoutes
from service.api.search.feed import SearchFeedRoutes
from service.ids import CallId, Scope
from service.journal.sqlite_keys import open_sqlite_keys
from service.journal.sqlite_searches import open_sqlite_searches
from service.ports import KeyStore, SavedSearches
from service.web.limits import Limits
from service.web.listen import open_listener
from tests.api.harness import new_key, new_token
from tests.feed.harness import Newsroom, open_newsroom


@dataclass
class FeedHouse:
    """A served feed, and one key that may watch it."""

    room: Newsroom
    url: str
    key: str
    keys: KeyStore
    searches: SavedSearches
    streams: FeedStreams
    session: aiohttp.ClientSession

    async def token(self, call_id: str | None = None, *, for_s: float = 600) -> str:
        """Return a token of the key."""
        scopes: tuple[Scope, ...] = ("live",)
        expires_at = time.time() + for_s
        return await new_token(self.keys, self.key, *scopes, call_id=call_id, expires_at=expires_at)

    @asynccontextmanager
    async def watch(
        self, path: str, *, after: int | None = None, key: str | None = None, **headers: str
    ) -> AsyncIterator["Watcher"]:
        """Follow a path as an `EventSource` would."""
        headers = {"Authorization": f"Bearer {key or self.key}", **headers}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        async with self.session.get(self.url + path, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            yield Watcher(answer)


@dataclass
class Event:
    """One Server-Sent Event."""

    type: str
    id: int | None
    data: dict[str, Any]

    @property
    def seq(self) -> tuple[str, int]:
        """Which durable event this is."""
        return self.data["data"]["call_id"], self.data["data"]["seq"]


@dataclass
class Watcher:
    """Reads Server-Sent Events by the rules of the HTML standard."""

    answer: aiohttp.ClientResponse
    last_id: int | None = None
    comments: list[str] = field(default_factory=list)
    retry_ms: int | None = None

    async def next(self, timeout_s: float = 5) -> Event:
        """Return the next event.

        Raises:
            EOFError: There is none.
        """
        kind, data = "message", list[str]()
        async with asyncio.timeout(timeout_s):
            while line := (await self.answer.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(":")
                value = value.removeprefix(" ")
                if line == "\n" and data:
                    found = msgspec.json.decode("\n".join(data))
                    return Event(kind, self._id_of(kind), found)
                if name == "" and line != "\n":
                    self.comments.append(value)
                elif name == "id":
                    self.last_id = int(value)
                elif name == "retry":
                    self.retry_ms = int(value)
                elif name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
        raise EOFError

    async def many(self, count: int) -> list[Event]:
        """Return the next few events."""
        return [await self.next() for _ in range(count)]

    async def ended(self) -> list[Event]:
        """Return all that comes until the stream ends."""
        events: list[Event] = []
        try:
            while True:
                events.append(await self.next())
        except (EOFError, aiohttp.ClientPayloadError):
            return events

    def _id_of(self, kind: str) -> int | None:
        return None if kind in ("transcript.partial", "closed") else self.last_id


@asynccontextmanager
async def open_feed_house(
    folder: Path,
    *,
    limits: FeedLimits | None = None,
    origins: Sequence[str] = (),
    web_limits: Limits | None = None,
) -> AsyncIterator[FeedHouse]:
    """Serve the feed of a new journal in this folder."""
    async with (
        open_newsroom(folder) as room,
        open_sqlite_keys(room.path) as keys,
        open_sqlite_searches(room.path) as searches,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
    ):
        key = await new_key(keys, "live", now=time.time())
        streams = FeedStreams(limits=limits)
        routes = [
            *FeedRoutes(room.hub, streams, origins=origins).routes(),
            *SearchFeedRoutes(room.hub, streams, room.library, searches).routes(),
        ]
        app = new_application(cors_origins=origins)
        doorkeeper = await add_api(app, keys, routes, rate_limit_per_minute=10_000)
        async with (
            open_watch(streams, doorkeeper),
            open_listener(app, "127.0.0.1", 0, limits=web_limits) as listener,
        ):
            yield FeedHouse(room, listener.url, key, keys, searches, streams, session)


def seqs(call_id: CallId, first: int, last: int) -> list[tuple[str, int]]:
    """Return which durable events these are."""
    return [(call_id, seq) for seq in range(first, last + 1)]
