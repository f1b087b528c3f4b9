"""What the lanes say of themselves, and when they are flushed and drained, over a real journal."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.delivery.handler import MAX_TRIES_TO_GO_ON
from service.ids import CallId, EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, LaneUpdate, Parked
from tests.delivery.builders import BROKEN, BUSY, C1, CRM, GONE, endpoint, event, webhook
from tests.delivery.harness import START, Harness, commit, open_harness
from tests.waiting import until

HOUR_S = 3600.0
LOG = EndpointName("log")
OLD = EndpointName("old")
TWO = (endpoint(), endpoint("log"))


async def drain(harness: Harness, timeout_s: float = 5.0) -> int:
    """Drain for so long; return how many lanes are left."""
    return await harness.lanes.drain(asyncio.get_running_loop().time() + timeout_s)


async def test_what_became_of_deliveries_is_counted_for_each_endpoint(tmp_path: Path) -> None:
    """And who is behind, also of those that are configured no more."""
    async with open_harness(tmp_path, *TWO) as harness:
        harness.crm.rule = lambda _: BROKEN
        await harness.commit("c1", "call.started", to=("crm", "log", "old"))
        await harness.list_backlog()

        assert {name: one.delivered for name, one in harness.lanes.counters.items()} == {
            CRM: 0,
            LOG: 1,
        }
        assert harness.lanes.behind == {CRM: 1, LOG: 0, OLD: 1}
        assert harness.lanes.unknown == {OLD: 1}


async def test_endpoints_of_a_host_that_is_away_are_named_and_no_others(tmp_path: Path) -> None:
    """Ten lanes in a row found nobody there."""
    away, well = webhook("https://one.example/", "crm"), webhook("https://two.example/", "log")
    async with open_harness(tmp_path, away, well) as harness:
        harness.crm.rule = lambda _: BUSY
        for number in range(10):
            await harness.commit(f"c{number}", "call.started", to=("crm", "log"))
            await harness.flush()

        assert harness.lanes.failing == {CRM}


async def test_endpoints_that_are_disabled_are_named_and_no_others(tmp_path: Path) -> None:
    """By their answer, here."""
    async with open_harness(tmp_path, *TWO) as harness:
        harness.crm.rule = lambda _: GONE
        await harness.commit("c1", "call.started", to=("crm", "log"))
        await harness.flush()

        assert harness.lanes.disabled == {CRM}


async def test_the_lane_that_was_tried_most_is_what_holds_an_endpoint_up(tmp_path: Path) -> None:
    """Among those tried as often, the oldest."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BROKEN
        for call in ("c1", "c2", "c3"):
            await harness.commit(call, "call.started", to=("crm",))
        await harness.list_backlog()
        assert harness.lanes.held_up[CRM].call_id == "c1"
        update = LaneUpdate(CallId("c2"), CRM, 0, attempts=3, due_at=START + HOUR_S)
        await harness.journal.settle([update])
        await harness.list_backlog()

        assert harness.lanes.held_up[CRM].call_id == "c2"


async def test_a_partial_goes_to_its_endpoint(tmp_path: Path) -> None:
    """Offered to all that a call has."""
    async with open_harness(tmp_path) as harness:
        harness.publish("c1", "u1", 1)
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1"]


async def test_of_a_forgotten_call_nothing_more_goes_out(tmp_path: Path) -> None:
    """What is on its way is broken off, and what waited behind it is dropped."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started", "call.answered")
        await until(lambda: len(harness.crm.tried) == 1)
        harness.lanes.forget(C1)
        await until(lambda: not harness.crm.flying)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == []


async def test_it_is_flushed_when_the_journal_has_every_ack(tmp_path: Path) -> None:
    """One that is away for a moment is asked again."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started")
        harness.journal.off = True
        flushing = asyncio.create_task(harness.lanes.flushed())
        harness.crm.gate.set()
        for _ in range(3):  # whoever writes acks beside it is refused as well
            await harness.journal.refused.wait()
            harness.journal.refused.clear()
        harness.journal.off = False
        await flushing

        assert await harness.backlog() == []


async def test_it_is_not_flushed_while_somebody_is_busy_again(tmp_path: Path) -> None:
    """Who had rested while the others were waited for."""
    async with open_harness(tmp_path, *TWO) as harness:
        log = harness.sinks["log"]
        log.gate.clear()
        await harness.commit("c1", "call.started", to=("log",))
        flushing = asyncio.create_task(harness.lanes.flushed())
        await until(lambda: len(log.tried) == 1)
        harness.crm.gate.clear()
        await harness.commit("c2", "call.started", to=("crm",))
        await until(lambda: len(harness.crm.tried) == 1)
        log.gate.set()
        done, _ = await asyncio.wait([flushing], timeout=0.3)
        assert not done
        harness.crm.gate.set()
        await flushing

        assert await harness.backlog() == []


async def test_a_drain_counts_what_a_disabled_endpoint_missed(tmp_path: Path) -> None:
    """That and the news of it are not in memory: the journal is asked, beside others that run."""
    async with open_harness(tmp_path, *TWO) as harness:
        harness.crm.rule = lambda _: GONE
        await harness.commit("c1", "call.started", to=("crm", "log"))
        await harness.flush()
        await harness.commit("c2", "call.started", to=("crm", "log"))

        assert await drain(harness) == 3


async def test_a_drain_of_enabled_endpoints_asks_the_journal_nothing(tmp_path: Path) -> None:
    """All that is left is in memory."""
    async with open_harness(tmp_path) as harness:
        harness.journal.listing.clear()
        assert await drain(harness) == 0

        assert not harness.journal.listing.is_set()


async def test_a_drain_ends_at_its_deadline(tmp_path: Path) -> None:
    """The rest is told, counted and kept."""
    with capture_logs() as lines:
        async with open_harness(tmp_path) as harness:
            harness.crm.gate.clear()
            await harness.commit("c1", "call.started")

            assert await drain(harness, 0.05) == 1
    assert [one["lanes"] for one in lines if one["event"] == "drain_timed_out"] == [1]


async def test_a_drain_names_what_it_leaves_of_unknown_endpoints(tmp_path: Path) -> None:
    """And does not count it: no start gets rid of it. Without any, it says nothing."""
    with capture_logs() as lines:
        async with open_harness(tmp_path) as harness:
            await drain(harness)
            assert [one for one in lines if one["event"] == "lanes_kept_without_endpoint"] == []
            await harness.commit("c1", "call.started", to=("old",))
            await harness.list_backlog()
            assert await drain(harness) == 0

    kept = [one["lanes"] for one in lines if one["event"] == "lanes_kept_without_endpoint"]
    assert kept == [{OLD: 1}]


@pytest.mark.parametrize(("attempts", "longest_s"), [(1, 1.2), (4, 18.0), (13, 28.8 * HOUR_S)])
async def test_after_a_start_a_lane_waits_no_longer_than_its_schedule_says(
    tmp_path: Path, attempts: int, longest_s: float
) -> None:
    """Whatever the journal says: the clock of this machine may have been wrong."""
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        ended = event("c1", 1, "call.ended")
        entry = Entry(call_id=C1, version=0, epoch=1, state=b"", events=(ended,), endpoints=(CRM,))
        await journal.commit(replace(entry, ended=True))
        due_at = START + 300 * HOUR_S
        await journal.settle([LaneUpdate(C1, CRM, 0, attempts=attempts, due_at=due_at)])
    async with open_harness(tmp_path) as harness:
        await harness.advance(longest_s - 0.1)
        assert harness.crm.tried == []
        await harness.advance(0.2)

        assert harness.crm.ids == ["c1_1"]


@pytest.mark.parametrize(("given_up", "named"), [((1, 3, 4), (3, 4)), ((1, 2, 4), (4,))])
async def test_after_a_start_a_delivery_names_what_was_given_up_just_before_it(
    tmp_path: Path, given_up: tuple[int, ...], named: tuple[int, ...]
) -> None:
    """Without a delivery between; what was given up before that was named then."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 5, to=("crm", "log"))
        for seq in given_up:
            parked = Parked(seq, 400, "refused")
            await harness.journal.settle([LaneUpdate(C1, CRM, seq, parked=parked)])
    async with open_harness(tmp_path) as harness:
        await harness.flush()

        (delivery,) = harness.crm.taken
        assert delivery.id == "evt_c1_5"
        assert delivery.gap_seqs == named


async def test_after_a_start_no_more_than_a_hundred_are_named(tmp_path: Path) -> None:
    """The newest of those that were given up."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 103, to=("crm", "log"))
        for seq in range(1, 103):
            parked = Parked(seq, 400, "refused")
            await harness.journal.settle([LaneUpdate(C1, CRM, seq, parked=parked)])
    async with open_harness(tmp_path) as harness:
        await harness.flush()

        assert [one.gap_seqs for one in harness.crm.taken] == [tuple(range(3, 103))]


async def test_a_lane_goes_on_where_its_receiver_fails_at_one_event(tmp_path: Path) -> None:
    """If its endpoint asks for that, after a few tries."""
    async with open_harness(tmp_path, endpoint(order="go_on")) as harness:
        harness.crm.rule = lambda one: BROKEN if one.id == "evt_c1_1" else None
        await harness.commit("c1", "call.started", "call.answered")
        for _ in range(MAX_TRIES_TO_GO_ON):
            await harness.flush()
            await harness.advance(15)

        assert harness.crm.ids == ["c1_2"]
