"""Lanes of calls that become another worker's, and of those that this one takes up."""

from pathlib import Path

import pytest

from service.ids import CallId
from service.ports import LaneUpdate, Parked
from tests.delivery.builders import BUSY, C1, CRM
from tests.delivery.harness import commit, open_harness
from tests.waiting import until


async def test_what_waits_of_a_call_that_is_let_go_is_not_delivered(tmp_path: Path) -> None:
    """It is in the journal for whoever has the call; others go on."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BUSY
        await harness.commit("c1", "call.started", "call.answered")
        await harness.commit("c2", "call.started")
        await harness.flush()
        harness.publish("c1", "u1", 1)
        harness.crm.rule = lambda _: None
        harness.lanes.let_go(C1)
        await harness.advance(60)

        assert harness.crm.ids == ["c2_1"]
        assert await harness.backlog() == [("c1", 0, 2)]
        assert harness.lanes.behind == {CRM: 0}


async def test_what_arrived_of_it_is_still_written(tmp_path: Path) -> None:
    """So the next one does not deliver it again."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started")
        await harness.flush()
        await harness.commit("c1", "call.answered")
        harness.crm.rule = lambda _: BUSY
        harness.lanes.let_go(C1)
        await harness.flush()

        assert [one[1] for one in await harness.backlog()] == [1]


async def test_a_call_that_is_taken_up_goes_on_behind_its_backlog(tmp_path: Path) -> None:
    """Events that another worker committed go first; none is sent out of order."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.answered")
        await harness.lanes.take_up([C1, CallId("unknown")])
        await harness.commit("c1", "transcript.final")
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_a_call_that_is_taken_up_waits_for_no_event(tmp_path: Path) -> None:
    """What the other worker left goes out at once: the call may be over."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.ended")
        await harness.lanes.take_up([C1])
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2"]


@pytest.mark.parametrize("before", [True, False], ids=["with a backlog", "without one"])
async def test_what_the_other_worker_gave_up_is_named(tmp_path: Path, *, before: bool) -> None:
    """By the next delivery, and no other; whether that was committed before the call was taken."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.answered", "transcript.final")
        for seq in (2, 3):
            gave_up = LaneUpdate(C1, CRM, seq, parked=Parked(seq, 400, "refused"))
            await harness.journal.settle([gave_up])
        if before:
            await commit(harness.journal, "c1", "transcript.final")
        await harness.lanes.take_up([C1])
        if not before:
            await harness.commit("c1", "transcript.final")
        await harness.commit("c1", "transcript.completed")
        await harness.flush()

        told = [(one.id, one.gap_seqs) for one in harness.crm.taken]
        assert told == [("evt_c1_4", (2, 3)), ("evt_c1_5", ())]


async def test_a_call_that_comes_back_goes_on_where_the_other_one_was(tmp_path: Path) -> None:
    """What the other delivered meanwhile is not sent again."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BUSY
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        harness.lanes.let_go(C1)
        await harness.journal.settle([LaneUpdate(C1, CRM, 1)])
        await commit(harness.journal, "c1", "transcript.final")
        harness.crm.rule = lambda _: None
        await harness.lanes.take_up([C1])
        await harness.commit("c1", "transcript.completed")
        await harness.flush()

        assert harness.crm.ids == ["c1_2", "c1_3", "c1_4"]


async def test_whoever_lost_everything_delivers_and_writes_nothing(tmp_path: Path) -> None:
    """Not even what arrived: the next ones have read the journal already."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda one: BUSY if one.id.endswith("c2_1") else None
        await harness.commit("c2", "call.started")
        await harness.flush()
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started")
        harness.lanes.release_all()
        harness.crm.gate.set()
        harness.crm.rule = lambda _: None
        await harness.advance(60)

        assert ("c2", 0, 1) in await harness.backlog()
        assert "c2_1" not in harness.crm.ids


async def test_what_arrived_of_all_that_was_lost_is_not_written(tmp_path: Path) -> None:
    """It is delivered again, by those who have the calls now: they may have set the lanes back."""
    async with open_harness(tmp_path, ack_every_s=3600.0) as harness:
        await harness.commit("c1", "call.started")
        await until(lambda: harness.crm.ids == ["c1_1"])
        harness.lanes.release_all()
        await harness.flush()

        assert await harness.backlog() == [("c1", 0, 1)]


async def test_nothing_goes_out_while_it_may_not(tmp_path: Path) -> None:
    """Neither events nor partials; it is tried again as soon as it may."""
    allowed: list[bool] = []
    async with open_harness(tmp_path, may_deliver=lambda: bool(allowed)) as harness:
        await harness.commit("c1", "call.started")
        harness.publish("c2", "u1", 1)
        await harness.flush()
        assert harness.crm.tried == []

        allowed.append(True)
        await harness.advance(1)
        assert set(harness.crm.ids) == {"c1_1", "prt_u1_1"}
