"""A long backlog: how long the loop stands still while it is listed, again and again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.errors import HostUnavailableError
from service.ids import EndpointName
from service.journal.sqlite.file import SqliteFile
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Delivery
from tests.bench.table import Row

ENDPOINTS = 4
"""Every call goes to each of them, and none is there."""
MAX_STALL_MS = 10
_TICK_S = 0.0005


class Away:
    """A sink whose host is never there."""

    async def deliver(self, delivery: Delivery) -> None:
        """Refuse the connection."""
        del delivery
        raise HostUnavailableError("no answer: ConnectionRefusedError")


class Watch:
    """Ticks all the time; how long the loop's thread worked in between is how long it stood still.

    In seconds of its processor time: a machine that is busy with something else is no stall.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def run(self) -> None:
        """Tick until this is cancelled."""
        last_s = time.thread_time()
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = time.thread_time()
            self.longest_s = max(self.longest_s, now_s - last_s)
            last_s = now_s


async def measure(*, lanes: int, rounds: int) -> list[Row]:
    """List a backlog of so many lanes, at the start and again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        await _fill(path, lanes)
        async with open_sqlite_journal(path) as journal, _watching() as at_start:
            endpoints = [Endpoint(name=name, type="log") for name in _names()]
            async with open_lanes(
                journal, endpoints, sink=_open_away, poll_every_s=3600.0
            ) as opened:
                begun_s = at_start.longest_s
                took_s, stalls_s = await _list_again(opened, rounds)
    again_s = max(stalls_s)
    aim = f"< {MAX_STALL_MS} ms"
    return [
        Row(f"a backlog of {lanes:,} lanes, listed in", f"{min(took_s):.2f} s", "", None, ""),
        Row("  stands the loop still at the start", f"{begun_s * 1000:.1f} ms", "", None, aim),
        Row("  and at each later listing", f"{again_s * 1000:.1f} ms", "", None, aim),
    ]


async def _list_again(lanes: DeliveryLanes, rounds: int) -> tuple[list[float], list[float]]:
    took_s, stalls_s = [], []
    for _ in range(rounds):
        await asyncio.sleep(0.1)
        async with _watching() as watch:
            began = time.perf_counter()
            await lanes.list_backlog()
            lanes.wake()
            took_s.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
        stalls_s.append(watch.longest_s)
    return took_s, stalls_s


@asynccontextmanager
async def _watching() -> AsyncIterator[Watch]:
    watch = Watch()
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()


@asynccontextmanager
async def _open_away(_: Endpoint) -> AsyncIterator[Away]:
    yield Away()


def _names() -> list[EndpointName]:
    return [EndpointName(f"crm{number}") for number in range(ENDPOINTS)]


async def _fill(path: Path, lanes: int) -> None:
    async with open_sqlite_journal(path):
        pass  # it makes the tables
    calls = range(1, lanes // ENDPOINTS + 1)
    with closing(SqliteFile(path=path, busy_timeout_s=1.0).connect()) as db:
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO call (call_no, call_id, version, epoch, last_seq, state, ended,"
            " created_at, updated_at) VALUES (?, ?, 1, 1, 3, x'', 1, 0, 0)",
            ((call, f"00000000-0000-4000-8000-{call:012d}") for call in calls),
        )
        db.executemany(
            "INSERT INTO event (call_no, seq, type, body, created_at)"
            " VALUES (?, ?, 'call.started', x'7b7d', 0)",
            ((call, seq) for call in calls for seq in range(1, 4)),
        )
        db.executemany(
            "INSERT INTO lane (call_no, endpoint, acked_seq, head_seq, attempts, due_at,"
            " generation) VALUES (?, ?, 0, 3, 2, 0, 0)",
            ((call, name) for call in calls for name in _names()),
        )
        db.execute("COMMIT")
