"""Workers that die, freeze or are restarted in the midst of calls."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.chaos.receiver import status
from tests.waiting import PATIENCE_S, until
from tests.workers.crew import SHORT_PACE, restart
from tests.workers.fleet import Fleet, open_fleet


async def begin(fleet: Fleet, count: int = 6) -> list[str]:
    """Begin calls, so that each worker has some."""
    anywhere = fleet.telnyx.webhook_url
    calls = []
    for worker in fleet.workers * (count // len(fleet.workers)):
        fleet.telnyx.webhook_url = f"{worker.url}/webhooks/telnyx"
        calls.append(await fleet.telnyx.begin())
    fleet.telnyx.webhook_url = anywhere
    await fleet.say(calls, 2)
    owners = set((await fleet.owners()).values())
    assert owners == {worker.url for worker in fleet.workers}
    return calls


async def end(fleet: Fleet, calls: list[str]) -> None:
    """End the calls, and wait until everything that was acknowledged was delivered."""
    for call in calls:
        await fleet.telnyx.hang_up(call)
    telnyx, receiver = fleet.telnyx, fleet.receiver
    await until(lambda: telnyx.completed <= receiver.whole, timeout_s=60)
    await until(lambda: telnyx.acknowledged.keys() <= receiver.texts, timeout_s=30)


async def taken_over(fleet: Fleet, gone: str) -> None:
    """Return once no call is a worker's that is gone."""
    async with asyncio.timeout(PATIENCE_S):
        while not {gone, None}.isdisjoint((await fleet.owners()).values()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_calls_of_a_worker_that_was_killed_go_on(tmp_path: Path) -> None:
    """Soon after it is missed, with every word that was acknowledged, in order, under one id."""
    async with open_fleet(tmp_path, 2, pace=SHORT_PACE) as fleet:
        calls = await begin(fleet)
        ann, bob = fleet.workers
        await ann.kill()
        saying = asyncio.create_task(fleet.say(calls, 3))
        await taken_over(fleet, ann.url)
        await saying
        assert set((await fleet.owners()).values()) == {bob.url}
        await end(fleet, calls)
        verdict = fleet.verdict("kill -9")
    assert not verdict.failed, verdict


async def test_a_worker_that_froze_is_out_when_it_wakes(tmp_path: Path) -> None:
    """It notices before it writes, delivers or listens; then it comes back as another one."""
    async with open_fleet(tmp_path, 2, pace=SHORT_PACE) as fleet:
        calls = await begin(fleet)
        ann, bob = fleet.workers
        ann.send(signal.SIGSTOP)
        saying = asyncio.create_task(fleet.say(calls, 2))
        await taken_over(fleet, ann.url)
        await saying
        await until(lambda: fleet.telnyx.acknowledged.keys() <= fleet.receiver.texts, timeout_s=30)
        came = len(fleet.receiver.arrivals)
        epochs = await fleet.ask("SELECT call_id, epoch, version FROM call ORDER BY 1")
        ann.send(signal.SIGCONT)
        await fleet.is_out(ann)
        assert await fleet.ask("SELECT call_id, epoch, version FROM call ORDER BY 1") == epochs
        assert len(fleet.receiver.arrivals) == came
        assert set((await fleet.owners()).values()) == {bob.url}
        await fleet.say(calls, 2)
        await end(fleet, calls)
        verdict = fleet.verdict("SIGSTOP")
    assert not verdict.failed, verdict


@pytest.mark.parametrize("fenced", [True, False])
async def test_what_a_frozen_worker_had_to_deliver_it_delivers_no_more(
    tmp_path: Path, *, fenced: bool
) -> None:
    """By its own clock, before it can ask anybody. Without that it sends all of it once more.

    What else it does then, nothing stops: it may write, and number, what others wrote meanwhile.
    """
    async with open_fleet(tmp_path, 2, pace=SHORT_PACE, fenced=fenced) as fleet:
        calls = await begin(fleet)
        ann, receiver = fleet.workers[0], fleet.receiver
        await until(lambda: fleet.telnyx.acknowledged.keys() <= receiver.texts, timeout_s=30)
        receiver.mood, receiver.keeps = status(503), False
        fleet.telnyx.webhook_url = f"{ann.url}/webhooks/telnyx"
        mine = [call for call, url in (await fleet.owners()).items() if url == ann.url]
        asked = receiver.asked
        await fleet.say(mine, 3)
        await until(lambda: receiver.asked >= asked + len(mine), timeout_s=30)
        ann.send(signal.SIGSTOP)
        receiver.mood, receiver.keeps = None, True
        await taken_over(fleet, ann.url)
        await until(lambda: fleet.telnyx.acknowledged.keys() <= receiver.texts, timeout_s=30)
        before, came = len(receiver.arrivals), receiver.came
        came.clear()
        ann.send(signal.SIGCONT)
        if fenced:
            await fleet.is_out(ann)
            assert len(receiver.arrivals) == before
        else:
            await asyncio.wait_for(came.wait(), PATIENCE_S)
        fleet.telnyx.webhook_url = f"{fleet.workers[1].url}/webhooks/telnyx"
        await end(fleet, calls)
        verdict = fleet.verdict("SIGSTOP")
    if fenced:
        assert not verdict.failed, verdict
    else:
        assert verdict.same_id + verdict.other_id > 0, verdict


async def test_a_rolling_restart_loses_nothing(tmp_path: Path) -> None:
    """Each hands its calls over at once, and words come in all the while."""
    async with open_fleet(tmp_path, 3, pace=SHORT_PACE) as fleet:
        calls = await begin(fleet)
        stop = asyncio.Event()

        async def keep_saying() -> None:
            while not stop.is_set():
                await fleet.say(calls)

        saying = asyncio.create_task(keep_saying())
        for worker in fleet.workers:
            assert await restart(worker) == 0
            assert worker.url not in (await fleet.owners()).values()
        stop.set()
        await saying
        await end(fleet, calls)
        verdict = fleet.verdict("rolling restart")
    assert not verdict.failed, verdict
