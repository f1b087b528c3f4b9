"""Workers are started, watched, and stopped together."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.exits import Exit
from service.pool.seat import Seat
from service.supervisor import Pool
from tests.waiting import until

WORKER = """
import pathlib, select, signal, sys
folder, number, code = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lives = folder / number
with lives.open("a") as file:
    file.write("x")
if len(sys.argv) > 4 and lives.stat().st_size <= int(sys.argv[4]):
    sys.exit(77)
signal.signal(signal.SIGHUP, lambda *_: (folder / f"{number}.hup").touch())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(code))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGHUP})
(folder / f"{number}.ready").touch()
while not select.select([sys.stdin], [], [], 0.05)[0] or sys.stdin.read(1):
    pass  # between two waits a signal is heeded that came just before one
(folder / f"{number}.alone").touch()
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A pool that runs, of workers that leave marks in the folder."""

    pool: Pool
    folder: Path
    ended: "asyncio.Task[int]"

    async def until_ready(self, *numbers: int) -> None:
        """Return once these workers can be told something."""
        await self.until_marked("ready", *numbers)
        await until(lambda: set(numbers) <= self.pool.running.keys())

    async def until_marked(self, mark: str, *numbers: int) -> None:
        """Return once these workers left this mark."""
        await until(lambda: all((self.folder / f"{n}.{mark}").exists() for n in numbers))

    def lives(self, number: int) -> int:
        """Return how many workers there were in a seat."""
        return (self.folder / str(number)).stat().st_size


@asynccontextmanager
async def running(folder: Path, *, codes: tuple[int, ...], dies: int = 0) -> AsyncIterator[Running]:
    """Run workers that end with these codes when they are told, having died so often before."""

    def command(seat: Seat) -> list[str]:
        code = codes[seat.number - 1]
        return [sys.executable, "-c", WORKER, str(folder), str(seat.number), str(code), str(dies)]

    pool = Pool(command, backoff_s=(0.01,))
    seats = [Seat(number, len(codes), 1, folder) for number in range(1, len(codes) + 1)]
    ended = asyncio.create_task(pool.run(seats))
    try:
        yield Running(pool, folder, ended)
    finally:
        ended.cancel()
        await asyncio.wait([ended])


async def test_all_are_stopped_together(tmp_path: Path) -> None:
    """One signal to the supervisor is enough."""
    async with running(tmp_path, codes=(0, 0, 0)) as pool:
        await pool.until_ready(1, 2, 3)
        pool.pool.tell(signal.SIGTERM)
        assert await pool.ended == Exit.OK
    assert not pool.pool.running


@pytest.mark.parametrize(
    ("codes", "code"), [((0, 3), Exit.WORK_LEFT), ((3, 1), Exit.FAILED), ((0, 77), Exit.FAILED)]
)
async def test_the_worst_exit_code_is_that_of_all(
    tmp_path: Path, codes: tuple[int, ...], code: Exit
) -> None:
    """What the supervisor's own supervisor goes by."""
    async with running(tmp_path, codes=codes) as pool:
        await pool.until_ready(1, 2)
        pool.pool.tell(signal.SIGTERM)
        assert await pool.ended == code


async def test_who_is_killed_is_started_anew_and_the_others_go_on(tmp_path: Path) -> None:
    """As after kill -9 or a crash."""
    async with running(tmp_path, codes=(0, 0)) as pool:
        await pool.until_ready(1, 2)
        (tmp_path / "1.ready").unlink()
        os.kill(pool.pool.running[1], signal.SIGKILL)
        await pool.until_ready(1)
        assert (pool.lives(1), pool.lives(2)) == (2, 1)
        pool.pool.tell(signal.SIGTERM)
        assert await pool.ended == Exit.OK


async def test_who_dies_again_and_again_is_started_again_and_again(tmp_path: Path) -> None:
    """There is no last attempt."""
    async with running(tmp_path, codes=(0,), dies=4) as pool:
        await pool.until_ready(1)
        assert pool.lives(1) == 5
        pool.pool.tell(signal.SIGTERM)
        assert await pool.ended == Exit.OK


@pytest.mark.parametrize("code", [Exit.USAGE, Exit.FAILED])
async def test_what_is_wrong_at_the_start_ends_all(tmp_path: Path, code: Exit) -> None:
    """Settings, or a database that is not there: one says so, and it would be so for ever."""
    async with running(tmp_path, codes=(0, code)) as pool:
        await pool.until_ready(1, 2)
        os.kill(pool.pool.running[2], signal.SIGTERM)
        assert await pool.ended == code


async def test_all_may_fail_at_the_same_moment(tmp_path: Path) -> None:
    """As with a wrong password: whoever is told to stop has ended already."""

    def command(_: Seat) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit(1)"]

    for _ in range(5):
        pool = Pool(command, backoff_s=(0.01,))
        seats = [Seat(number, 4, 1, tmp_path) for number in range(1, 5)]
        assert await pool.run(seats) == Exit.FAILED


async def test_a_rotation_of_secrets_reaches_all_and_stops_nobody(tmp_path: Path) -> None:
    """SIGHUP is no end."""
    async with running(tmp_path, codes=(0, 0)) as pool:
        await pool.until_ready(1, 2)
        pool.pool.tell(signal.SIGHUP)
        await pool.until_marked("hup", 1, 2)
        assert len(pool.pool.running) == 2


async def test_a_rotation_reaches_who_is_just_being_started(tmp_path: Path) -> None:
    """It may have read the old secrets. One that cannot be told yet is told once it can."""
    starts: list[Seat] = []

    def command(seat: Seat) -> list[str]:
        starts.append(seat)
        if len(starts) == 1:
            pool.tell(signal.SIGHUP)
        return [sys.executable, "-c", WORKER, str(tmp_path), str(seat.number), "0"]

    pool = Pool(command, backoff_s=(0.01,))
    ended = asyncio.create_task(pool.run([Seat(1, 1, 1, tmp_path)]))
    await until((tmp_path / "1.hup").exists)
    assert len(starts) == 1
    ended.cancel()
    await asyncio.wait([ended])


async def test_who_is_just_being_started_stops_in_an_orderly_way(tmp_path: Path) -> None:
    """Once it can; its exit code is one of ours."""

    def command(seat: Seat) -> list[str]:
        pool.tell(signal.SIGTERM)
        return [sys.executable, "-c", WORKER, str(tmp_path), str(seat.number), "0"]

    pool = Pool(command, backoff_s=(0.01,))
    assert await pool.run([Seat(1, 1, 1, tmp_path)]) == Exit.OK


async def test_nobody_is_left_when_the_supervisor_fails(tmp_path: Path) -> None:
    """Its workers end with it."""
    async with running(tmp_path, codes=(0,)) as pool:
        await pool.until_ready(1)
        pids = pool.pool.running
    for pid in pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_workers_notice_that_the_supervisor_was_killed(tmp_path: Path) -> None:
    """Their standard input ends: `callscribe serve` drains then (`tests/service`)."""
    alone = f"""
import asyncio, pathlib, sys
from service.pool.seat import Seat
from service.supervisor import Pool
command = lambda seat: [sys.executable, "-c", {WORKER!r}, {str(tmp_path)!r}, str(seat.number), "0"]
asyncio.run(Pool(command).run([Seat(n, 2, 1, pathlib.Path({str(tmp_path)!r})) for n in (1, 2)]))
"""
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", alone)
    await until(lambda: all((tmp_path / f"{n}.ready").exists() for n in (1, 2)), 30)
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: all((tmp_path / f"{n}.alone").exists() for n in (1, 2)), 30)
