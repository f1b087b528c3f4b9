"""What is done to workers and to their PostgreSQL. Take-overs are timed from what happened."""

import asyncio
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import asyncpg

from service.workers.lease import Pace
from tests.chaos.faults.ward import WORKERS, Harm, Ward
from tests.small_disk import fill
from tests.workers.crew import restart, start

FROZEN_S, SHORT_FROZEN_S = 30.0, 9.0
OUT_S = 5.0
"""How long there are no connections to be had, or no disk."""
_DAMAGE_S = 3.0
"""For so long a worker that is out, and does not mind, takes what comes in."""


async def _kill_worker(ward: Ward) -> None:
    """It is started again once its calls are taken over."""
    number = ward.dice.randrange(WORKERS)
    gone = await ward.crew.id_of(number)
    await ward.crew.workers[number].kill()
    await ward.taken_over(gone)
    await start(ward.crew.workers[number])


async def _freeze_worker(ward: Ward) -> None:
    """It stands still for longer than its lease, and is woken."""
    number = ward.dice.randrange(WORKERS)
    await _freeze(ward, number)
    await ward.crew.is_out(ward.crew.workers[number])


async def _freeze_unfenced(ward: Ward) -> None:
    """Who wakes does damage for a while; then he begins anew, for he never knows that he is out."""
    number = ward.dice.randrange(WORKERS)
    await _freeze(ward, number)
    await asyncio.sleep(_DAMAGE_S)
    await restart(ward.crew.workers[number])


async def _freeze(ward: Ward, number: int) -> None:
    worker, began = ward.crew.workers[number], time.monotonic()
    gone = await ward.crew.id_of(number)
    worker.send(signal.SIGSTOP)
    await ward.taken_over(gone)
    pause_s = SHORT_FROZEN_S if ward.short else FROZEN_S
    await asyncio.sleep(max(0.0, began + pause_s - time.monotonic()))
    worker.send(signal.SIGCONT)


async def _cut_worker_off(ward: Ward) -> None:
    """The first worker hears nothing from its database, and is let back."""
    gone = await ward.crew.id_of(0)
    ward.site.proxy.cut()
    await ward.taken_over(gone)
    ward.site.proxy.mend()
    await ward.crew.is_out(ward.crew.workers[0])


async def _restart_workers(ward: Ward) -> None:
    """All of them, one after the other."""
    for number in range(WORKERS):
        await _restart(ward, number)


async def _restart(ward: Ward, number: int) -> None:
    gone = await ward.crew.id_of(number)
    if code := await restart(ward.crew.workers[number]):
        ward.problems.append(f"a worker stopped with {code}")
    await ward.taken_over(gone)


async def _change_versions(ward: Ward) -> None:
    """Each becomes what it was not, one after the other: an older version, or this one.

    Where the schema is another one, only this one: an older version does not start beside it.
    """
    older = ward.site.older
    for number, worker in enumerate(ward.crew.workers):
        if worker.environ.pop("PYTHONPATH", None) is None and older and older.starts_beside:
            worker.environ["PYTHONPATH"] = str(older.folder)
        await _restart(ward, number)


async def _kill_server(ward: Ward) -> None:
    ward.site.process.kill()
    ward.site.process.wait()
    await asyncio.sleep(ward.dice.uniform(0.0, 2.0))
    await ward.site.revive()


async def _freeze_server(ward: Ward) -> None:
    """It answers nothing and closes nothing, for a time that no worker need be out for."""
    pids = _with_children(ward.site.process.pid)
    _send(signal.SIGSTOP, pids)
    await asyncio.sleep(ward.dice.uniform(0.6, 0.8) * Pace().lease_s * ward.pace)
    _send(signal.SIGCONT, pids)


def _with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [pid, *map(int, children.split())]


def _send(how: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


async def _restart_server(ward: Ward) -> None:
    """In order, but nobody is waited for."""
    ward.site.process.send_signal(signal.SIGINT)
    await asyncio.to_thread(ward.site.process.wait)
    await ward.site.revive()


async def _take_connections(ward: Ward) -> None:
    """Others take all there are, and end those of the workers."""
    taken = [await asyncpg.connect(ward.crew.database)]
    try:
        await taken[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'callscribe/%'"
        )
        with suppress(asyncpg.TooManyConnectionsError):
            while True:
                taken.append(await asyncpg.connect(ward.crew.database))
        await asyncio.sleep(OUT_S)
    finally:
        for one in taken:
            one.terminate()


async def _fill_disk(ward: Ward) -> None:
    """The disk of data and log; a server that gave up is started again once there is room."""
    if ward.site.disk is None:
        raise ValueError("the server has all the disk that there is")
    full = ward.site.disk / "full"
    fill(full)
    await asyncio.sleep(OUT_S)
    full.unlink()
    if ward.site.process.poll() is not None:
        await ward.site.revive()


WORKER_KILLED = Harm("kill -9 of a worker", _kill_worker)
WORKER_FROZEN = Harm("SIGSTOP of a worker", _freeze_worker)
WORKER_CUT_OFF = Harm("a worker cut off from PostgreSQL", _cut_worker_off)
WORKERS_RESTARTED = Harm("SIGTERM, rolling restart", _restart_workers)
SERVER_KILLED = Harm("kill -9 of PostgreSQL", _kill_server)
SERVER_FROZEN = Harm("SIGSTOP of PostgreSQL", _freeze_server)
SERVER_RESTARTED = Harm("PostgreSQL restarted", _restart_server)
NO_CONNECTIONS = Harm("PostgreSQL out of connections", _take_connections)
DISK_FULL = Harm("PostgreSQL's disk full", _fill_disk, on_small_disk=True)
TWO_VERSIONS = Harm("an older version beside this one", _change_versions, beside_older=True)
UNFENCED = Harm("control: SIGSTOP, no fence", _freeze_unfenced, unfenced=True)
