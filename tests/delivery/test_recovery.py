"""What outlives a restart, a crash and an outage of the journal, and how a drain ends."""

import asyncio
from pathlib import Path

from service.ports import LaneRow
from tests.delivery.builders import BUSY, CRM, REFUSED
from tests.delivery.harness import Harness, ManualClock, commit, open_harness
from tests.waiting import PATIENCE_S, until


async def crash_after(harness: Harness, call_id: str, *kinds: str) -> None:
    """Have events delivered, but switch the database off before that is settled."""
    events = await commit(harness.journal, call_id, *kinds)
    taken = len(harness.crm.taken)
    harness.journal.off = True
    harness.lanes.committed([CRM], events)
    await until(lambda: len(harness.crm.taken) == taken + len(events))


async def lane(harness: Harness) -> LaneRow:
    """Return the only lane that has something left."""
    rows: list[LaneRow] = await harness.journal.backlog()
    (row,) = rows
    return row


async def test_delivery_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """After an orderly end nothing is repeated and nothing skipped."""
    async with open_harness(tmp_path) as first:
        await first.commit("c1", "call.started", "call.answered")
        await first.flush()
        await commit(first.journal, "c1", "call.ended")

    async with open_harness(tmp_path) as second:
        await second.flush()

    assert first.crm.ids == ["c1_1", "c1_2"]
    assert second.crm.ids == ["c1_3"]


async def test_a_crash_repeats_a_suffix_and_skips_nothing(tmp_path: Path) -> None:
    """What was not settled yet goes out again: same ids, same bytes, in order."""
    async with open_harness(tmp_path) as first:
        await first.commit("c1", "call.started")
        await first.flush()
        await crash_after(first, "c1", "call.answered", "call.ended")

    async with open_harness(tmp_path) as second:
        await second.flush()

    assert first.crm.ids == ["c1_1", "c1_2", "c1_3"]
    assert second.crm.taken == first.crm.taken[1:]


async def test_what_is_on_its_way_at_the_end_is_sent_again(tmp_path: Path) -> None:
    """An attempt that was broken off may have arrived; it is repeated, never assumed."""
    async with open_harness(tmp_path) as first:
        first.crm.gate.clear()
        await first.commit("c1", "call.started")
        await until(lambda: len(first.crm.tried) == 1)

    async with open_harness(tmp_path) as second:
        await second.flush()

    assert second.crm.taken == first.crm.tried


async def test_acknowledgements_are_settled_on_the_way_out(tmp_path: Path) -> None:
    """What was delivered in the last moment is not repeated."""
    async with open_harness(tmp_path, ack_every_s=3600.0) as first:
        await first.commit("c1", "call.started")
        await until(lambda: len(first.crm.taken) == 1)
        assert first.journal.settled == []

    async with open_harness(tmp_path) as second:
        await second.flush()

    assert second.crm.tried == []


async def test_a_restart_does_not_shorten_a_wait(tmp_path: Path) -> None:
    """Attempts and the time of the next one are in the journal."""
    clock = ManualClock()
    async with open_harness(tmp_path, clock=clock) as first:
        first.crm.script.extend([BUSY, BUSY, BUSY, BUSY])
        await first.commit("c1", "call.started")
        for delay_s in (0, 1, 2, 5):
            await first.advance(delay_s)

    async with open_harness(tmp_path, clock=clock) as second:
        assert (await lane(second)).attempts == 4
        await second.advance(14.9)
        assert second.crm.tried == []

        await second.advance(0.2)
        assert second.crm.ids == ["c1_1"]


async def test_a_clock_put_back_does_not_stop_a_lane_for_good(tmp_path: Path) -> None:
    """Whatever the journal says, no lane waits longer than the schedule's longest delay."""
    clock = ManualClock()
    async with open_harness(tmp_path, clock=clock) as first:
        first.crm.script.append(BUSY)
        await first.commit("c1", "call.started")
        await first.flush()

    clock.now -= 365 * 86_400
    async with open_harness(tmp_path, clock=clock) as second:
        await second.advance(30 * 3600)

    assert second.crm.ids == ["c1_1"]


async def test_acknowledgements_are_settled_many_at_a_time(tmp_path: Path) -> None:
    """Two hundred calls cost the journal a few writes."""
    async with open_harness(tmp_path, ack_every_s=0.02) as harness:
        harness.crm.gate.clear()
        for number in range(200):
            await harness.commit(f"c{number}", "call.started")
        harness.crm.gate.set()
        await harness.flush()

        assert await harness.journal.backlog() == []
        assert len(harness.journal.settled) < 50


async def test_an_outage_of_the_journal_loses_no_acknowledgement(tmp_path: Path) -> None:
    """They are kept, in memory and in order, until the database answers again."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED])
        await crash_after(harness, "c1", "call.started")
        harness.journal.off = False
        await harness.commit("c1", "call.answered", "call.ended")
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_3"]
        assert await harness.journal.backlog() == []
        assert [one.seq for one in await harness.journal.parked(limit=9)] == [2]


async def test_events_that_cannot_be_read_are_read_later(tmp_path: Path) -> None:
    """A lane whose events are in the journal only waits for the journal."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started")
        await harness.flush()
        harness.journal.off = True
        await harness.advance(1)
        assert len(harness.crm.tried) == 1

        harness.journal.off = False
        await harness.advance(1)
        assert harness.crm.ids == ["c1_1"]


async def test_a_drain_waits_for_the_journal(tmp_path: Path) -> None:
    """While it is away acknowledgements cannot be settled: the drain tries until its deadline."""
    async with open_harness(tmp_path) as harness:
        await crash_after(harness, "c1", "call.started")
        await harness.lanes.drain(asyncio.get_running_loop().time() + 0.15)
        harness.journal.off = False
        assert len(await harness.journal.backlog()) == 1

        await harness.lanes.drain(asyncio.get_running_loop().time() + 5)
        assert await harness.journal.backlog() == []


async def test_a_drain_sends_and_settles_what_it_can(tmp_path: Path) -> None:
    """It returns how many lanes have something left for the next start."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda one: BUSY if one.id == "evt_c2_1" else None
        await harness.commit("c1", "call.started")
        await harness.commit("c2", "call.started")
        left = await harness.lanes.drain(asyncio.get_running_loop().time() + 5)

        assert left == 1
        assert harness.lanes.behind == {CRM: 1}
        assert (await lane(harness)).call_id == "c2"


async def test_a_drain_ends_at_its_deadline(tmp_path: Path) -> None:
    """A receiver that hangs does not keep the process."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started")
        async with asyncio.timeout(PATIENCE_S):
            left = await harness.lanes.drain(asyncio.get_running_loop().time() + 0.05)

        assert left == 1
