"""The clock that jumps, and the processes that stand still."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

import pytest

from tests.proof.virtual.loop import BEGINS_AT_S, DeadlockError, VirtualLoop
from tests.proof.virtual.process import Process

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something on a machine of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def machine() -> VirtualLoop:
    """Return the machine that this runs on."""
    return cast("VirtualLoop", asyncio.get_running_loop())


async def _tick(log: list[tuple[str, float]], name: str, every_s: float, times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(every_s)
        log.append((name, round(asyncio.get_running_loop().time() - BEGINS_AT_S, 3)))


def test_an_hour_passes_at_once() -> None:
    """The clock jumps to what is due, in the order in which it is due."""
    log: list[tuple[str, float]] = []

    async def work() -> None:
        await asyncio.gather(_tick(log, "slow", 3600.0, 1), _tick(log, "quick", 1000.0, 3))

    began = time.perf_counter()
    run(work())

    assert log == [("quick", 1000), ("quick", 2000), ("quick", 3000), ("slow", 3600)]
    assert time.perf_counter() - began < 1


def test_waiting_for_nothing_is_an_error() -> None:
    """What would hang for ever in real time says so."""

    async def work() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run(work())


def test_what_would_run_in_a_thread_runs_at_once() -> None:
    """Its result and its errors come as from a thread."""

    def fail() -> None:
        raise ZeroDivisionError

    async def work() -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(fail)
        return await asyncio.to_thread(int, "7")

    assert run(work()) == 7


def test_a_process_that_stands_still_goes_on_where_it_stood() -> None:
    """Its timers ring late, its neighbours run on, and a timer it cancels stays cancelled."""
    log: list[tuple[str, float]] = []

    async def work() -> None:
        process = Process("stopped")
        mine = process.start(_tick(log, "stopped", 1.0, 3))
        never = process.start(_cancel_a_timer(log))
        other = asyncio.create_task(_tick(log, "other", 2.0, 3))
        await asyncio.sleep(1.5)
        machine().stop_process(process)
        await asyncio.sleep(3.5)
        machine().continue_process(process)
        await asyncio.gather(mine, never, other)

    run(work())

    assert [entry for entry in log if entry[0] == "stopped"] == [
        ("stopped", 1),
        ("stopped", 5),
        ("stopped", 6),
    ]
    assert [entry for entry in log if entry[0] == "other"] == [(("other"), n) for n in (2, 4, 6)]
    assert "cancelled timer" not in dict(log)


async def _cancel_a_timer(log: list[tuple[str, float]]) -> None:
    loop = asyncio.get_running_loop()
    timer = loop.call_later(6.0, log.append, ("cancelled timer", 0.0))
    await asyncio.sleep(5.0)
    timer.cancel()
    await asyncio.sleep(3.0)


def test_what_others_do_for_a_process_that_stands_still_waits_for_it() -> None:
    """A future that is resolved meanwhile wakes it once it goes on."""
    woken_at: list[float] = []

    async def wait_for(future: "asyncio.Future[None]") -> None:
        await future
        woken_at.append(round(machine().time() - BEGINS_AT_S, 3))

    async def work() -> None:
        process = Process("waits")
        future: asyncio.Future[None] = machine().create_future()
        task = process.start(wait_for(future))
        await asyncio.sleep(1.0)
        machine().stop_process(process)
        future.set_result(None)
        await asyncio.sleep(1.0)
        assert not woken_at
        machine().continue_process(process)
        await task

    run(work())
    assert woken_at == [2.0]
