"""Several workers as processes of their own, which may die, freeze and be restarted."""

import asyncio
import itertools
import random
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.chaos.oracle import Verdict, judge
from tests.chaos.receiver import Receiver, open_receiver
from tests.chaos.service import Service, endpoint, open_service, settings_of
from tests.chaos.telnyx import API_KEY, Telnyx, open_telnyx
from tests.workers import launcher
from tests.workers.harness import database_of
from tests.workers.peers import open_balancer

_RETURN_S = 15.0


@dataclass(slots=True)
class Fleet:
    """Workers behind a balancer, a Telnyx whose finals are numbered, and who is told of them."""

    workers: list[Service]
    telnyx: Telnyx
    receiver: Receiver
    database: str
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def say(self, calls: Sequence[str], times: int = 1) -> None:
        """Have a final be heard in each call, and return once all were acknowledged."""
        for _ in range(times):
            for call in calls:
                await self.telnyx.say(call, next(self.numbers))

    async def owners(self) -> dict[str, str | None]:
        """Return the URL of the worker that has each call that goes on, if one has it."""
        rows = await self.ask(
            "SELECT call_id, url FROM call LEFT JOIN worker ON worker.id = owner WHERE NOT ended"
        )
        return {row["call_id"]: row["url"] for row in rows}

    async def is_out(self, worker: Service) -> None:
        """Return once a worker that was taken for dead is on the roster again."""
        query = "SELECT 1 FROM worker WHERE url = $1"
        async with asyncio.timeout(_RETURN_S):
            while not await self.ask(query, worker.url):  # noqa: ASYNC110 - the database tells
                await asyncio.sleep(0.1)

    async def ask(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Ask the database."""
        db = await asyncpg.connect(self.database)
        try:
            return list(await db.fetch(query, *values))
        finally:
            await db.close()

    def verdict(self, fault: str) -> Verdict:
        """Judge what came."""
        verdict = Verdict(fault, 1)
        taken = self.telnyx.acknowledged, self.telnyx.completed
        judge(verdict, *taken, self.receiver.arrivals)
        return verdict


@asynccontextmanager
async def open_fleet(
    folder: Path, count: int, *, fenced: bool = True, databases: Sequence[str] = ()
) -> AsyncIterator[Fleet]:
    """Start that many workers of a database; unless `fenced`, their clocks do not stop them.

    `databases` are the ways to it, one for each.
    """
    dice = random.Random("fleet")  # noqa: S311 - to be played again
    urls = databases or [await database_of(folder)] * count
    async with AsyncExitStack() as stack:
        telnyx = await stack.enter_async_context(open_telnyx(dice))
        receiver = await stack.enter_async_context(open_receiver(dice))
        secrets = {
            "TELNYX_API_KEY": API_KEY,
            "TELNYX_PUBLIC_KEY": telnyx.public_key,
            "TELNYX_BASE_URL": telnyx.api_url,
        }
        rows = [endpoint("crm", receiver.url, receiver.secret, {})]
        settings = settings_of(folder, rows)
        workers = []
        for number, database in enumerate(urls):
            home = folder / str(number)
            home.mkdir()
            own = {**settings, "database_url": database}
            worker = await stack.enter_async_context(open_service(home, own, secrets))
            await start(worker, fenced=fenced)
            workers.append(worker)
        balancer = await stack.enter_async_context(open_balancer([one.url for one in workers]))
        telnyx.webhook_url = f"{balancer}/webhooks/telnyx"
        yield Fleet(workers, telnyx, receiver, urls[0])


async def start(worker: Service, *, fenced: bool = True) -> None:
    """Start a worker, and return once it is ready."""
    # -P: the modules beside it have names that others have, too
    await worker.start(*(() if fenced else ("-P", str(launcher.__file__))))
    await worker.ready()
    assert worker.runs


async def restart(worker: Service) -> int:
    """Stop a worker, and start it again; return with what it stopped."""
    worker.send(signal.SIGTERM)
    code = await worker.gone()
    await start(worker)
    return code
