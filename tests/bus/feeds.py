"""Workers beside each other on one database: each with a journal, a feed and a bus of its own."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from service.api.assembly import Sources, new_application, open_api
from service.bus.alone import ALONE
from service.bus.audience import AudienceEverywhere
from service.bus.counters import BusCounters
from service.bus.listener import WorkerListener
from service.bus.opening import open_bus
from service.delivery.lanes import open_lanes
from service.feed.hub import POLL_S, open_hub
from service.ids import WorkerId
from service.journal.postgresql.access import open_postgresql_accesses
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.keys import open_postgresql_keys
from service.journal.postgresql.library import open_postgresql_library
from service.journal.postgresql.searches import open_postgresql_searches
from service.telemetry.metrics import Metrics
from service.web.listen import open_listener
from tests.api.builders import new_key
from tests.api.feed.peers import SseClient
from tests.api.peers import ScriptedAttacher, ScriptedCalls, ScriptedProviders, route_of
from tests.bus.harness import Carrier
from tests.feed.harness import FeedHarness
from tests.feed.peers import FaultyLibrary
from tests.waiting import until


@dataclass
class Beside:
    """Two workers on one database. The first made it."""

    url: str
    a: FeedHarness
    b: FeedHarness


@asynccontextmanager
async def open_beside(
    carrier: Carrier, *, told: bool = True, poll_s: float = POLL_S
) -> AsyncIterator[Beside]:
    """Open two workers that have a bus, or not, and read the journal so often by themselves."""
    async with AsyncExitStack() as stack:
        workers = [
            await stack.enter_async_context(_open_worker(carrier, name, told=told, poll_s=poll_s))
            for name in ("a", "b")
        ]
        yield Beside(carrier.postgresql_url, *workers)


@asynccontextmanager
async def _open_worker(
    carrier: Carrier, name: str, *, told: bool, poll_s: float
) -> AsyncIterator[FeedHarness]:
    url, counters = carrier.postgresql_url, BusCounters()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        # a second service is kept out; what is opened beside one writes all the same
        journal = await enter(open_postgresql_journal(url, exclusive=name == "a", hasty=True))
        library = FaultyLibrary(await enter(open_postgresql_library(url)))
        hub = await enter(open_hub(library, journal, poll_s=poll_s))
        bus = ALONE
        if told:
            bus = await enter(
                open_bus(
                    url,
                    carrier.nats_url,
                    known_as=lambda: WorkerId(name),
                    listener=WorkerListener(hub),
                    watched=hub.watched,
                    counters=counters,
                )
            )
            await until(lambda: counters.connected)
        audience = AudienceEverywhere(hub, bus)
        yield FeedHarness(Path(), journal, library, hub, audience=audience)


@asynccontextmanager
async def watch_at(
    worker: FeedHarness, url: str, *, after: int | None = None
) -> AsyncIterator[SseClient]:
    """Follow all calls at a worker, as a program does: over HTTP, with a key."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        keys, controls = await enter(open_postgresql_keys(url)), ScriptedCalls()
        sources = Sources(
            attacher=ScriptedAttacher(),
            route_for=route_of,
            providers=ScriptedProviders(),
            journal=worker.journal,
            library=worker.library,
            searches=await enter(open_postgresql_searches(url)),
            keys=keys,
            accesses=await enter(open_postgresql_accesses(url)),
            hub=worker.hub,
            controls=controls,
            starts=controls,
            eraser=controls,
            lanes=await enter(open_lanes(worker.journal, [])),
            endpoints=[],
            recordings=worker.journal,
            recordings_path=Path("unused"),
            scrape=Metrics().scrape,
        )
        api = await enter(open_api(sources, rate_limit_per_minute=1_000, clock=time.time))
        app = new_application()
        api.serve(app)
        listener = await enter(open_listener(app, "127.0.0.1", 0))
        key = await new_key(keys, "live", now=time.time())
        headers = {"Authorization": f"Bearer {key}"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        session = await enter(aiohttp.ClientSession())
        answer = await enter(session.get(listener.url + "/v1/feed", headers=headers))
        assert answer.status == 200
        yield SseClient(answer)
