"""Workers on one carrier: PostgreSQL, or NATS beside it."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from service.bus.counters import BusCounters
from service.bus.opening import open_bus
from service.ids import WorkerId
from service.ports import Bus, BusListener
from tests.bus.peers import KeptListener
from tests.journal.postgresql_server import make_schema, schema_url
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries the messages of workers."""

    postgresql_url: str
    nats_url: str | None = None


@dataclass
class Worker:
    """One worker's end of the bus."""

    bus: Bus
    counters: BusCounters
    heard: KeptListener = field(default_factory=KeptListener)


async def own_schema(folder: Path) -> str:
    """Make the schema that goes with a folder; return its URL."""
    name = f"bus_{hashlib.sha256(str(folder).encode()).hexdigest()[:24]}"
    await make_schema(name)
    return schema_url(name)


@asynccontextmanager
async def open_worker(
    carrier: Carrier, name: str, listener: BusListener | None = None
) -> AsyncIterator[Worker]:
    """Open a worker's bus and wait until it hears the others."""
    counters, heard = BusCounters(), KeptListener()
    async with open_bus(
        carrier.postgresql_url,
        carrier.nats_url,
        worker=WorkerId(name),
        listener=listener or heard,
        counters=counters,
        dice=lambda: 0.5,
    ) as bus:
        await until(lambda: counters.connected)
        yield Worker(bus, counters, heard)
