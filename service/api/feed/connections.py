"""Connections of the feed: how many there may be, and which have to end."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import web

from service.api.access import Caller, Doorkeeper
from service.api.access_log import AccessLog
from service.api.feed.query import CloseReason
from service.api.problems import RefusalError
from service.errors import JournalUnavailableError
from service.feed.filter import FeedFilter
from service.feed.hub import Hub
from service.ids import CallId
from service.tasks import open_tasks
from service.web.connections import may_stay
from service.web.outlet import Outlet

_CLOSING_GRACES = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """The limits of the feed."""

    max_connections: int = 2000
    """At one time; one more is answered 503."""
    max_connections_per_key: int = 1000
    """Of one key and its tokens; one more is answered 429."""
    max_subscriptions: int = 50
    """Of one WebSocket; one more is answered with an error."""
    stall_s: float = 30.0
    """How long a client may take nothing of what was written before it is disconnected."""
    keep_alive_s: float = 15.0
    """How long a connection may be quiet."""
    check_every_s: float = 1.0
    """How often all connections are checked."""
    grace_s: float = 1.0
    """For a client to take the goodbye."""
    max_message_bytes: int = 16 * 1024
    """Of one message of a WebSocket's client."""
    messages_per_s: float = 10.0
    message_burst: int = 100


class FeedConnection:
    """One client's connection, over SSE or a WebSocket.

    `wake_up` is set when whoever writes to it may have something to do.
    """

    def __init__(
        self, request: web.Request, caller: Caller, limits: FeedLimits, access_log: AccessLog
    ) -> None:
        self.caller = caller
        self._request = request
        self._access_log = access_log
        self.wake_up = asyncio.Event()
        self.ends: CloseReason | None = None
        """Why it is to be closed; None while it goes on."""
        self.keep_alive_due = False
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._outlet = Outlet(request, self.wake_up.set)
        self._written_bytes = self._written_before = self._waiting_before = 0
        self._wrote_at = self._moved_at = self._loop.time()
        self._ends_at: float | None = None

    def bound(self, feed_filter: FeedFilter) -> FeedFilter:
        """Return the filter with the binding of whoever watches."""
        return replace(feed_filter, binding=self.caller.binding)

    def followed(self, call_id: CallId | None) -> None:
        """Have it noted that whoever watches follows this call, or (None) all that there are."""
        self._access_log.note(self._request, self.caller, "followed", call_id)

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

    async def write_rounds(self, hub: Hub, write_round: Callable[[], Awaitable[bool]]) -> None:
        """Write a round whenever there may be something to write, until the connection ends.

        `write_round` returns whether there may be more at once. It is not called while the
        connection is full. When the hub closes, the connection ends once all is written.

        Raises:
            ConnectionError: By `write_round`: the client has left, or was cut off.
        """
        while not self.lost and not self.ends:
            self.wake_up.clear()
            more = not self.full and await write_round()
            if more:
                await asyncio.sleep(0)
            elif hub.closing:
                self.end("stopping")
            else:
                await self.wake_up.wait()

    def wrote(self, size_bytes: int) -> None:
        """Record that this much was written."""
        self._written_bytes += size_bytes
        self._wrote_at = self._loop.time()
        self.keep_alive_due = False

    def end(self, reason: CloseReason) -> None:
        """Have it closed; the first reason counts. Whoever writes has a little time for it."""
        if self.ends is None:
            self.ends = reason
            self._ends_at = self._loop.time() + _CLOSING_GRACES * self._limits.grace_s
        self.wake_up.set()

    def check(self, now: float) -> None:
        """End it if the client stalls; ask for a keep-alive if it was quiet for long.

        Abort it if it was to end and did not: then whoever writes to it sees that it is lost.
        `now` is the loop's time.
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
            self.wake_up.set()

    async def drained(self) -> bool:
        """Wait until the client has taken all but a little; abort if that takes too long.

        Returns whether the client is still there.
        """
        try:
            async with asyncio.timeout(self._limits.grace_s):
                while self.full and not self.lost:
                    self.wake_up.clear()
                    await self.wake_up.wait()
        except TimeoutError:
            self._outlet.abort()
        return not self.lost

    def abort(self) -> None:
        """Close the connection; what was not taken is dropped."""
        self._outlet.abort()


class FeedConnections:
    """All connections of the feed. Made by `open_connections`."""

    def __init__(
        self, limits: FeedLimits, clock: Callable[[], float], access_log: AccessLog
    ) -> None:
        self._access_log = access_log
        self.limits = limits
        self.closed: Counter[str] = Counter()
        """How many were closed from here since the start, by reason."""
        self._clock = clock
        self._open: set[FeedConnection] = set()
        self._by_key: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def waiting_bytes(self) -> int:
        """How much of what was written waits here for clients, in all."""
        return sum(connection.waiting_bytes for connection in self._open)

    @contextmanager
    def open(self, request: web.Request, caller: Caller) -> Iterator[FeedConnection]:
        """Open a connection and count it until the end of the block.

        Raises:
            RefusalError: There are too many.
        """
        self._check_room(request, caller.key_id)
        connection = FeedConnection(request, caller, self.limits, self._access_log)
        self._open.add(connection)
        self._by_key[caller.key_id] += 1
        try:
            yield connection
        finally:
            self._open.discard(connection)
            self._by_key[caller.key_id] -= 1
            if not self._by_key[caller.key_id]:
                del self._by_key[caller.key_id]
            if connection.ends:
                self.closed[connection.ends] += 1
                write = log.debug if connection.ends == "stopping" else log.info
                write("feed_closed", reason=connection.ends)

    async def watch(self, doorkeeper: Doorkeeper) -> None:
        """Check all connections and their callers, forever."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.check_every_s)
            now = loop.time()
            for connection in self._open:
                connection.check(now)
            try:
                await self._end_the_unwelcome(doorkeeper)
            except JournalUnavailableError:
                log.warning("feed_callers_not_checked")

    def _check_room(self, request: web.Request, key_id: str) -> None:
        again = {"Retry-After": "1"}
        if len(self._open) >= self.limits.max_connections or not may_stay(request):
            detail = "Too many are watching: come again soon."
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=again)
        if self._by_key[key_id] >= self.limits.max_connections_per_key:
            detail = "Too many are watching with this key."
            raise RefusalError(HTTPStatus.TOO_MANY_REQUESTS, detail, headers=again)

    async def _end_the_unwelcome(self, doorkeeper: Doorkeeper) -> None:
        callers = {connection.caller for connection in self._open}
        unwelcome = {one for one in callers if not await doorkeeper.is_still_good(one)}
        for connection in [each for each in self._open if each.caller in unwelcome]:
            expires_at = connection.caller.expires_at
            expired = expires_at is not None and self._clock() >= expires_at
            connection.end("token_expired" if expired else "key_revoked")


@asynccontextmanager
async def open_connections(
    doorkeeper: Doorkeeper,
    access_log: AccessLog,
    *,
    limits: FeedLimits | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[FeedConnections]:
    """Open the feed to connections, and watch over them until the end of the block.

    `clock` is the doorkeeper's, in Unix seconds.
    """
    connections = FeedConnections(limits or FeedLimits(), clock, access_log)
    async with open_tasks() as tasks:
        tasks.keep(partial(connections.watch, doorkeeper), "watch_feed")
        yield connections
