"""Workers as processes of their own on one database, which may die, freeze and be restarted."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from service.workers.lease import Pace
from tests.chaos.service import SERVE, Service, open_service
from tests.waiting import PATIENCE_S
from tests.workers import launcher

SHORT_PACE = 0.5
"""What part of the usual time workers take to miss each other where tests wait for it."""
TAKEN_OVER_S = 15.0
"""How long at most calls may be nobody's: ten seconds until a worker is missed, and some."""
_LOOK_S = 0.1


@dataclass(slots=True)
class Crew:
    """Workers, and where their database is."""

    workers: list[Service]
    database: str

    async def owners(self) -> dict[str, str | None]:
        """Return the URL of the worker that has each call that goes on, if one has it."""
        rows = await self.ask(
            "SELECT call_id, url FROM call LEFT JOIN worker ON worker.id = owner WHERE NOT ended"
        )
        return {row["call_id"]: row["url"] for row in rows}

    async def id_of(self, number: int) -> str:
        """Return who a worker is now."""
        query = "SELECT id FROM worker WHERE url = $1 ORDER BY registered_at DESC LIMIT 1"
        ((worker,),) = await self.ask(query, self.workers[number].url)
        return str(worker)

    async def is_out(self, worker: Service) -> None:
        """Return once a worker that was taken for dead is on the roster again."""
        query = "SELECT 1 FROM worker WHERE url = $1"
        async with asyncio.timeout(PATIENCE_S):
            while not await self.ask(query, worker.url):  # noqa: ASYNC110 - it tells
                await asyncio.sleep(_LOOK_S)

    async def ask(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Ask the database."""
        db = await asyncpg.connect(self.database)
        try:
            return list(await db.fetch(query, *values))
        finally:
            await db.close()


def taken_over_s(pace: float) -> float:
    """Return how long at most calls may be nobody's at that pace: some is as long at any."""
    return TAKEN_OVER_S - (1.0 - pace) * Pace().silent_s


def program_of(*, pace: float = 1.0, fenced: bool = True) -> Sequence[str]:
    """Return what runs a worker whose leases take that part of their time; unfenced, for ever."""
    if fenced and pace == 1.0:
        return SERVE
    # -P: the modules beside it have names that others have, too
    program = ("-P", str(launcher.__file__), "--pace", str(pace))
    return program if fenced else (*program, "--unfenced")


@asynccontextmanager
async def open_crew(
    folder: Path,
    databases: Sequence[str],
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    program: Sequence[str] = SERVE,
    older: Path | None = None,
) -> AsyncIterator[list[Service]]:
    """Start a worker for each of these ways to the database; they are killed in the end.

    If there is an `older` version, all but the first are of that, and are there before it.
    """
    async with AsyncExitStack() as stack:
        workers: list[Service] = []
        for number, database in enumerate(databases):
            home = folder / str(number)
            home.mkdir()
            own = {**settings, "database_url": database}
            worker = await stack.enter_async_context(open_service(home, own, secrets))
            worker.program = program
            if older and number:
                worker.environ["PYTHONPATH"] = str(older)
            workers.append(worker)
        if older:  # it does not start once the newer one has made its schema
            await asyncio.gather(*map(start, workers[1:]))
            await start(workers[0])
        else:
            await asyncio.gather(*map(start, workers))
        yield workers


async def start(worker: Service) -> None:
    """Start a worker, and return once it is ready."""
    await worker.start()
    await worker.ready()
    assert worker.runs, worker.last_words()


async def restart(worker: Service) -> int:
    """Stop a worker, and start it again; return with what it stopped."""
    worker.send(signal.SIGTERM)
    code = await worker.gone()
    await start(worker)
    return code
