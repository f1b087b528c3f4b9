"""Opens the bus that the settings ask for."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from uuid import uuid4

from service.bus.alone import ALONE
from service.bus.counters import BusCounters
from service.bus.inbox import Inbox
from service.bus.interests import Interests, Watched
from service.bus.outbox import Outbox
from service.bus.transports import Transport
from service.bus.worker_bus import WorkerBus
from service.errors import SettingsError
from service.ids import WorkerId
from service.ports import Bus, BusListener
from service.tasks import open_tasks


@asynccontextmanager
async def open_bus(
    postgresql_url: str | None,
    nats_url: str | None,
    *,
    known_as: Callable[[], WorkerId | None],
    listener: BusListener,
    watched: Callable[[], Watched] = lambda: None,
    counters: BusCounters,
    dice: Callable[[], float] = random.random,
) -> AsyncIterator[Bus]:
    """Open the bus of a worker, over NATS if there is one, over PostgreSQL if not.

    Without PostgreSQL there is nobody to tell. It opens at once, and connects meanwhile: a server
    that is not there yet, or not any more, is no reason for anybody else to wait. `watched` says
    which calls' partials are watched here; the others send no more. Who nudges this worker names it
    as it is `known_as` on the roster then.

    Raises:
        SettingsError: The client of NATS is not installed.
    """
    if postgresql_url is None:
        yield ALONE
        return
    transport = _transport(postgresql_url, nats_url, counters)
    worker = WorkerId(uuid4().hex)
    interests = Interests(asyncio.get_running_loop().time)
    bus = WorkerBus(
        transport,
        Outbox(worker, counters),
        Inbox(worker, listener, counters, interests, known_as),
        interests=interests,
        watched=watched,
        counters=counters,
        dice=dice,
    )
    async with _at_work(bus, transport):
        yield bus


@asynccontextmanager
async def _at_work(bus: WorkerBus, transport: Transport) -> AsyncIterator[None]:
    try:
        async with open_tasks() as tasks:
            tasks.keep(bus.run_listening, "bus_listening")
            tasks.keep(bus.run_sending, "bus_sending")
            tasks.keep(bus.run_watching, "bus_watching")
            yield
    finally:
        await transport.close()


def _transport(postgresql_url: str, nats_url: str | None, counters: BusCounters) -> Transport:
    # a service on SQLite needs no driver, and one on PostgreSQL no NATS
    from service.bus.notify import NotifyTransport, installation_of  # noqa: PLC0415

    if nats_url is None:
        return NotifyTransport(postgresql_url, counters)
    if find_spec("nats") is None:
        raise SettingsError(["nats_url: NATS is an extra: pip install '.[nats]'"])
    from service.bus.nats_core import NatsTransport  # noqa: PLC0415 - as above

    return NatsTransport(nats_url, partial(installation_of, postgresql_url))
