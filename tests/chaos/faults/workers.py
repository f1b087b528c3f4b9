"""Three workers on one PostgreSQL, of which one dies, freezes or is cut off, or the server does.

A row's recoveries are take-overs: from what happened until no call is left to who is gone.
"""

import asyncio
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.chaos.oracle import Verdict
from tests.journal.postgresql_server import SOUND, Server, make_server
from tests.workers.fleet import Fleet, open_fleet, restart, start
from tests.workers.proxy import Proxy, open_proxy

WORKERS = 3
CALLERS, SHORT_CALLERS = 50, 9
FINALS, PAUSE_S = 40, 0.4
TAKEN_OVER_S = 15.0
FROZEN_S, SHORT_FROZEN_S = 30.0, 14.0
OUT_S = 5.0
"""How long there are no connections to be had."""
_END_S = 180.0
_LOOK_S = 0.1


@dataclass(slots=True)
class Ward:
    """A fleet under load, and what things are done to; the first worker is behind the proxy."""

    fleet: Fleet
    server: Server
    process: "subprocess.Popen[bytes]"
    proxy: Proxy
    dice: random.Random
    short: bool
    takeovers: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def id_of(self, number: int) -> str:
        """Return who a worker is now."""
        url = self.fleet.workers[number].url
        query = "SELECT id FROM worker WHERE url = $1 ORDER BY registered_at DESC LIMIT 1"
        ((worker,),) = await self.fleet.ask(query, url)
        return str(worker)

    async def taken_over(self, worker: str) -> None:
        """Wait until no call is left to a worker that is gone, and note how long it takes."""
        began = time.monotonic()
        query = "SELECT 1 FROM call WHERE NOT ended AND owner = $1 LIMIT 1"
        while await self.fleet.ask(query, worker):
            await asyncio.sleep(_LOOK_S)
            if time.monotonic() > began + _END_S:
                break
        took_s = time.monotonic() - began
        self.takeovers.append(took_s)
        if took_s > TAKEN_OVER_S:
            self.problems.append(f"a take-over took {took_s:.1f} s")

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Have calls made until the end of the block; then each is made to its end."""
        stop = asyncio.Event()
        keep_calling = self.fleet.telnyx.keep_calling
        callers = SHORT_CALLERS if self.short else CALLERS
        async with asyncio.TaskGroup() as calling:
            for _ in range(callers):
                calling.create_task(keep_calling(stop, finals=FINALS, pause_s=PAUSE_S))
            yield
            stop.set()

    async def settle(self) -> None:
        """Return once everything that was acknowledged has come, or a while later."""
        telnyx, receiver = self.fleet.telnyx, self.fleet.receiver
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_S):
                while not (
                    telnyx.completed <= receiver.whole
                    and telnyx.acknowledged.keys() <= receiver.texts
                ):
                    receiver.came.clear()
                    await receiver.came.wait()


Harm = Callable[[Ward], Awaitable[None]]


async def _play(
    folder: Path, seed: str, rounds: int, *, short: bool, name: str, harm: Harm
) -> list[Verdict]:
    async with _open_ward(folder, seed, short=short) as ward:
        async with ward.load():
            await asyncio.sleep(1.0)
            for _ in range(rounds):
                await harm(ward)
                await asyncio.sleep(ward.dice.uniform(0.2, 1.0))
        await ward.settle()
        verdict = ward.fleet.verdict(name)
        verdict.rounds, verdict.recoveries = rounds, ward.takeovers
        verdict.problems += ward.problems
        return [verdict]


async def killed(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Kill one worker after the other; each is started again once its calls are taken over."""

    async def harm(ward: Ward) -> None:
        number = ward.dice.randrange(WORKERS)
        gone = await ward.id_of(number)
        await ward.fleet.workers[number].kill()
        await ward.taken_over(gone)
        await start(ward.fleet.workers[number])

    return await _play(folder, seed, rounds, short=short, name="kill -9 of a worker", harm=harm)


async def frozen(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have a worker stand still for longer than its lease, and wake it."""

    async def harm(ward: Ward) -> None:
        number, began = ward.dice.randrange(WORKERS), time.monotonic()
        gone = await ward.id_of(number)
        ward.fleet.workers[number].send(signal.SIGSTOP)
        await ward.taken_over(gone)
        pause_s = SHORT_FROZEN_S if ward.short else FROZEN_S
        await asyncio.sleep(max(0.0, began + pause_s - time.monotonic()))
        ward.fleet.workers[number].send(signal.SIGCONT)
        await ward.fleet.is_out(ward.fleet.workers[number])

    return await _play(folder, seed, rounds, short=short, name="SIGSTOP of a worker", harm=harm)


async def cut_off(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Cut the first worker off from its database, without a word, and let it back."""

    async def harm(ward: Ward) -> None:
        gone = await ward.id_of(0)
        ward.proxy.cut()
        await ward.taken_over(gone)
        ward.proxy.mend()
        await ward.fleet.is_out(ward.fleet.workers[0])

    return await _play(folder, seed, rounds, short=short, name="worker cut off", harm=harm)


async def restarted(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Restart all workers, one after the other."""

    async def harm(ward: Ward) -> None:
        for number in range(WORKERS):
            gone = await ward.id_of(number)
            if code := await restart(ward.fleet.workers[number]):
                ward.problems.append(f"a worker stopped with {code}")
            await ward.taken_over(gone)

    return await _play(folder, seed, rounds, short=short, name="rolling restart", harm=harm)


async def server_killed(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Kill PostgreSQL, and start it again."""

    async def harm(ward: Ward) -> None:
        ward.process.kill()
        ward.process.wait()
        await asyncio.sleep(ward.dice.uniform(0.0, 2.0))
        ward.process = await asyncio.to_thread(ward.server.start)

    return await _play(folder, seed, rounds, short=short, name="kill -9 of PostgreSQL", harm=harm)


async def without_connections(
    folder: Path, seed: str, rounds: int, *, short: bool
) -> list[Verdict]:
    """Have others take all connections, and end those of the workers."""

    async def harm(ward: Ward) -> None:
        taken = [await asyncpg.connect(ward.server.url)]
        try:
            await taken[0].execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'callscribe/%'"
            )
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    taken.append(await asyncpg.connect(ward.server.url))
            await asyncio.sleep(OUT_S)
        finally:
            for one in taken:
                one.terminate()

    name = "PostgreSQL out of connections"
    return await _play(folder, seed, rounds, short=short, name=name, harm=harm)


@asynccontextmanager
async def _open_ward(folder: Path, seed: str, *, short: bool) -> AsyncIterator[Ward]:
    with _own_server() as server:
        process = await asyncio.to_thread(server.start)
        ward = None
        try:
            async with open_proxy("127.0.0.1", server.port) as proxy:
                others = [server.url] * (WORKERS - 1)
                urls = [server.url.replace(f":{server.port}/", f":{proxy.port}/"), *others]
                async with open_fleet(folder, WORKERS, databases=urls) as fleet:
                    fleet.database = server.url
                    dice = random.Random(seed)  # noqa: S311 - to be played again
                    ward = Ward(fleet, server, process, proxy, dice, short)
                    yield ward
                    proxy.mend()
        finally:
            last = ward.process if ward else process
            last.send_signal(signal.SIGQUIT)
            await asyncio.to_thread(last.wait)


@contextmanager
def _own_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    try:
        yield make_server(folder, SOUND)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
