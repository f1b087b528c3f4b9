"""Listing the backlog: what other processes did to the journal, found and repeated by nobody."""

import asyncio
from pathlib import Path

from tests.delivery.builders import BUSY, C1, CRM
from tests.delivery.harness import commit, open_harness
from tests.waiting import PATIENCE_S, until


async def test_a_replay_by_another_process_is_seen(tmp_path: Path) -> None:
    """A lane that was set back delivers the rest again, under the same ids."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", "call.answered", "call.ended")
        await harness.flush()
        await harness.journal.rewind(C1, CRM, 1)
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3", "c1_2", "c1_3"]
        assert await harness.journal.backlog() == []


async def test_a_replay_while_the_call_goes_on_is_not_lost(tmp_path: Path) -> None:
    """An attempt on its way does not undo it, and what comes meanwhile keeps its place."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started")
        await harness.flush()
        harness.crm.gate.clear()
        await harness.commit("c1", "call.answered")
        await until(lambda: len(harness.crm.tried) == 2)
        await harness.journal.rewind(C1, CRM, 0)
        await harness.lanes.list_backlog()
        await harness.commit("c1", "call.ended")
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_1", "c1_2", "c1_3"]
        assert await harness.journal.backlog() == []


async def test_a_replay_while_events_are_read_is_not_lost(tmp_path: Path) -> None:
    """What was read for the old place is not taken for the new one."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, BUSY])
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        harness.journal.reading.clear()
        harness.journal.read_gate.clear()
        harness.clock.now += 1
        harness.lanes.wake()
        await harness.journal.reading.wait()
        await harness.journal.rewind(C1, CRM, 0)
        await harness.lanes.list_backlog()
        harness.journal.read_gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_1", "c1_2"]


async def test_a_replayed_call_can_go_on(tmp_path: Path) -> None:
    """Its lane is written under the generation that the replay gave it, also after a restart."""
    async with open_harness(tmp_path) as first:
        await first.commit("c1", "call.started")
        await first.flush()
        await first.journal.rewind(C1, CRM, 0)
        await first.list_backlog()
        await first.commit("c1", "call.answered")
        await first.flush()
        assert await first.journal.backlog() == []

    async with open_harness(tmp_path) as second:
        await second.commit("c1", "call.ended")
        await second.flush()
        await second.list_backlog()
        assert await second.journal.backlog() == []

    assert first.crm.ids == ["c1_1", "c1_1", "c1_2"]
    assert second.crm.ids[0] == "c1_3"


async def test_looking_again_repeats_nothing(tmp_path: Path) -> None:
    """Listing the backlog while deliveries wait, fail and arrive takes none up twice."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started", "call.answered")
        await harness.list_backlog()
        await harness.commit("c2", "call.started")
        await harness.list_backlog()
        await harness.advance(1)
        await harness.list_backlog()

        assert harness.crm.ids == ["c2_1", "c1_1", "c1_2"]


async def test_a_listing_is_not_outrun_by_acknowledgements(tmp_path: Path) -> None:
    """What is settled after the backlog was read is not mistaken for what is left."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started")
        await until(lambda: len(harness.crm.tried) == 1)
        harness.journal.listing.clear()
        harness.journal.list_gate.clear()
        looking = asyncio.create_task(harness.list_backlog())
        await harness.journal.listing.wait()
        harness.crm.gate.set()
        await until(lambda: len(harness.crm.taken) == 1)
        for _ in range(10):
            await harness.journal.check()  # time enough to settle, if anything were to
        harness.journal.list_gate.set()
        await looking

        assert harness.crm.ids == ["c1_1"]
        assert await harness.journal.backlog() == []


async def test_the_backlog_is_listed_by_itself(tmp_path: Path) -> None:
    """What another process committed or set back is found without being told."""
    async with open_harness(tmp_path, poll_every_s=0.01) as harness:
        await commit(harness.journal, "c1", "call.started")
        await until(lambda: len(harness.crm.taken) == 1)

    assert harness.crm.ids == ["c1_1"]


async def test_listing_survives_an_outage(tmp_path: Path) -> None:
    """While the journal is away it is asked again and again; then the backlog is found."""
    async with open_harness(tmp_path, poll_every_s=0.01) as harness:
        harness.journal.off = True
        async with asyncio.timeout(PATIENCE_S):
            await harness.journal.refused.wait()
        harness.journal.off = False
        await commit(
            harness.journal, "c1", "call.started"
        )  # before, its events might be read first
        await until(lambda: len(harness.crm.taken) == 1)


async def test_an_erased_call_leaves_no_backlog(tmp_path: Path) -> None:
    """Where the journal has no more events there is nothing left to deliver."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started", "call.ended")
        await harness.flush()
        harness.journal.erased.add("c1")
        await harness.advance(1)

        assert harness.crm.ids == []
        assert await harness.journal.backlog() == []
