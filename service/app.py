"""The service: opens every room, in order, and closes them in reverse.

The only module that knows all rooms. The stop is phases under one deadline: refuse new calls
while live ones are still listened to, flush the lanes meanwhile, settle what is being heard, flush
what came of that, close.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import web

from service.api.access_log import AccessLogLimits
from service.api.assembly import Sources, new_application, open_api
from service.api.health import Health
from service.archive.reports import CallReports
from service.archive.retention import RetentionKeeper, open_retention
from service.bus.audience import AudienceEverywhere
from service.bus.counters import BusCounters
from service.carrier.client import open_carrier
from service.carrier.providers import open_providers
from service.clocks import CarrierClock
from service.console.routes import Console
from service.delivery.endpoints import Endpoint
from service.delivery.host import origin_of
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.delivery.signing import Secrets
from service.feed.hub import Hub, open_hub
from service.ids import EndpointName
from service.ingress.limits import MediaLimits
from service.journal.database import (
    open_accesses,
    open_journal,
    open_keys,
    open_library,
    open_roster,
    open_searches,
)
from service.listening import bind, scraped, take_connections
from service.opening import (
    archives_of,
    bus_of,
    recognitions_of,
    recordings_heard,
    tapes_kept,
)
from service.pool.seat import Seat
from service.ports import Bus, Carrier, Journal, Recognitions
from service.recording.recorder import open_recorder
from service.rooms import Rooms, let_telnyx_in
from service.runtime.archive_news import CallNews
from service.runtime.attaching import LegAttacher
from service.runtime.dialling import Dialler
from service.runtime.registry import CallRegistry, open_calls
from service.settings import Settings, derive_route, fingerprints
from service.stt.counters import RecognitionCounters
from service.telemetry.telemetry import open_telemetry
from service.web.listen import BoundAddress
from service.wire.media import media_url
from service.workers.lease import WorkerLease
from service.workers.room import SoleWorker, Workers, open_workers
from service.workers.sealing import Seal

CALLS_SHARE = 0.35
"""The part of the drain's time for calls to end by themselves; the rest is the lanes'."""
TAIL_SHARE = 0.4
"""The part of it at its end for what is still being heard: its last words, and their delivery."""
TAIL_S = 8.0
"""That takes no longer than this."""
SETTLE_S = 2.0
"""For what recognitions that were cut short still had to say."""
FEED_S = 2.0
"""For those who watch to be told where to go on, after everything else."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the service takes from the machine that it runs on.

    Durations are by the event loop's clock, everywhere. The last two stand between rooms, for
    whoever wants to see what passes there, or to be in the way.
    """

    clock: Callable[[], float] = time.time
    """Unix seconds, for what is written down."""
    dice: Callable[[], float] = random.random
    """Numbers from 0 up to 1, for the jitter of waits."""
    nameservers: tuple[str, ...] | None = None
    """Who is asked for names of webhooks and engines, as `address:port`; None: the system's."""
    host_of: Callable[[Endpoint], str | None] = origin_of
    """Which endpoints share a breaker and places: those of which this says the same."""
    threaded: bool = True
    """Whether the journal has threads of its own, or works on the loop, in virtual time."""
    seat: Seat | None = None
    """Where it sits among workers that share its port, if it does."""
    lease: Callable[[], WorkerLease] = WorkerLease
    """How long a worker goes on without a heartbeat, where several share a database."""
    bus: Callable[[Workers | SoleWorker], Bus] | None = None
    """How workers tell each other at once what they would find out by themselves; None for what
    the settings say."""
    journal: Callable[[Journal], Journal] = lambda journal: journal
    recognitions: Callable[[Recognitions], Recognitions] = lambda recognitions: recognitions


_MACHINE = Machine()


@dataclass(slots=True)
class Running:
    """The service while it runs."""

    url: str
    """Where it listens, for a client on this machine."""
    calls: CallRegistry
    lanes: DeliveryLanes
    hub: Hub
    keeper: RetentionKeeper
    secrets: Secrets
    """What webhooks are signed with."""
    carrier: Carrier
    settings: Settings
    workers: Workers | SoleWorker
    calls_left: int = 0
    """Calls that went on when the drain was over; the next start takes them up."""
    lanes_left: int = 0
    """Lanes that still had something to deliver then; it is in the journal."""

    def rotate(self, endpoints: Sequence[Endpoint]) -> list[EndpointName]:
        """Take the secrets of these endpoints from now on; return whose have changed.

        One that is new is not there before the next start, so nothing of it is taken.

        Raises:
            SettingsError: A secret is missing or cannot be read; nothing has changed.
        """
        changed = self.secrets.replace(one for one in endpoints if one.name in self.secrets.current)
        self.workers.likeness.change(fingerprints(self.settings, self.secrets.current))
        return changed


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    media_limits: MediaLimits | None = None,
    machine: Machine = _MACHINE,
) -> AsyncIterator[Running]:
    """Run the service until the end of the block, then drain and close it.

    Raises:
        SettingsError: An endpoint, key, URL or address to listen on cannot be used.
        JournalError: The database cannot be opened, or another process serves from it.
    """
    async with AsyncExitStack() as stack:
        address = await bind(stack, settings, machine.seat)
        rooms = await _open_rooms(stack, settings, address, machine)
        probes = {"journal": rooms.journal.check, "telnyx": rooms.carrier.check}
        health = Health(probes, differing=lambda: rooms.workers.likeness.sections)
        app = new_application(cors_origins=settings.api.cors_origins)
        app.add_routes([*health.routes(), *Console().routes()])
        await let_telnyx_in(stack, app, settings, rooms, machine=machine, limits=media_limits)
        await _let_people_in(stack, app, settings, rooms, machine)
        await take_connections(stack, app, address, settings)
        calls = rooms.calls
        service = Running(
            address.url,
            calls,
            rooms.lanes,
            rooms.hub,
            rooms.keeper,
            rooms.secrets,
            rooms.carrier,
            settings,
            rooms.workers,
        )
        resumed = await calls.resume()
        log.info("service_started", url=address.url, calls_resumed=resumed)
        await stack.enter_async_context(rooms.workers.serve(calls))
        drain = (service, health, rooms.hearing, settings.drain_timeout_s)
        stack.push_async_callback(_drain, *drain)
        yield service


async def _open_rooms(
    stack: AsyncExitStack,
    settings: Settings,
    address: BoundAddress,
    machine: Machine,
) -> Rooms:
    enter, clock, threaded = stack.enter_async_context, machine.clock, machine.threaded
    network = CarrierClock(clock, asyncio.get_running_loop().time)
    url, key = settings.database_url, settings.storage_key()
    lease, api_key = machine.lease(), settings.telnyx_api_key.get_secret_value()
    roster = await enter(open_roster(url, lease, clock=clock))
    alike, seal = fingerprints(settings), Seal(api_key)
    workers = await enter(open_workers(roster, lease, address.url, seal, alike))
    opening = open_journal(url, key=key, clock=clock, threaded=threaded, lease=workers.lease)
    journal = machine.journal(await enter(opening))
    telemetry = await enter(open_telemetry(settings.telemetry.otlp_url, clock=clock))
    observer = telemetry.observer
    endpoints, secrets = settings.endpoint_list(), Secrets()
    secrets.replace(endpoints)
    news = CallNews(journal, [one.name for one in endpoints], network)
    lanes = await enter(
        open_lanes(
            journal,
            endpoints,
            clock=clock,
            dice=machine.dice,
            observer=observer,
            max_posts_per_host=settings.max_posts_per_host,
            host_of=machine.host_of,
            nameservers=machine.nameservers,
            secrets=secrets,
            may_deliver=workers.may_deliver,
            reports=CallReports(journal),
            archives=archives_of(settings, journal, news),
        )
    )
    carrier = await enter(
        open_carrier(
            api_key,
            settings.telnyx_base_url,
            heard=network.observe_second,
            asked=network.asked,
        )
    )
    hearing = await enter(AsyncExitStack())
    heard = RecognitionCounters()
    opening_ears = recognitions_of(settings, machine.dice, heard, machine.nameservers)
    hears = await hearing.enter_async_context(opening_ears)
    kept = settings.recordings_path
    recorder = await hearing.enter_async_context(open_recorder(kept, journal, clock=clock, key=key))
    library = await enter(open_library(url, key=key, threaded=threaded))
    hub = await enter(open_hub(library, journal))
    told = BusCounters()
    made = nullcontext(machine.bus(workers)) if machine.bus else None
    bus = await enter(made or bus_of(settings, machine.dice, hub, workers, told))
    ownership = workers.attend(journal, lanes, bus)
    calls = await enter(
        open_calls(
            journal=journal,
            lanes=lanes,
            audience=AudienceEverywhere(hub, bus),
            carrier=carrier,
            recognitions=machine.recognitions(hears),
            recorder=recorder,
            routes=settings.routes(),
            media_url=settings.media_url or media_url(address.url),
            clock=network,
            own_clock=network.local,
            observer=observer,
            ownership=ownership,
            heard=await enter(recordings_heard(settings, journal, machine.dice)),
            tapes=await enter(tapes_kept(settings, journal, clock)),
        )
    )
    news.open(calls)
    keeping = open_retention(
        journal, calls, kept, clock=clock, keeps_house=lambda: ownership.keeps_house
    )
    return Rooms(
        network=network,
        carrier=carrier,
        journal=journal,
        telemetry=telemetry,
        endpoints=endpoints,
        secrets=secrets,
        lanes=lanes,
        hearing=hearing,
        heard=heard,
        library=library,
        hub=hub,
        told=told,
        calls=calls,
        ownership=ownership,
        workers=workers,
        keeper=await enter(keeping),
    )


async def _sources(
    stack: AsyncExitStack, settings: Settings, rooms: Rooms, machine: Machine
) -> Sources:
    url, key, enter = settings.database_url, settings.storage_key(), stack.enter_async_context
    threaded = machine.threaded
    api_key = settings.telnyx_api_key.get_secret_value()
    return Sources(
        providers=await enter(open_providers(api_key, settings.telnyx_base_url)),
        journal=rooms.journal,
        library=rooms.library,
        searches=await enter(open_searches(url, key=key, threaded=threaded)),
        keys=await enter(open_keys(url, key=key, threaded=threaded)),
        accesses=await enter(open_accesses(url, key=key, threaded=threaded)),
        hub=rooms.hub,
        controls=rooms.calls,
        starts=Dialler(rooms.calls, rooms.network),
        connection_id=settings.connection_id,
        attacher=LegAttacher(rooms.calls, rooms.carrier, rooms.network),
        route_for=partial(derive_route, settings),
        lanes=rooms.lanes,
        is_shared=rooms.ownership.is_shared,
        endpoints=rooms.endpoints,
        secrets=rooms.secrets,
        recordings=rooms.journal,
        recordings_path=settings.recordings_path,
        recordings_key=key,
        scrape=await scraped(stack, rooms.telemetry.metrics, machine.seat),
        eraser=rooms.keeper,
    )


async def _let_people_in(
    stack: AsyncExitStack,
    app: web.Application,
    settings: Settings,
    rooms: Rooms,
    machine: Machine,
) -> None:
    sources = await _sources(stack, settings, rooms, machine)
    opening = open_api(
        sources,
        rate_limit_per_minute=settings.api.rate_limit_per_minute,
        cors_origins=settings.api.cors_origins,
        access_limits=AccessLogLimits(**settings.access_log.model_dump()),
        clock=machine.clock,
    )
    api = await stack.enter_async_context(opening)
    api.serve(app)


async def _drain(
    service: Running, health: Health, hearing: AsyncExitStack, timeout_s: float
) -> None:
    health.draining = True
    deadline = asyncio.get_running_loop().time() + timeout_s
    log.info("drain_began", calls=service.calls.live, timeout_s=timeout_s)
    await service.calls.drain(timeout_s * CALLS_SHARE)
    await service.lanes.drain(deadline - min(TAIL_S, timeout_s * TAIL_SHARE))
    service.calls_left = await service.calls.hand_over(TAIL_S)
    await hearing.aclose()
    await service.calls.settle(SETTLE_S)
    service.lanes_left = await service.lanes.drain(deadline)
    if await service.calls.give_away():
        service.lanes.release_all()
        service.calls_left = service.lanes_left = 0
    await service.hub.drain(FEED_S)
