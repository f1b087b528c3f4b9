"""Several services of one process on one database of PostgreSQL."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from service.app import Machine, Running, running
from service.demo.receiver import Receiver, open_receiver
from service.ids import CallId
from service.ingress.limits import MediaLimits
from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.keys import open_postgresql_keys
from service.ports import StoredEvent
from service.settings import Settings
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from service.workers.lease import WorkerLease
from tests.api.builders import new_key
from tests.journal.postgresql_server import make_schema, schema_url
from tests.service.harness import SPEED, Watch, settings_for
from tests.workers.peers import Street, open_balancer


@dataclass(slots=True)
class Office:
    """Everything there is. Webhooks to the `balancer` come to each worker in turn."""

    workers: list[Running]
    stops: list[AsyncExitStack]
    """Each stops a worker when it is closed, as SIGTERM does."""
    leases: list[WorkerLease]
    telnyx: Simulator
    receiver: Receiver
    watch: Watch
    balancer: str
    database: str

    async def play(self, webhooks: str) -> set[str]:
        """Play the scenario until every call's transcript was delivered as complete."""
        report = await self.telnyx.run(webhook_url=f"{webhooks}/webhooks/telnyx")
        calls = {call.call_id for call in report.calls}
        await self.watch.until(lambda: calls <= self._complete())
        return calls

    def _complete(self) -> set[str]:
        return {
            receipt.data["call_id"]
            for receipt in self.receiver.receipts
            if receipt.type == "transcript.completed"
        }

    async def told(self, call_id: str) -> list[str | None]:
        """Return what the API of each worker says of a call's transcription."""
        async with open_postgresql_keys(self.database) as keys:
            header = {"Authorization": f"Bearer {await new_key(keys, 'calls:read')}"}
        said = []
        async with aiohttp.ClientSession(headers=header) as client:
            for worker in self.workers:
                async with client.get(f"{worker.url}/v1/calls/{call_id}") as answer:
                    said.append((await answer.json())["transcription"])
        return said

    async def stored(self, call_id: str) -> list[StoredEvent]:
        """Return what is in the journal of a call."""
        async with open_postgresql_journal(self.database, exclusive=False) as journal:
            return await journal.read(CallId(call_id), after_seq=0, limit=10_000)


async def database_of(folder: Path) -> str:
    """Return the URL of a database that goes with a folder."""
    name = f"workers_{abs(hash(folder))}"
    await make_schema(name)
    return schema_url(name)


@asynccontextmanager
async def open_office(
    folder: Path,
    scenario: Mapping[str, object],
    route: Mapping[str, object],
    *,
    count: int = 2,
    speed: float = SPEED,
    audio_at_first: bool = True,
    changes: Mapping[str, object] | None = None,
) -> AsyncIterator[Office]:
    """Open a simulator, a receiver and that many workers, with these settings changed.

    Telnyx dials the first with audio, or whoever asked for it.
    """
    watch, street, database = Watch(), Street(), await database_of(folder)
    parsed = parse_scenario({"speed": speed, "recogniser": "script", **scenario})
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        telnyx = await enter(open_simulator(parsed))
        receiver = await enter(open_receiver(watch.told))
        settings: dict[str, Any] = dict(settings_for(telnyx, receiver, folder / "none", **route))
        settings |= {"database_url": database, "recordings_dir": str(folder)}
        settings |= changes or {}
        settings.pop("public_url")
        limits = MediaLimits(speed=speed)
        workers: list[Running] = []
        stops: list[AsyncExitStack] = []
        leases = [WorkerLease() for _ in range(count)]
        for lease in leases:
            machine = Machine(bus=street.bus_for, lease=partial(_itself, lease))
            one = running(Settings.model_validate(settings), media_limits=limits, machine=machine)
            closing = await enter(AsyncExitStack())
            workers.append(await closing.enter_async_context(one))
            stops.append(closing)
            if audio_at_first:
                settings["public_url"] = workers[0].url
        balancer = await enter(open_balancer([one.url for one in workers]))
        yield Office(workers, stops, leases, telnyx, receiver, watch, balancer, database)


def _itself(lease: WorkerLease) -> WorkerLease:
    return lease
