"""The lanes of every call to every endpoint: opened once, given events, drained at the end."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import structlog

from service.delivery.acks import AckBatcher
from service.delivery.attempts import PARTIAL_GRACE_S
from service.delivery.backlog import Backlog
from service.delivery.dispatcher import Dispatcher
from service.delivery.endpoints import Endpoint
from service.delivery.handler import Dependencies
from service.delivery.host import MAX_POSTS, Host, origin_of
from service.delivery.lane import Lane, bounds_for_each
from service.delivery.memories import BegunCalls
from service.delivery.schedule import Counters, EndpointLanes
from service.delivery.signing import Secrets
from service.delivery.sinks import OpenSink, open_sink
from service.descriptors import sockets_for_each
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName
from service.name_lookup import open_name_lookup
from service.ports import (
    UNOBSERVED,
    ArchiveRoom,
    Journal,
    LaneRow,
    LivePartial,
    NoReports,
    Observer,
    Reports,
    StoredEvent,
)
from service.retry import RetryPolicy
from service.tasks import open_tasks

_CLOSE_TIMEOUT_S = 3.0
_NO_REPORTS = NoReports()
_log = structlog.get_logger()


class DeliveryLanes:
    """The ordered queues of every call to every endpoint (`ports.Lanes`). Made by `open_lanes`."""

    def __init__(
        self, dispatchers: Sequence[Dispatcher], acks: AckBatcher, dependencies: Dependencies
    ) -> None:
        self._dispatchers = {one.lanes.endpoint.name: one for one in dispatchers}
        self._acks = acks
        self._backlog = Backlog(self._dispatchers, acks, dependencies)

    @property
    def counters(self) -> dict[EndpointName, Counters]:
        """What became of the deliveries of each endpoint since the start."""
        return {name: one.lanes.counters for name, one in self._dispatchers.items()}

    @property
    def behind(self) -> dict[EndpointName, int]:
        """How many lanes of each endpoint have durable events left to deliver.

        Also of those that are disabled, and of those that are configured no more (`unknown`).
        """
        here = {name: one.lanes.behind for name, one in self._dispatchers.items()}
        return self._backlog.unknown | here

    @property
    def unknown(self) -> dict[EndpointName, int]:
        """How many lanes there are for each endpoint that is configured no more."""
        return dict(self._backlog.unknown)

    @property
    def held_up(self) -> dict[EndpointName, LaneRow]:
        """The lane of each endpoint that was tried most often in vain, or else the oldest.

        As of the last listing of the backlog; also of those that are disabled or `unknown`.
        """
        return dict(self._backlog.held_up)

    @property
    def failing(self) -> frozenset[EndpointName]:
        """The endpoints of hosts whose breaker is open: ten lanes in a row found nobody there."""
        return frozenset(
            name for name, one in self._dispatchers.items() if one.lanes.host.breaker.is_open
        )

    @property
    def disabled(self) -> frozenset[EndpointName]:
        """The endpoints that get nothing until they are enabled."""
        return frozenset(name for name, one in self._dispatchers.items() if one.lanes.disabled)

    def committed(self, endpoints: Sequence[EndpointName], events: Sequence[StoredEvent]) -> None:
        """Take the events of one commit, in order, into the lanes of these endpoints."""
        if not events:
            return
        for name in endpoints:
            dispatcher = self._dispatchers.get(name)
            if dispatcher is not None:
                dispatcher.commit(events)
            else:
                self._backlog.look_for(name, events[0].call_id)

    def publish(self, endpoints: Sequence[EndpointName], partial: LivePartial) -> None:
        """Offer a partial; it replaces a waiting one of the same utterance."""
        for name in endpoints:
            dispatcher = self._dispatchers.get(name)
            if dispatcher is not None:
                dispatcher.publish(partial)

    def forget(self, call_id: CallId) -> None:
        """Drop what waits of a call that was erased, and break off what is on its way."""
        for dispatcher in self._dispatchers.values():
            dispatcher.forget(call_id)

    def let_go(self, call_id: CallId) -> None:
        """Deliver nothing more of a call that is another worker's by now."""
        for dispatcher in self._dispatchers.values():
            dispatcher.lanes.let_go(call_id)
        self._backlog.let_go(call_id)

    def release_all(self) -> None:
        """See `LaneHolder.release_all`."""
        for dispatcher in self._dispatchers.values():
            dispatcher.lanes.let_go()
        self._backlog.let_go()
        self._acks.forget()

    async def take_up(self, call_ids: Sequence[CallId]) -> None:
        """See `LaneHolder.take_up`."""
        await self._backlog.take_up(call_ids)
        self.wake()

    def wake(self) -> None:
        """Start what can go out now: after a listing, or when the clock was set."""
        for dispatcher in self._dispatchers.values():
            dispatcher.pump()

    async def flushed(self) -> None:
        """Return when nothing more can go out now, and every ack is written.

        Lanes that wait to retry are not waited for, nor are endpoints whose breaker is open.
        """
        while True:
            await self._backlog.caught_up.wait()
            for dispatcher in self._dispatchers.values():
                await dispatcher.rested.wait()
            try:
                await self._acks.flush()
            except JournalUnavailableError:
                await asyncio.sleep(0.1)
                continue
            rested = all(dispatcher.rested.is_set() for dispatcher in self._dispatchers.values())
            if rested and self._backlog.caught_up.is_set():
                return

    async def drain(self, deadline: float) -> int:
        """Deliver, and write acks, until nothing more can go out or the deadline (the loop's time).

        Returns how many lanes still have something to deliver that another start might deliver;
        the journal keeps it. Lanes of endpoints that are configured no more are not among them:
        they are kept, too, and named, but no start gets rid of them. Attempts on their way at the
        deadline go on until the lanes are closed.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self.flushed()
        except TimeoutError:
            _log.warning("drain_timed_out", lanes=sum(self.behind.values()))
        if any(one.lanes.disabled for one in self._dispatchers.values()):
            with suppress(JournalUnavailableError):
                await self.list_backlog()  # what a disabled endpoint missed is not in memory
        if self.unknown:
            _log.info("lanes_kept_without_endpoint", lanes=self.unknown)
        return sum(one.lanes.behind for one in self._dispatchers.values())

    async def list_backlog(self) -> None:
        """Take up the lanes that the journal has for these endpoints and that are not here yet.

        At a start that is every lane with a backlog, later those that another process rewound.
        Call `wake` afterwards.

        Raises:
            JournalUnavailableError: Nothing was taken up.
        """
        await self._backlog.list()

    async def follow_moved(self) -> None:
        """See `Backlog.follow_moved`."""
        await self._backlog.follow_moved()


@asynccontextmanager
async def open_lanes(
    journal: Journal,
    endpoints: Sequence[Endpoint],
    *,
    clock: Callable[[], float] = time.time,
    ticks: Callable[[], float] | None = None,
    dice: Callable[[], float] = random.random,
    policy: RetryPolicy | None = None,
    sink: OpenSink | None = None,
    observer: Observer = UNOBSERVED,
    max_in_flight: int = 32,
    max_posts_per_host: int = MAX_POSTS,
    host_of: Callable[[Endpoint], Hashable | None] = origin_of,
    partial_grace_s: float = PARTIAL_GRACE_S,
    ack_every_s: float = 0.02,
    poll_every_s: float = 5.0,
    nameservers: Sequence[str] | None = None,
    secrets: Secrets | None = None,
    may_deliver: Callable[[], bool] = lambda: True,
    reports: Reports = _NO_REPORTS,
    archives: ArchiveRoom | None = None,
) -> AsyncIterator[DeliveryLanes]:
    """Open the sinks and lanes of these endpoints, and go on where the journal says they stopped.

    `clock` is in Unix seconds, `ticks` (the loop's, unless given) in seconds that never jump,
    `dice` gives 0 up to 1. `sink` opens an endpoint's sink: by default the one that its type names.
    At most `max_in_flight` attempts of an endpoint are on their way at once (fewer where there are
    so many endpoints that they would take more than their share of the descriptors), and
    `max_posts_per_host` of all those together for which `host_of` gives the same; one at a partial
    has `partial_grace_s` once an event waits behind it. `nameservers` (`address:port`, the system's
    unless given) are asked for the names of webhooks, and `secrets` are what they are signed with,
    if that may change. Nothing goes out while `may_deliver` says no; `reports` makes what endpoints
    with `report` get of a complete call, and `archives` is what archives work with. On leaving,
    attempts are broken off, and pending acks written; call `drain` first.

    Raises:
        SettingsError: An endpoint's URL or secret cannot be used.
        JournalUnavailableError: The backlog cannot be read.
    """
    hosts = _hosts(endpoints, host_of, max_posts_per_host)
    max_in_flight = sockets_for_each(len(endpoints), at_most=max_in_flight)
    bounds = bounds_for_each(len(endpoints), attempts=max_in_flight)
    begun = BegunCalls()
    queues = {one.name: EndpointLanes(one, hosts[one.name], bounds, begun) for one in endpoints}

    def written(lane: Lane) -> None:
        queues[lane.endpoint].release(lane)

    acks = AckBatcher(journal, written, every_s=ack_every_s)
    dependencies = Dependencies(
        journal=journal,
        acks=acks,
        policy=policy or RetryPolicy(),
        clock=clock,
        ticks=ticks or asyncio.get_running_loop().time,
        dice=dice,
        observer=observer,
        max_in_flight=max_in_flight,
        partial_grace_s=partial_grace_s,
        endpoints=tuple(queues),
        may_deliver=may_deliver,
        reports=reports,
        begun=begun,
    )
    async with AsyncExitStack() as stack:
        resolver = await stack.enter_async_context(open_name_lookup(nameservers))
        opener = sink or partial(
            open_sink,
            clock=clock,
            resolver=resolver,
            secrets=secrets,
            archives=archives,
            max_connections=max_in_flight,
        )
        sinks = {one.name: await stack.enter_async_context(opener(one)) for one in endpoints}
        stack.push_async_callback(_write_last_acks, acks)
        tasks = await stack.enter_async_context(open_tasks())
        dispatchers = [
            Dispatcher(queue, sinks[name], dependencies, tasks) for name, queue in queues.items()
        ]
        for dispatcher in dispatchers:
            stack.callback(dispatcher.stop)
        lanes = DeliveryLanes(dispatchers, acks, dependencies)
        await _remember(journal, endpoints)
        await lanes.list_backlog()
        tasks.keep(acks.run, "write_acks")
        tasks.keep(partial(_keep_listing, lanes, poll_every_s), "list_backlog")
        tasks.keep(lanes.follow_moved, "follow_moved")
        lanes.wake()
        yield lanes


def _hosts(
    endpoints: Sequence[Endpoint], host_of: Callable[[Endpoint], Hashable | None], max_posts: int
) -> dict[EndpointName, Host]:
    """Return the host of each endpoint; one without any has something like it to itself."""
    shared: defaultdict[Hashable, Host] = defaultdict(partial(Host, max_posts))
    places = {one.name: host_of(one) for one in endpoints}
    return {name: Host(max_posts) if at is None else shared[at] for name, at in places.items()}


async def _keep_listing(lanes: DeliveryLanes, every_s: float) -> None:
    loop = asyncio.get_running_loop()
    delay_s = every_s
    while True:
        await asyncio.sleep(delay_s)
        began = loop.time()
        try:
            await lanes.list_backlog()
        except JournalUnavailableError:
            _log.warning("backlog_not_listed")
        lanes.wake()
        delay_s = max(every_s, 20 * (loop.time() - began))  # a long backlog is listed less often


async def _remember(journal: Journal, endpoints: Sequence[Endpoint]) -> None:
    """Have it known what endpoints get, once they are gone; what is of those back be theirs."""
    await journal.keep_filters({one.name: one.filter for one in endpoints})
    aliases = await journal.aliases()
    for one in endpoints:
        if one.name in aliases:
            await journal.forget_alias(one.name)


async def _write_last_acks(acks: AckBatcher) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await acks.flush()
    except (TimeoutError, JournalUnavailableError):
        _log.warning("acknowledgements_lost")  # those deliveries are repeated at the next start
