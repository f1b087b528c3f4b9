"""The rooms of a service that is open, and the door by which Telnyx comes in."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from aiohttp import web

from service.archive.retention import RetentionKeeper
from service.bus.counters import BusCounters
from service.clocks import CarrierClock
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes
from service.delivery.signing import Secrets
from service.feed.hub import Hub
from service.forwarding.counters import ForwardCounters
from service.forwarding.opening import open_forwarding
from service.ingress.counters import IngressCounters
from service.ingress.limits import MediaLimits
from service.ingress.media_route import MediaRoute
from service.ingress.webhook_route import WebhookRoute
from service.ports import Carrier, Journal, Library, MediaDoor, Ownership
from service.runtime.attaching import LegAttacher
from service.runtime.registry import CallRegistry
from service.runtime.signed_streams import SigningDoor
from service.settings import Settings
from service.settings.derived import derive_route
from service.stt.counters import RecognitionCounters
from service.telemetry.readings import (
    bus_figures,
    clock_figures,
    feed_figures,
    forward_figures,
    ingress_figures,
    lane_figures,
    live_figures,
    recognition_figures,
    storage_figures,
    worker_figures,
)
from service.telemetry.telemetry import Telemetry
from service.workers.room import SoleWorker, Workers


class TakenFromMachine(Protocol):
    """What is taken from the machine that the service runs on."""

    @property
    def clock(self) -> Callable[[], float]:
        """Unix seconds."""

    @property
    def dice(self) -> Callable[[], float]:
        """Numbers from 0 up to 1."""

    @property
    def nameservers(self) -> tuple[str, ...] | None:
        """Who is asked for names; None for the system's."""

    @property
    def threaded(self) -> bool:
        """Whether the journal has threads of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """What is open between those who come in and the journal."""

    network: CarrierClock
    carrier: Carrier
    journal: Journal
    telemetry: Telemetry
    endpoints: tuple[Endpoint, ...]
    secrets: Secrets
    lanes: DeliveryLanes
    heard: RecognitionCounters
    hearing: AsyncExitStack
    """What hears: closed within the drain, while what it still has to say can be committed."""
    library: Library
    hub: Hub
    told: BusCounters
    calls: CallRegistry
    ownership: Ownership
    workers: Workers | SoleWorker
    keeper: RetentionKeeper


async def let_telnyx_in(
    stack: AsyncExitStack,
    app: web.Application,
    settings: Settings,
    rooms: Rooms,
    *,
    machine: TakenFromMachine,
    limits: MediaLimits | None,
) -> None:
    """Serve what Telnyx sends: webhooks, which are passed on if that is wanted, and audio."""
    counters, passed_on, calls = IngressCounters(), ForwardCounters(), rooms.calls
    keys, network, clock = settings.public_keys(), rooms.network, machine.clock
    tee = await stack.enter_async_context(
        open_forwarding(
            settings.forward.build(),
            settings.database_url,
            key=settings.storage_key(),
            threaded=machine.threaded,
            api_key=settings.telnyx_api_key.get_secret_value(),
            ownership=rooms.ownership,
            clock=clock,
            dice=machine.dice,
            counters=passed_on,
            nameservers=machine.nameservers,
        )
    )
    route = WebhookRoute(calls, keys, counters=counters, clock=clock, network=network, tee=tee)
    route.add_to(app)
    strict = settings.require_media_auth
    door = _door(settings, rooms)
    MediaRoute(door, limits=limits, require_auth=strict, counters=counters).add_to(app)
    figures = [*live_figures(calls), *ingress_figures(counters), *lane_figures(rooms.lanes)]
    figures += [*clock_figures(lambda: network.ahead_s), *recognition_figures(rooms.heard)]
    figures += feed_figures(lambda: rooms.hub.subscriptions, lambda: rooms.hub.held_back_s)
    if settings.postgresql_url:
        figures += bus_figures(rooms.told)
        figures += worker_figures(rooms.workers.counters, lambda: rooms.workers.likeness.unlike)
    figures += forward_figures(passed_on) if tee else []
    figures += storage_figures(settings.database_file, settings.recordings_path)
    rooms.telemetry.metrics.read(figures)


def _door(settings: Settings, rooms: Rooms) -> MediaDoor:
    """Return who lets media in: with a secret, also the streams that applications sign."""
    if settings.stream_secret is None:
        return rooms.calls
    return SigningDoor(
        rooms.calls,
        LegAttacher(rooms.calls, rooms.carrier, rooms.network),
        partial(derive_route, settings),
        secret=settings.stream_secret.get_secret_value(),
        clock=rooms.network,
    )
