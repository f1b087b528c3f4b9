"""Endpoints that were moved while calls go on: these name the old one until they end."""

import asyncio
from pathlib import Path

from service.delivery import switches
from service.ids import EndpointName
from service.ports import LaneUpdate, Parked
from tests.delivery.builders import C1, CRM, endpoint
from tests.delivery.harness import Harness, commit, open_harness
from tests.waiting import until

OLD = EndpointName("old")


async def move(harness: Harness) -> None:
    """Have the one that is here take over, as the command line does, and see it."""
    await switches.move(harness.journal, [CRM], OLD, CRM)
    await harness.list_backlog()


async def test_a_call_that_goes_on_is_delivered_once(tmp_path: Path) -> None:
    """However often the backlog is listed, and whatever is on its way meanwhile."""
    async with open_harness(tmp_path, ack_every_s=3600.0) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        for number in range(2, 12):
            harness.crm.gate.clear()
            await harness.commit("c1", "transcript.final", to=("old",))
            await until(lambda seen=number: len(harness.crm.tried) == seen)  # type: ignore[misc]
            await harness.lanes.list_backlog()
            harness.lanes.wake()
            harness.crm.gate.set()
            await harness.list_backlog()

        assert harness.crm.ids == [f"c1_{seq}" for seq in range(1, 12)]
        assert [row[1:] for row in await harness.backlog()] == []


async def test_its_events_go_out_when_they_happen(tmp_path: Path) -> None:
    """Not at the next listing only; in order, also behind what was there before."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        await harness.commit("c1", "call.answered", "transcript.final", to=("old",))
        await harness.flush()
        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]

        await harness.commit("c1", "call.ended", to=("old",))
        assert await harness.lanes.drain(asyncio.get_running_loop().time() + 10) == 0
        assert harness.crm.ids[3:] == ["c1_4"]


async def test_a_call_that_names_both_is_delivered_once(tmp_path: Path) -> None:
    """From the move on; what the old one missed of before comes again, under its id."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old", "crm"))
        await harness.flush()
        await harness.journal.settle([LaneUpdate(C1, OLD, 1)])
        await move(harness)
        for _ in range(3):
            await harness.commit("c1", "transcript.final", to=("old", "crm"))
            await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3", "c1_4"]


async def test_what_the_old_one_had_is_not_sent_by_the_new_one(tmp_path: Path) -> None:
    """It took over once before, and had everything up to there; the old one was back meanwhile."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
    async with open_harness(tmp_path, endpoint("crm"), endpoint("old")) as harness:
        await harness.commit("c1", "call.answered", to=("old",))
        await harness.flush()
        await commit(harness.journal, "c1", "call.ended", to=("old",))
        assert harness.sinks["old"].ids == ["c1_2"]
    async with open_harness(tmp_path) as harness:
        await move(harness)

        assert harness.crm.ids == ["c1_3"]


async def test_what_is_found_while_acks_are_written_is_flushed(tmp_path: Path) -> None:
    """Nobody was busy before that, and nothing was to be looked at."""
    async with open_harness(tmp_path, ack_every_s=3600.0) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        harness.journal.settling.clear()
        harness.journal.settling_gate.clear()
        await harness.commit("c2", "call.started")
        flushing = asyncio.create_task(harness.flush())
        await harness.journal.settling.wait()
        await harness.commit("c1", "call.answered", to=("old",))
        harness.journal.settling_gate.set()
        await flushing

        assert harness.crm.ids == ["c1_1", "c2_1", "c1_2"]


async def test_a_call_of_another_worker_is_not_looked_at(tmp_path: Path) -> None:
    """It was let go between its commit and the look."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        await harness.commit("c1", "call.answered", to=("old",))
        harness.lanes.let_go(C1)
        await harness.commit("c2", "call.started", to=("old",))
        harness.lanes.release_all()
        await harness.flush()

        assert harness.crm.ids == ["c1_1"]


async def test_a_look_that_the_journal_does_not_answer_is_made_up_for(tmp_path: Path) -> None:
    """The next listing finds it."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        events = await commit(harness.journal, "c1", "call.answered", to=("old",))
        harness.journal.off = True
        harness.lanes.committed([OLD], events)
        await harness.journal.refused.wait()
        harness.journal.off = False
        await harness.list_backlog()
        await harness.commit("c1", "call.ended", to=("old",))
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_what_an_older_version_gave_up_for_it_moves_as_far_as_it_is_wanted(
    tmp_path: Path,
) -> None:
    """It makes lanes of the endpoint that is no more: they are moved, too."""
    async with open_harness(tmp_path, endpoint(events=("call.answered",))) as harness:
        await commit(
            harness.journal, "c1", "call.answered", "call.hold", "call.answered", to=(OLD,)
        )
        await move(harness)
        harness.crm.taken.clear()
        await harness.journal.rewind(C1, OLD, 0)
        for seq in (1, 2):
            gave_up = LaneUpdate(C1, OLD, seq, parked=Parked(seq, 400, "refused"))
            await harness.journal.settle([gave_up])
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_3"]
        parked = await harness.journal.parked(limit=9)
        assert [(one.endpoint, one.seq) for one in parked] == [(CRM, 1)]


async def test_nobody_looks_at_a_call_that_was_let_go(tmp_path: Path) -> None:
    """It is another worker's, who delivers it; what is looked for of others is found."""
    async with open_harness(tmp_path) as harness:
        for call in ("c1", "c2"):
            await harness.commit(call, "call.started", to=("old",))
        await move(harness)
        for call in ("c1", "c2"):
            events = await commit(harness.journal, call, "call.answered", to=("old",))
            harness.lanes.committed([OLD], events)
            harness.lanes.let_go(C1)
        await harness.flush()
        assert harness.crm.ids == ["c1_1", "c2_1", "c2_2"]

        events = await commit(harness.journal, "c2", "call.ended", to=("old",))
        harness.lanes.committed([OLD], events)
        harness.lanes.release_all()
        await harness.flush()
        assert harness.crm.ids == ["c1_1", "c2_1", "c2_2"]


async def test_a_look_that_fails_as_nobody_foresaw_holds_nobody_up(tmp_path: Path) -> None:
    """A stop does not wait for it."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("old",))
        await move(harness)
        harness.journal.broken.add("lanes_of")
        await harness.commit("c1", "call.answered", to=("old",))
        await harness.flush()
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2"]


async def test_nobody_looks_for_an_endpoint_that_was_not_moved_here(tmp_path: Path) -> None:
    """It is nobody's, or was moved to one that is not here: nothing would come of it."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", to=("gone",))
        await switches.move(harness.journal, [OLD], EndpointName("gone"), OLD)
        await harness.list_backlog()
        events = await commit(harness.journal, "c1", "call.answered", to=("gone", "unheard-of"))
        harness.journal.off = True
        harness.lanes.committed([EndpointName("gone"), EndpointName("unheard-of")], events)
        for _ in range(10):
            await asyncio.sleep(0)

        assert not harness.journal.refused.is_set()
        harness.journal.off = False


async def test_lanes_that_an_older_version_makes_are_moved_at_the_next_listing(
    tmp_path: Path,
) -> None:
    """It stands beside this one, and knows of no move when it commits."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.answered", to=("old",))
        await move(harness)
        await harness.journal.rewind(C1, OLD, 1)
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_2"]
        assert harness.lanes.unknown == {}
