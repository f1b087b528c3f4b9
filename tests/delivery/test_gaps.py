"""What was given up before a delivery is named by it, whoever gave it up, and however long ago."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.delivery import switches
from service.delivery.gaps import look_back
from service.ids import CallId, EndpointName
from service.ports import LaneUpdate, Parked
from tests.delivery.builders import C1, CRM, GONE, REFUSED, endpoint, lane
from tests.delivery.harness import Harness, commit, open_harness

OLD = EndpointName("old")
MANY = 1_100


async def give_up(
    harness: Harness, *seqs: int, call_id: CallId = C1, name: EndpointName = CRM
) -> None:
    """Have the journal's lane be past these events, as one that gave them up."""
    parked = [Parked(seq, 400, "refused") for seq in seqs]
    updates = [LaneUpdate(call_id, name, one.seq, parked=one) for one in parked]
    await harness.journal.settle(updates)


def told(harness: Harness, name: str = "crm") -> list[tuple[str, Sequence[int]]]:
    """Return what arrived, and what each delivery says that was given up."""
    taken = harness.sinks[name].taken
    return [(one.id.removeprefix("evt_"), one.gap_seqs) for one in taken]


async def test_a_start_names_what_was_given_up_however_much_that_is(tmp_path: Path) -> None:
    """A thousand other deliveries were given up since."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 4, to=("crm",))
        await give_up(harness, 2, 3)
        await commit(harness.journal, "c2", *["call.answered"] * MANY, to=("crm",))
        await give_up(harness, *range(1, MANY + 1), call_id=CallId("c2"))
        harness.lanes.release_all()
    async with open_harness(tmp_path) as harness:
        await harness.flush()

        assert told(harness) == [("c1_4", (2, 3))]


async def test_what_was_named_before_is_not_named_again(tmp_path: Path) -> None:
    """By what arrived since; where nothing was given up, nothing is named."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 4)
        await give_up(harness, 1, 3)
        await commit(harness.journal, "c2", *["call.answered"] * 2)
        await harness.journal.settle([LaneUpdate(CallId("c2"), CRM, 1)])
        await harness.list_backlog()

        assert sorted(told(harness)) == [("c1_4", (3,)), ("c2_2", ())]


async def test_of_a_lane_at_its_beginning_nothing_is_asked(tmp_path: Path) -> None:
    """There is nothing before it."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started")
        harness.journal.failing.add("lanes_of")
        await harness.list_backlog()

        assert told(harness) == [("c1_1", ())]


async def test_what_the_endpoint_never_gets_does_not_hide_what_was_given_up(tmp_path: Path) -> None:
    """It was passed over after that: nothing arrived that could have named it."""
    one = endpoint(events=("call.answered",))
    async with open_harness(tmp_path, one) as harness:
        harness.crm.script.extend([None, REFUSED])
        await harness.commit("c1", *["call.answered"] * 2, "call.hold", "call.unhold")
        await harness.flush()
        await commit(harness.journal, "c1", "call.answered")
    async with open_harness(tmp_path, one) as harness:
        await harness.flush()

        assert told(harness) == [("c1_5", (2,))]


@pytest.mark.parametrize("before", [True, False], ids=["with a backlog", "without one"])
async def test_an_endpoint_that_is_enabled_is_told_what_was_given_up_before(
    tmp_path: Path, *, before: bool
) -> None:
    """Its lanes were dropped when it was disabled, with what they knew."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, GONE])
        await harness.commit("c1", *["call.answered"] * 2)
        await harness.flush()
        await harness.commit("c2", "call.answered")
        await harness.flush()
        assert harness.lanes.disabled == {CRM}
        if before:
            await harness.commit("c1", "call.answered")
        await switches.enable(harness.journal, [CRM], CRM, now=0.0)
        await harness.list_backlog()
        if not before:
            await harness.commit("c1", "call.answered")
        await harness.flush()

        assert ("c1_3", (2,)) in told(harness)


async def test_whoever_takes_over_is_told_what_the_other_gave_up(tmp_path: Path) -> None:
    """What was parked moves along."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 3, to=("old",))
        await give_up(harness, 1, 2, name=OLD)
        await switches.move(harness.journal, [CRM], OLD, CRM)
        await harness.list_backlog()

        assert told(harness) == [("c1_3", (1, 2))]


async def test_a_replay_names_what_is_given_up_before_where_it_begins(tmp_path: Path) -> None:
    """Nothing that arrived has named it yet."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, REFUSED])
        await harness.commit("c1", *["call.answered"] * 3)
        await harness.flush()
        await harness.journal.rewind(C1, CRM, 2)
        await harness.list_backlog()

        assert told(harness) == [("c1_1", ()), ("c1_3", (2,))]


async def test_what_is_given_up_is_asked_for_until_the_journal_answers(tmp_path: Path) -> None:
    """Nothing goes out before: it would have to name it."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 3)
        await give_up(harness, 1, 2)
        harness.journal.failing.add("lanes_of")
        await harness.list_backlog()
        assert told(harness) == []

        await harness.advance(1)
        assert told(harness) == [("c1_3", (1, 2))]


async def test_a_lane_that_was_forgotten_learns_which_life_it_is_in(tmp_path: Path) -> None:
    """What it writes of another one would not count, and be delivered again."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 3)
        await harness.journal.rewind(C1, CRM, 0)
        await give_up(harness, 2)
        forgotten = lane(3)
        forgotten.asks = True
        await look_back(harness.journal, forgotten, lambda _: True)

        assert (forgotten.acked_seq, forgotten.head_seq, forgotten.generation) == (2, 3, 1)
        assert (forgotten.gap_seqs, forgotten.asks) == ((2,), False)


async def test_a_lane_that_is_set_elsewhere_while_it_asks_asks_again(tmp_path: Path) -> None:
    """What the journal said is of another place."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 3)
        await give_up(harness, 1, 2)
        harness.journal.read_gate.clear()
        await harness.lanes.list_backlog()
        harness.lanes.wake()
        await harness.journal.reading.wait()
        await harness.journal.rewind(C1, CRM, 1)
        await harness.lanes.list_backlog()
        harness.journal.read_gate.set()
        await harness.flush()

        assert told(harness) == [("c1_2", (1,)), ("c1_3", ())]


async def test_an_endpoint_that_was_enabled_gets_its_backlog_first(tmp_path: Path) -> None:
    """Whatever a call commits while the listing that found it enabled goes on."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        await switches.enable(harness.journal, [CRM], CRM, now=0.0)
        harness.journal.list_gate.clear()
        harness.journal.listing.clear()
        listing = asyncio.create_task(harness.lanes.list_backlog())
        await harness.journal.listing.wait()
        await harness.commit("c1", "transcript.final")
        harness.journal.list_gate.set()
        await listing
        harness.lanes.wake()
        await harness.flush()
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]
        assert await harness.backlog() == []


@pytest.mark.parametrize("early", [True, False])
async def test_words_that_come_while_a_start_takes_calls_up_name_what_was_given_up(
    tmp_path: Path, *, early: bool
) -> None:
    """Telnyx is let in before the lanes of all calls are there: `early`, before this one is."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED])
        await harness.commit("c1", *["call.answered"] * 2)
        await harness.flush()
    async with open_harness(tmp_path) as harness:
        if early:
            await harness.commit("c1", "call.hold")
        await harness.lanes.take_up([C1])
        if not early:
            await harness.commit("c1", "call.hold")
        await harness.flush()

        assert told(harness) == [("c1_3", (2,))]
