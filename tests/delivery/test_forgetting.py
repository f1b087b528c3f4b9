"""A call that is erased: what waits of it goes nowhere, and the tombstone goes everywhere."""

import asyncio
from pathlib import Path

from service.ids import CallId
from tests.delivery.builders import BUSY, CRM, endpoint
from tests.delivery.harness import WAIT_S, erase, open_harness
from tests.waiting import until


async def test_what_waits_of_an_erased_call_is_dropped(tmp_path: Path) -> None:
    """A lane that waits to retry is let go of, and delivers the tombstone at once."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started", "transcript.final")
        harness.publish("c1", "u2", 1)
        await harness.flush()
        await erase(harness, "c1", 3)
        await harness.flush()

        assert harness.crm.ids == ["c1_3"]
        assert await harness.journal.backlog() == []
        assert harness.lanes.counters[CRM].partials_dropped == 1


async def test_an_attempt_on_its_way_is_broken_off(tmp_path: Path) -> None:
    """The receiver was slow; it is asked again only for the tombstone, and is not to blame."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "transcript.final", "transcript.final")
        await until(lambda: len(harness.crm.tried) == 1)
        await erase(harness, "c1", 3)
        await until(lambda: len(harness.crm.tried) == 2)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_3"]
        assert harness.crm.overlaps == 0
        assert await harness.journal.backlog() == []


async def test_a_call_may_be_forgotten_again_while_its_attempt_is_broken_off(
    tmp_path: Path,
) -> None:
    """Whatever the attempt has got to by then."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "transcript.final")
        await until(lambda: len(harness.crm.tried) == 1)
        for _ in range(4):
            harness.lanes.forget(CallId("c1"))
            await asyncio.sleep(0)
        await harness.flush()

        assert (harness.crm.ids, harness.crm.flying) == ([], set())


async def test_a_partial_on_its_way_is_broken_off(tmp_path: Path) -> None:
    """Its words are forgotten as well, where they were kept to compare with."""
    async with open_harness(tmp_path, endpoint(partials="stable")) as harness:
        harness.crm.gate.clear()
        harness.publish("c1", "u1", 1, "my secret")
        harness.publish("c1", "u1", 2, "my secret name")
        await until(lambda: len(harness.crm.tried) == 1)
        harness.lanes.forget(CallId("c1"))
        harness.crm.gate.set()
        await harness.flush()
        harness.publish("c1", "u1", 3, "my secret")
        await harness.flush()

        assert harness.crm.taken == []


async def test_events_that_were_being_read_are_not_sent(tmp_path: Path) -> None:
    """The journal was read before the erasure, and answered after it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "transcript.final")
        await harness.flush()
        harness.journal.read_gate.clear()
        harness.clock.now += 1
        harness.lanes.wake()
        await asyncio.wait_for(harness.journal.reading.wait(), WAIT_S)
        await erase(harness, "c1", 2)
        harness.journal.read_gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_2"]


async def test_a_call_erased_by_another_process_is_found_in_the_backlog(tmp_path: Path) -> None:
    """Its events in memory are dropped with the next listing; an attempt's end changes nothing."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "transcript.final", "transcript.final")
        await until(lambda: len(harness.crm.tried) == 1)
        await erase(harness, "c1", 3, here=False)
        await harness.lanes.list_backlog()
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_3"]
        assert await harness.journal.backlog() == []


async def test_erasing_under_load_leaves_other_calls_alone(tmp_path: Path) -> None:
    """A receiver that is stuck, a hundred calls behind it, every second one erased."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        calls = [f"c{number}" for number in range(100)]
        for call in calls:
            await harness.commit(call, "transcript.final", "transcript.final")
        await asyncio.gather(*(erase(harness, call, 3) for call in calls[::2]))
        harness.crm.gate.set()
        await harness.flush()

        assert sorted(harness.crm.ids) == sorted(
            [f"{call}_3" for call in calls[::2]]
            + [f"{call}_{seq}" for call in calls[1::2] for seq in (1, 2)]
        )
        assert await harness.journal.backlog() == []


async def test_forgetting_a_call_that_nobody_has_is_harmless(tmp_path: Path) -> None:
    """It was delivered long ago."""
    async with open_harness(tmp_path) as harness:
        harness.lanes.forget(CallId("nobody"))
        await harness.commit("c1", "call.started")
        await harness.flush()

        assert harness.crm.ids == ["c1_1"]
