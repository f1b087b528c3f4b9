"""Many calls and endpoints: how many attempts at once, in whose turn, and with a bad receiver."""

import asyncio
from pathlib import Path

from service.delivery.lane import MAX_LANE_EVENTS
from tests.delivery.builders import BUSY, endpoint
from tests.delivery.harness import open_harness
from tests.waiting import until


async def test_calls_take_turns(tmp_path: Path) -> None:
    """With one attempt at a time, a call with a long backlog delays another by one delivery."""
    async with open_harness(tmp_path, max_in_flight=1) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", *["call.answered"] * 20)
        await harness.commit("c2", "call.started", "call.answered")
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids[:5] == ["c1_1", "c2_1", "c1_2", "c2_2", "c1_3"]


async def test_no_more_attempts_at_once_than_allowed(tmp_path: Path) -> None:
    """Fifty calls, four at a time."""
    async with open_harness(tmp_path, max_in_flight=4) as harness:
        harness.crm.gate.clear()
        for number in range(50):
            await harness.commit(f"c{number}", "call.started")
        await until(lambda: len(harness.crm.tried) == 4)
        await asyncio.sleep(0)
        assert len(harness.crm.tried) == 4

        harness.crm.gate.set()
        await harness.flush()
        assert len(harness.crm.ids) == 50


async def test_a_dead_endpoint_slows_nobody_else(tmp_path: Path) -> None:
    """While every attempt at one endpoint hangs, another gets all of a hundred calls."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.gate.clear()
        log = harness.sinks["log"]
        for number in range(100):
            await harness.commit(f"c{number}", "call.started", "call.ended", to=("crm", "log"))
        await until(lambda: len(log.taken) == 200)

        assert harness.crm.taken == []
        assert len(harness.crm.tried) == 32


async def test_a_sink_that_never_waits_does_not_keep_the_loop(tmp_path: Path) -> None:
    """Others get their turn while a long backlog goes to a sink that takes it at once."""
    async with open_harness(tmp_path) as harness:
        turns = 0
        harness.crm.gate.clear()
        await harness.commit("c1", *["call.answered"] * MAX_LANE_EVENTS)
        harness.crm.gate.set()
        while len(harness.crm.taken) < MAX_LANE_EVENTS:
            await asyncio.sleep(0)
            turns += 1

        assert turns >= MAX_LANE_EVENTS // 8


async def test_a_receiver_that_recovers_gets_all_its_lanes_at_once(tmp_path: Path) -> None:
    """After the one attempt that closes the breaker, there are as many as allowed again."""
    async with open_harness(tmp_path, max_in_flight=8) as harness:
        harness.crm.rule = lambda _: BUSY
        for number in range(20):
            await harness.commit(f"c{number}", "call.started", "call.ended")
        await harness.flush()
        harness.crm.rule = lambda _: (
            harness.crm.gate.clear()
        )  # take this one, and hang from then on
        harness.clock.now += 5
        harness.lanes.wake()

        await until(lambda: len(harness.crm.flying) == 8)


async def test_a_breaker_lets_one_attempt_through_and_then_all(tmp_path: Path) -> None:
    """A receiver that is down is not hammered; once it answers, everything goes out."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BUSY
        for number in range(20):
            await harness.commit(f"c{number}", "call.started", "call.ended")
            await harness.flush()
        assert len(harness.crm.tried) == 10

        await harness.advance(4.9)
        assert len(harness.crm.tried) == 10
        await harness.advance(0.1)
        assert len(harness.crm.tried) == 11

        harness.crm.rule = lambda _: None
        await harness.advance(10)
        assert len(harness.crm.taken) == 40
