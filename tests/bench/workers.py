"""SQLite beside PostgreSQL with one, two and four workers, in one run.

Webhooks are finals of calls that go on, posted to the worker that has the call, or to each in turn.
The first of them wait until all are acknowledged, as their receiver answers nothing; what is timed
then is their delivery. Several workers are put beside one as well: their worth depends on cores.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from tests.bench import media, searches
from tests.bench.carrier import Signed, Telnyx, open_telnyx, webhook
from tests.bench.cpu import Spent, pid_of, spending
from tests.bench.own_postgresql import Written, ask, open_own_postgresql, written
from tests.bench.processes import Program, started
from tests.bench.table import Row, median
from tests.bus.harness import Carrier
from tests.bus.measure_partials import measure as measure_partials

CALLS = 200
SENDERS = 200
STEADY_RATE = 100
"""Finals a second that a worker of a big cluster has."""
_SECRET = "whsec_" + "A" * 43 + "="
_COME_S = 120.0
_TURN_S = 3.0
"""Until words in the call, which may come in any order, have had their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is played to each."""

    workers: tuple[int, ...]
    webhooks: int
    rounds: int
    steady_s: float
    partials_s: float
    calls: int
    """That talk, to see what their audio costs."""
    finals: tuple[int, ...]
    """Among how many is searched."""


@dataclass(slots=True)
class Figures:
    """What came of it, a value for each round."""

    at_owner: list[float] = field(default_factory=list)
    anywhere: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    memory_bytes: list[float] = field(default_factory=list)
    cpu_at_owner: list[Spent] = field(default_factory=list)
    cpu_anywhere: list[Spent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Setting:
    """What serves: so many workers of a journal."""

    name: str
    database: str
    workers: int


async def measure(load: Load) -> list[Row]:
    """Play it to all, in turn."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        url = await stack.enter_async_context(open_own_postgresql())
        telnyx = await stack.enter_async_context(open_telnyx())
        receiver = await stack.enter_async_context(started("tests.bench.counting_receiver"))
        machine = _Machine(telnyx, receiver, await pid_of(url))
        figures: dict[str, Figures] = {}
        schemas = (f"bench_{number}" for number in itertools.count())
        for turn in range(load.rounds):
            for setting in await _settings(folder / str(turn), url, schemas, load):
                mine = figures.setdefault(setting.name, Figures())
                await _play(setting, load, machine, mine)
        rows = list(_rows(figures, load.webhooks))
        for setting in await _settings(folder / "steady", url, schemas, load):
            if setting.workers == 1 and setting.name != "SQLite":
                rows += await _steady(setting, load, telnyx, receiver)
        late = await measure_partials(Carrier(url), 1_000, for_s=load.partials_s)
        rows.append(Row("partial to a subscriber at another worker", str(late), "", None, ""))
        rounds = [
            (await _settings(folder / f"media-{turn}", url, schemas, load))[:2]
            for turn in range(load.rounds)
        ]
        rows.append(await _talking(rounds, load))
    return [*rows, *await searches.measure(sizes=load.finals, rounds=load.rounds * 20)]


async def _settings(folder: Path, url: str, schemas: Iterator[str], load: Load) -> list[Setting]:
    """Return what serves, each with an empty journal of its own."""
    await asyncio.to_thread(folder.mkdir)
    settings = [Setting("SQLite", f"sqlite:///{folder}/bench.db", 1)]
    for workers in load.workers:
        schema = next(schemas)
        await ask(url, f"CREATE SCHEMA {schema}")
        name = f"PostgreSQL, {workers} worker{'s' * (workers > 1)}"
        settings.append(Setting(name, f"{url}?search_path={schema}", workers))
    return settings


@dataclass(frozen=True, slots=True)
class _Machine:
    """What else is there: a Telnyx, a receiver, and the server of the database."""

    telnyx: Telnyx
    receiver: Program
    server_pid: int


async def _play(setting: Setting, load: Load, machine: _Machine, figures: Figures) -> None:
    telnyx, receiver = machine.telnyx, machine.receiver
    async with (
        aiohttp.ClientSession(receiver.url) as client,
        _serving(setting, telnyx, receiver.url) as workers,
    ):
        homes = [workers[number % len(workers)] for number in range(CALLS)]
        await _post(_beginnings(telnyx), homes)
        await asyncio.sleep(_TURN_S)
        await client.delete("/")
        finals = _finals(telnyx, load.webhooks)
        with spending(workers, machine.server_pid) as spent:
            spent_s = await _post(finals, homes)
        figures.cpu_at_owner.append(spent)
        figures.at_owner.append(load.webhooks / spent_s)
        await asyncio.sleep(_TURN_S)
        await client.put("/")
        figures.delivered.append(load.webhooks / await _came(client, load.webhooks))
        finals = _finals(telnyx, load.webhooks)
        with spending(workers, machine.server_pid) as spent:
            spent_s = await _post(finals, _anywhere(workers))
        figures.cpu_anywhere.append(spent)
        figures.anywhere.append(load.webhooks / spent_s)
        await _came(client, 2 * load.webhooks)
        figures.memory_bytes += [worker.memory_bytes for worker in workers]


@asynccontextmanager
async def _serving(setting: Setting, telnyx: Telnyx, receiver: str) -> AsyncIterator[list[Program]]:
    """Start the workers, all at once."""
    settings = msgspec.json.encode(
        {
            "listen": "127.0.0.1:0",
            "database_url": setting.database,
            "telnyx_api_key": "KEY",
            "telnyx_public_key": telnyx.public_key,
            "telnyx_base_url": telnyx.url,
            "drain_timeout_s": 1,
            "route": {
                "0": {
                    "source": "in_call", "engine": "Telnyx", "answer": False,
                    "endpoints": ["crm"],
                }
            },
            "endpoint": {
                "0": {
                    "name": "crm", "type": "webhook", "url": receiver, "secret": _SECRET,
                    "allow_private": True, "timeout_s": 60,
                }
            },
        }
    ).decode()  # fmt: skip
    async with AsyncExitStack() as stack:
        opening = [started("tests.bench.ours", settings) for _ in range(setting.workers)]
        yield list(await asyncio.gather(*map(stack.enter_async_context, opening)))


def _anywhere(workers: Sequence[Program]) -> list[Program]:
    """Return to whom finals go, so that each call's come to each worker in turn."""
    rounds = range(len(workers))
    return [workers[(number + turn) % len(workers)] for turn in rounds for number in range(CALLS)]


async def _came(client: aiohttp.ClientSession, count: int) -> float:
    """Return in how many seconds so many came, once they have."""
    async with asyncio.timeout(_COME_S):
        while True:
            async with client.get("/") as answer:
                told = await answer.json()
            if told["count"] >= count:
                return float(told["for_s"])
            await asyncio.sleep(0.1)


def _beginnings(telnyx: Telnyx) -> list[Signed]:
    rings = [webhook(telnyx, "call.initiated", n, direction="incoming") for n in range(CALLS)]
    return rings + [webhook(telnyx, "call.answered", n) for n in range(CALLS)]


def _finals(telnyx: Telnyx, count: int) -> list[Signed]:
    return [
        webhook(
            telnyx,
            "call.transcription",
            number % CALLS,
            transcription_data={
                "transcript": f"this is sentence number {number} of the call",
                "is_final": True,
                "confidence": 0.97,
                "transcription_track": "inbound",
            },
        )
        for number in range(count)
    ]


async def _post(webhooks: Sequence[Signed], turns: Sequence[Program], rate: float = 0) -> float:
    """Post each to the next of these; return how long it took. With a `rate`, no faster."""
    waiting = iter(zip(webhooks, itertools.cycle(turns)))
    began, sent = time.perf_counter(), itertools.count()

    async def post(session: aiohttp.ClientSession) -> None:
        for one, worker in waiting:
            if rate:
                await asyncio.sleep(began + next(sent) / rate - time.perf_counter())
            url = f"{worker.url}/webhooks/telnyx"
            async with session.post(url, data=one.body, headers=one.headers) as answer:
                answer.raise_for_status()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(post(session))
        return time.perf_counter() - began


async def _steady(setting: Setting, load: Load, telnyx: Telnyx, receiver: Program) -> list[Row]:
    """Measure what a worker with its share of a big cluster asks of PostgreSQL."""
    server = setting.database.partition("?")[0]
    async with _serving(setting, telnyx, receiver.url) as workers:
        await _post(_beginnings(telnyx), workers)
        await asyncio.sleep(1.0)
        idle, began, cpu_s = await written(server), time.perf_counter(), workers[0].cpu_s
        await asyncio.sleep(load.steady_s / 2)
        idle_s, of_idle = time.perf_counter() - began, (await written(server)).since(idle)
        cpu_s = workers[0].cpu_s
        finals = _finals(telnyx, int(STEADY_RATE * load.steady_s))
        before, began = await written(server), time.perf_counter()
        await _post(finals, workers, STEADY_RATE)
        spent_s, done = time.perf_counter() - began, (await written(server)).since(before)
        cpu = (workers[0].cpu_s - cpu_s) / spent_s
        ((connections,),) = await ask(
            server,
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'callscribe/%'",
        )
    return [
        Row("a worker that has nothing to do", _per_s(of_idle, idle_s), "", None, ""),
        Row(f"a worker at {STEADY_RATE} finals/s, delivered", _per_s(done, spent_s), "", None, ""),
        Row("its CPU, and its connections", f"{cpu:.0%}, {connections}", "", None, ""),
    ]


async def _talking(rounds: Sequence[Sequence[Setting]], load: Load) -> Row:
    """Compare what the audio of calls costs on SQLite, and one worker on PostgreSQL."""
    taken: dict[str, list[float]] = {}
    for one in itertools.chain.from_iterable(rounds):
        cost_ms = await media.cpu_ms(one.database, calls=load.calls, seconds=load.steady_s / 2)
        taken.setdefault(one.name, []).append(cost_ms)
    theirs, ours = map(median, taken.values())
    name = f"PostgreSQL, 1 worker: CPU per call-second, {load.calls} calls"
    return Row(name, f"{ours:.2f} ms", f"{theirs:.2f} ms", ours / theirs, "")


def _per_s(done: Written, spent_s: float) -> str:
    return (
        f"{done.transactions / spent_s:.0f} transactions/s,"
        f" {done.wal_bytes / spent_s / 1024:,.0f} KiB/s of WAL"
    )


def _rows(figures: dict[str, Figures], webhooks: int) -> Iterator[Row]:
    """Yield a row for each figure of each setting, beside SQLite's; of several, one's as well."""
    sqlite = figures["SQLite"]
    one = figures["PostgreSQL, 1 worker"]
    for name, mine in figures.items():
        for what, of, aim in (
            ("webhooks acknowledged, at the call's worker", "at_owner", ">= 0.80"),
            ("webhooks acknowledged, at any", "anywhere", ""),
            ("finals delivered", "delivered", ""),
        ):
            ours, theirs = median(getattr(mine, of)), median(getattr(sqlite, of))
            ratio = None if mine is sqlite else ours / theirs
            bare = "" if mine is sqlite else f"{theirs:,.0f}/s"
            yield Row(f"{name}: {what}", f"{ours:,.0f}/s", bare, ratio, aim)
        if mine not in (sqlite, one):
            for what, of in (("at the call's worker", "at_owner"), ("at any", "anywhere")):
                ours, alone = median(getattr(mine, of)), median(getattr(one, of))
                told = f"{name}, beside one: webhooks acknowledged, {what}"
                aim = ">= 1.70" if "2 workers" in name else ""
                yield Row(told, f"{ours:,.0f}/s", f"{alone:,.0f}/s", ours / alone, aim)
        yield from _cpu_rows(name, mine, webhooks)
        memory = median(mine.memory_bytes) / 2**20
        yield Row(f"{name}: memory of a worker", f"{memory:.0f} MiB", "", None, "")


def _cpu_rows(name: str, mine: Figures, webhooks: int) -> Iterator[Row]:
    """Yield where the CPU of a webhook went in the round that took the middle of all."""
    for what, rounds in (
        ("at the call's worker", mine.cpu_at_owner),
        ("at any, finals delivered", mine.cpu_anywhere),
    ):
        spent = sorted(rounds, key=lambda one: one.took_s)[len(rounds) // 2]
        told = f"{name}: CPU of a webhook {what}: workers, PostgreSQL, load; cores busy"
        yield Row(told, f"{spent.each_ms(webhooks)}; {spent.cores:.2f}", "", None, "")
