"""A service that has its journal to itself: what it knows of the lanes that it takes up."""

from pathlib import Path

from service.delivery import switches
from service.ids import EndpointName
from service.workers.alone import Alone
from tests.delivery.builders import C1, CRM, REFUSED
from tests.delivery.harness import Harness, open_harness


async def take_up(harness: Harness) -> None:
    """Take up what the life before left unfinished, as the registry does."""
    alone = Alone(harness.journal, harness.lanes)
    assert (await alone.orphans()).call_ids == (C1,)
    assert (await alone.orphans()).call_ids == ()


async def test_what_was_given_up_is_named_after_a_restart(tmp_path: Path) -> None:
    """Also where nothing waited: by the first delivery that comes after it, and no other."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, REFUSED])
        await harness.commit("c1", *["call.answered"] * 3)
        await harness.flush()
        assert await harness.backlog() == []

    async with open_harness(tmp_path) as harness:
        await take_up(harness)
        await harness.commit("c1", "transcript.final", "transcript.final")
        await harness.flush()

    told = [(one.id, one.gap_seqs) for one in harness.crm.taken]
    assert told == [("evt_c1_4", (2, 3)), ("evt_c1_5", ())]


async def test_a_lane_that_was_replayed_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Its next events come once: the journal takes note that they arrived."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.answered")
        await harness.journal.rewind(C1, CRM, 0)
        await harness.list_backlog()
        assert harness.crm.ids == ["c1_1", "c1_1"]

    async with open_harness(tmp_path) as harness:
        await take_up(harness)
        await harness.commit("c1", "transcript.final")
        await harness.flush()
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_2"]
        assert await harness.backlog() == []


async def test_a_lane_that_was_moved_goes_on_after_a_restart(tmp_path: Path) -> None:
    """The call goes on to name the endpoint that is no more."""
    old = EndpointName("old")
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.answered", to=(old,))
        await switches.move(harness.journal, [CRM], old, CRM)
        await harness.list_backlog()
        await harness.commit("c1", "transcript.final", to=(old,))
        await harness.flush()

    async with open_harness(tmp_path) as harness:
        await take_up(harness)
        await harness.commit("c1", "transcript.final", to=(old,))
        await harness.flush()
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_3"]
        assert await harness.backlog() == []
