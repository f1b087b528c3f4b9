"""Connections of the feed: how many there may be, and which have to end."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web

from service.api.access import Caller, Doorkeeper
from service.api.feed.query import CloseReason
from service.api.problems import RefusalError
from service.errors import JournalUnavailableError
from service.web.outlet import Outlet

_CLOSING_GRACES = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """The limits of the feed."""

    max_connections: int = 2000
    """Connections at one time; one more is answered 503."""
    max_connections_per_key: int = 1000
    """Of one key and its tokens; one more is answered 429."""
    max_subscriptions: int = 50
    """Of one WebSocket; one more is answered with an error."""
    stall_s: float = 30.0
    """How long a client may take nothing of what was written before its stream is closed."""
    keep_alive_s: float = 15.0
    """How long a stream may be quiet."""
    look_every_s: float = 1.0
    grace_s: float = 1.0
    """For a client to take the goodbye."""
    message_bytes: int = 16 * 1024
    """Of one message of a WebSocket's client."""
    messages_per_s: float = 10.0
    messages_at_once: int = 100


class Stream:
    """One connection. `bell` rings when there may be something to do for whoever writes to it."""

    def __init__(self, request: web.Request, caller: Caller, limits: FeedLimits) -> None:
        self.caller = caller
        self.bell = asyncio.Event()
        self.ends: CloseReason | None = None
        """Why it is to be closed."""
        self.keep_alive_due = False
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._outlet = Outlet(request, self.bell.set)
        self._written_bytes = self._written_before = self._waiting_before = 0
        self._wrote_at = self._moved_at = self._loop.time()
        self._ends_at: float | None = None

    @property
    def lost(self) -> bool:
        """Whether the client has left."""
        return self._outlet.lost

    @property
    def full(self) -> bool:
        """Whether nothing more should be written for now."""
        return self._outlet.full

    @property
    def waiting_bytes(self) -> int:
        """How much of what was written waits here for the client."""
        return self._outlet.waiting_bytes

    def wrote(self, size_bytes: int) -> None:
        """Take note of what was just written."""
        self._written_bytes += size_bytes
        self._wrote_at = self._loop.time()
        self.keep_alive_due = False

    def end(self, reason: CloseReason) -> None:
        """Have it closed; the first reason counts. Whoever writes has a little time for it."""
        if self.ends is None:
            self.ends = reason
            self._ends_at = self._loop.time() + _CLOSING_GRACES * self._limits.grace_s
        self.bell.set()

    def look(self, now: float) -> None:
        """End it if the client stalls, and say so if it was quiet for long. `now` is the loop's.

        Cut it off if it was to end and did not: then whoever writes to it hears that it is lost.
        """
        waiting = self._outlet.waiting_bytes
        written = self._written_bytes - self._written_before
        if waiting == 0 or waiting < self._waiting_before + written:
            self._moved_at = now
        self._written_before, self._waiting_before = self._written_bytes, waiting
        if self._ends_at is not None:
            if now >= self._ends_at:
                self.abort()
        elif now - self._moved_at >= self._limits.stall_s:
            self.end("slow")
        elif now - self._wrote_at >= self._limits.keep_alive_s and not self.full:
            self.keep_alive_due = True
            self.bell.set()

    async def taken(self) -> bool:
        """Wait until the client has taken all but a little, or for so long; else cut it off."""
        try:
            async with asyncio.timeout(self._limits.grace_s):
                while self.full and not self.lost:
                    self.bell.clear()
                    await self.bell.wait()
        except TimeoutError:
            self._outlet.abort()
        return not self.lost

    def abort(self) -> None:
        """Close the connection; what was not taken is dropped."""
        self._outlet.abort()


class FeedStreams:
    """All connections of the feed; `open_watch` looks after them.

    `clock` is the doorkeeper's, in Unix seconds.
    """

    def __init__(
        self, *, limits: FeedLimits | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.limits = limits or FeedLimits()
        self.closed: Counter[str] = Counter()
        """How many were closed from here since the start, by reason."""
        self._clock = clock
        self._streams: set[Stream] = set()
        self._by_key: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def waiting_bytes(self) -> int:
        """How much of what was written waits here for clients, in all."""
        return sum(stream.waiting_bytes for stream in self._streams)

    @contextmanager
    def open(self, request: web.Request, caller: Caller) -> Iterator[Stream]:
        """Count a connection in, until the end of the block.

        Raises:
            RefusalError: There are too many.
        """
        self._check_room(caller.key_id)
        stream = Stream(request, caller, self.limits)
        self._streams.add(stream)
        self._by_key[caller.key_id] += 1
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            self._by_key[caller.key_id] -= 1
            if not self._by_key[caller.key_id]:
                del self._by_key[caller.key_id]
            if stream.ends:
                self.closed[stream.ends] += 1
                tell = log.debug if stream.ends == "stopping" else log.info
                tell("feed_closed", reason=stream.ends)

    async def watch(self, doorkeeper: Doorkeeper) -> None:
        """Look at all of them, again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.look_every_s)
            now = loop.time()
            for stream in self._streams:
                stream.look(now)
            try:
                await self._end_the_unwelcome(doorkeeper)
            except JournalUnavailableError:
                log.warning("feed_callers_not_checked")

    def _check_room(self, key_id: str) -> None:
        again = {"Retry-After": "1"}
        if len(self._streams) >= self.limits.max_connections:
            detail = "Too many are watching: come again soon."
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=again)
        if self._by_key[key_id] >= self.limits.max_connections_per_key:
            detail = "Too many are watching with this key."
            raise RefusalError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=again)

    async def _end_the_unwelcome(self, doorkeeper: Doorkeeper) -> None:
        callers = {stream.caller for stream in self._streams}
        gone = {one for one in callers if not await doorkeeper.is_still_good(one)}
        for stream in [each for each in self._streams if each.caller in gone]:
            expires_at = stream.caller.expires_at
            over = expires_at is not None and self._clock() >= expires_at
            stream.end("token_expired" if over else "key_revoked")


@asynccontextmanager
async def open_watch(streams: FeedStreams, doorkeeper: Doorkeeper) -> AsyncIterator[None]:
    """Look after the connections until the end of the block."""
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(streams.watch(doorkeeper), name="watch the feed's connections")
        try:
            yield
        finally:
            watching.cancel()
