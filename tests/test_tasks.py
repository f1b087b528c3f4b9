import asyncio
import threading
from collections.abc import Iterator

import pytest
from structlog.contextvars import (
    bind_contextvars,
    bound_contextvars,
    get_contextvars,
    merge_contextvars,
)
from structlog.testing import capture_logs

from service import tasks
from service.tasks import DaemonThreads, first_of, open_tasks
from tests.waiting import PATIENCE_S


@pytest.fixture(autouse=True)
def _counted_anew() -> Iterator[None]:
    """Count failures from nought: the count belongs to the process."""
    tasks.failures.clear()
    yield
    tasks.failures.clear()


class Keeper:
    """Fails as often as it was told to, then runs until it is cancelled."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.runs = 0
        self.running = asyncio.Event()
        self.cancelled = False

    async def run(self) -> None:
        """Run once."""
        self.runs += 1
        if self.runs <= self.failures:
            raise RuntimeError("nobody foresaw this")
        self.running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_what_whoever_starts_work_bound_for_the_log_is_not_in_its_lines() -> None:
    """Nor in what is said of its failure; what it binds itself is its own."""
    seen: list[dict[str, object]] = []

    async def work() -> None:
        seen.append(get_contextvars())
        bind_contextvars(mine=1)
        raise RuntimeError("nobody foresaw this")

    async with open_tasks() as room:
        with bound_contextvars(track="inbound"):
            task = room.start(work(), "work", of="call-1")
            with capture_logs([merge_contextvars]) as logs, pytest.raises(RuntimeError):
                await task
        assert get_contextvars() == {}

    assert seen == [{}]
    (line,) = logs
    assert (line["of"], "track" in line) == ("call-1", False)


async def test_closing_a_room_cancels_its_tasks_and_waits_for_them() -> None:
    """Work and keepers have ended when the block is left."""
    work, keeper = Keeper(), Keeper()

    async with open_tasks() as room:
        task = room.start(work.run(), "work")
        room.keep(keeper.run, "keeper")
        await work.running.wait()
        await keeper.running.wait()

    assert task.cancelled()
    assert (work.cancelled, keeper.cancelled) == (True, True)


async def test_a_keeper_that_fails_starts_again() -> None:
    """It is logged once and counted, and neither the room nor its neighbour is disturbed."""
    keeper, neighbour = Keeper(failures=1), Keeper()

    with capture_logs() as logs:
        async with open_tasks() as room:
            room.keep(keeper.run, "prune")
            room.keep(neighbour.run, "sweep")
            await keeper.running.wait()

    assert keeper.runs == 2
    assert neighbour.runs == 1
    assert [(line["event"], line["kind"], line["again_in_s"]) for line in logs] == [
        ("keeper_failed", "prune", 0.1)
    ]
    assert tasks.failures == {"prune": 1}


async def test_a_keeper_that_keeps_failing_is_started_ever_more_slowly() -> None:
    """The wait grows by the schedule and stays at its last step."""
    keeper = Keeper(failures=5)

    with capture_logs() as logs:
        async with open_tasks(backoff_s=(0.0, 0.001, 0.002)) as room:
            room.keep(keeper.run, "prune")
            await keeper.running.wait()

    assert [line["again_in_s"] for line in logs] == [0.0, 0.001, 0.002, 0.002, 0.002]


async def test_a_keeper_that_returns_is_over() -> None:
    """It said itself that there is nothing left to do."""

    async def run() -> None:
        pass

    async with open_tasks() as room:
        await room.keep(run, "one round")


async def test_work_that_fails_leaves_the_rest_alone() -> None:
    """It is logged once and counted; who awaits it gets what it raised."""
    other = Keeper()

    async def fail() -> None:
        raise RuntimeError("nobody foresaw this")

    with capture_logs() as logs:
        async with open_tasks() as room:
            room.start(other.run(), "other")
            failing = room.start(fail(), "work", of="c1")
            with pytest.raises(RuntimeError):
                await failing
            assert not other.cancelled

    assert failing.get_name() == "work c1"
    assert [(line["event"], line["kind"]) for line in logs] == [("task_failed", "work")]
    assert tasks.failures == {"work": 1}


async def test_an_error_of_the_body_leaves_as_itself() -> None:
    """No group wraps it, and the tasks have ended all the same."""
    work = Keeper()

    async def live() -> None:
        async with open_tasks() as room:
            room.start(work.run(), "work")
            await work.running.wait()
            raise LookupError

    with pytest.raises(LookupError):
        await live()

    assert work.cancelled


async def test_work_that_starts_work_while_the_room_closes_is_waited_for() -> None:
    """What begins during the close is cancelled as well."""
    last = Keeper()

    async with open_tasks() as room:

        async def leave_something() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                room.start(last.run(), "last")
                await asyncio.wait_for(last.running.wait(), PATIENCE_S)

        room.start(leave_something(), "work")
        await asyncio.sleep(0)

    assert last.cancelled


async def test_a_close_that_is_cancelled_leaves_nothing_running() -> None:
    """The cancellation goes on once all tasks have ended."""
    work, leaving = Keeper(), asyncio.Event()

    async def linger() -> None:
        try:
            await work.run()
        finally:
            leaving.set()
            await asyncio.sleep(0)

    async def live() -> None:
        async with open_tasks() as room:
            room.start(linger(), "work")
            await work.running.wait()

    life = asyncio.create_task(live())
    await leaving.wait()
    life.cancel()

    with pytest.raises(asyncio.CancelledError):
        await life
    assert work.cancelled


async def test_the_first_to_end_ends_the_others() -> None:
    """The index says which it was."""
    other = Keeper()

    async def win() -> None:
        await other.running.wait()

    assert await first_of(other.run(), win()) == 1
    assert other.cancelled


async def test_the_failure_of_the_first_surfaces() -> None:
    """The others are ended all the same."""
    other = Keeper()

    async def fail() -> None:
        await other.running.wait()
        raise LookupError

    with pytest.raises(LookupError):
        await first_of(fail(), other.run())
    assert other.cancelled


async def test_waiting_for_the_first_can_be_cancelled() -> None:
    """None of them is left running."""
    one, two = Keeper(), Keeper()
    waiting = asyncio.create_task(first_of(one.run(), two.run()))
    await one.running.wait()
    await two.running.wait()

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (one.cancelled, two.cancelled) == (True, True)


def test_threads_that_are_held_up_are_no_more_than_so_many() -> None:
    """A disk that hangs would take one after the other."""
    threads, let_go = DaemonThreads("disk", most=2), threading.Event()
    held_up = [threads.submit(let_go.wait) for _ in range(2)]

    with pytest.raises(OSError, match="all threads of disk are held up"):
        threads.submit(int)
    let_go.set()
    assert all(one.result(PATIENCE_S) for one in held_up)
    assert threads.submit(int, "7").result(PATIENCE_S) == 7


def test_a_thread_that_fails_makes_room_as_well() -> None:
    """What it failed with is raised where it is waited for."""
    threads = DaemonThreads("disk", most=1)

    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            threads.submit(int, "seven").result(PATIENCE_S)
