"""Workers on one carrier: PostgreSQL, or NATS beside it."""

import hashlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.bus.counters import BusCounters
from service.bus.opening import open_bus
from service.ids import WorkerId
from service.ports import Bus
from tests.bus.peers import KeptListener
from tests.journal.postgresql_server import make_schema, make_server, schema_url
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries the messages of workers."""

    postgresql_url: str
    nats_url: str | None = None


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that a test starts and kills as it likes."""

    carrier: Carrier
    start: Callable[[], None]
    kill: Callable[[], None]


@dataclass
class Worker:
    """One worker's end of the bus."""

    bus: Bus
    counters: BusCounters
    heard: KeptListener


@contextmanager
def make_own_postgresql() -> Iterator[OwnServer]:
    """Return a PostgreSQL that is not started yet; it is killed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    server = make_server(folder)
    running: list[subprocess.Popen[bytes]] = []

    def kill() -> None:
        while running:
            process = running.pop()
            process.send_signal(signal.SIGQUIT)
            process.wait()

    try:
        yield OwnServer(Carrier(server.url), lambda: running.append(server.start()), kill)
    finally:
        kill()
        shutil.rmtree(folder, ignore_errors=True)


async def own_schema(folder: Path) -> str:
    """Make the schema that goes with a folder; return its URL."""
    name = f"bus_{hashlib.sha256(str(folder).encode()).hexdigest()[:24]}"
    await make_schema(name)
    return schema_url(name)


@asynccontextmanager
async def open_telling(carrier: Carrier, name: str) -> AsyncIterator[Worker]:
    """Open a worker's bus, connected or not."""
    counters, heard = BusCounters(), KeptListener()
    async with open_bus(
        carrier.postgresql_url,
        carrier.nats_url,
        known_as=lambda: WorkerId(name),
        listener=heard,
        counters=counters,
        dice=lambda: 0.5,
    ) as bus:
        yield Worker(bus, counters, heard)


@asynccontextmanager
async def open_worker(carrier: Carrier, name: str) -> AsyncIterator[Worker]:
    """Open a worker's bus and wait until it hears the others, and can be heard."""
    async with open_telling(carrier, name) as worker:
        await until(lambda: worker.counters.connected and worker.counters.sent > 0)
        yield worker
