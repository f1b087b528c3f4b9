"""What a call's backlog becomes when the service starts again with other endpoints."""

import asyncio
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from service.delivery import switches
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.delivery.lanes import open_lanes
from service.ids import EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from tests.delivery.builders import BUSY, CRM, GONE, SECRET, endpoint, webhook
from tests.delivery.harness import START, Harness, ManualClock, commit, open_harness
from tests.delivery.peers import open_receiver
from tests.delivery.test_batches import seqs

NEW = EndpointName("new")
OTHER_SECRET = "whsec_" + "B" * 43 + "="


async def leave_a_backlog(folder: Path, clock: ManualClock) -> None:
    """Have one event of a call that goes on arrive, and three wait."""
    async with open_harness(folder, clock=clock) as harness:
        harness.crm.script.extend([None, BUSY])
        kinds = ("call.started", "call.answered", "transcript.final", "transcript.gap")
        await harness.commit("c1", *kinds)
        await harness.flush()
        assert harness.crm.ids == ["c1_1"]


async def say_more(harness: Harness) -> None:
    """Have the call that goes on say one thing more, for the endpoint of its route."""
    await harness.commit("c1", "call.ended")
    await harness.advance(60)


CHANGES: list[dict[str, object]] = [
    {"type": "webhook", "url": "https://elsewhere.example.com", "secret": SECRET},
    {"secret_previous": OTHER_SECRET, "signing_key": "whsk_" + "C" * 43 + "="},
    {"partials": "off"},
    {"order": "go_on"},
    {"report": True},
    {"archive": ArchiveTarget(url="file:///archive")},
    {"timeout_s": 1.0},
    {"headers": {"x-key": "1"}},
    {"allow_private": True, "ports": (8080,)},
]
OTHERWISE = {"name", "events", "batch"}
"""What changes more than how its deliveries are made: the tests below."""


def test_every_key_of_an_endpoint_is_changed() -> None:
    """A key that is new says here what becomes of what waited before it was another."""
    changed = {key for changes in CHANGES for key in changes}

    assert changed | OTHERWISE == {one.name for one in fields(Endpoint)}


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: next(iter(changes)))
async def test_a_changed_endpoint_goes_on_where_it_was(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """Its lanes go by its name: what had not arrived does, once, in order, under the same ids."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    async with open_harness(tmp_path, endpoint("crm", **changes), clock=clock) as harness:
        await say_more(harness)

        assert harness.crm.ids == ["c1_2", "c1_3", "c1_4", "c1_5"]
        assert await harness.backlog() == []


async def test_a_backlog_goes_by_the_events_of_today(tmp_path: Path) -> None:
    """What an endpoint does not want any more is passed over, and what it wants now comes."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    wanted = endpoint(events=("transcript.*",))
    async with open_harness(tmp_path, wanted, clock=clock) as harness:
        await say_more(harness)

        assert harness.crm.ids == ["c1_3", "c1_4"]
        assert await harness.backlog() == []


async def test_an_endpoint_that_is_removed_keeps_its_lanes(tmp_path: Path) -> None:
    """It is named, its lanes are counted, and once it is back everything comes."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    with capture_logs() as lines:
        async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
            await say_more(harness)
            assert harness.lanes.unknown == {CRM: 1}
    (named,) = [one for one in lines if one["event"] == "lanes_without_endpoint"]
    assert (named["endpoint"], named["lanes"]) == ("crm", 1)
    async with open_harness(tmp_path, endpoint(), clock=clock) as harness:
        await harness.flush()

        assert harness.crm.ids == ["c1_2", "c1_3", "c1_4", "c1_5"]


async def test_an_endpoint_that_is_removed_leaves_a_stop_no_work(tmp_path: Path) -> None:
    """No start could do it: its lanes are kept and named, but only what others are owed counts."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    with capture_logs() as lines:
        async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
            assert await harness.lanes.drain(0.0) == 0
            assert harness.lanes.behind == {CRM: 1, NEW: 0}
            harness.sinks["new"].rule = lambda _: BUSY
            await harness.commit("c2", "call.started", to=("new",))
            assert await harness.lanes.drain(asyncio.get_running_loop().time() + 5) == 1
    kept = [one["lanes"] for one in lines if one["event"] == "lanes_kept_without_endpoint"]
    assert kept == [{CRM: 1}, {CRM: 1}]


async def test_a_removed_endpoint_without_a_backlog_is_named_with_the_next_event(
    tmp_path: Path,
) -> None:
    """A call that goes on names it still: what it brings waits, and is not silent."""
    clock = ManualClock()
    async with open_harness(tmp_path, clock=clock) as harness:
        await harness.commit("c1", "call.started")
        await harness.flush()
    async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
        assert harness.lanes.unknown == {}
        await say_more(harness)
        await harness.list_backlog()

        assert harness.lanes.unknown == {CRM: 1}


async def test_an_endpoint_that_is_renamed_gets_what_the_old_one_did_not(tmp_path: Path) -> None:
    """Once it was moved: the backlog, and what the call that goes on brings, in order."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
        moved = await switches.move(harness.journal, [NEW], CRM, NEW)
        assert moved == switches.Moved(calls=1, parked=0)
        await harness.list_backlog()
        await say_more(harness)
        for _ in range(2):  # one finds it, the next has it
            await harness.list_backlog()

        assert harness.sinks["new"].ids == ["c1_2", "c1_3", "c1_4", "c1_5"]
        assert harness.lanes.behind == {NEW: 0}


async def test_an_endpoint_that_is_disabled_stays_so_whatever_else_changes(tmp_path: Path) -> None:
    """Also when it was away from the settings: only `enable` has it get anything again."""
    clock = ManualClock()
    async with open_harness(tmp_path, clock=clock) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started")
        await harness.flush()
    async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
        assert harness.lanes.unknown == {CRM: 1}
    with capture_logs() as lines:
        async with open_harness(tmp_path, endpoint(timeout_s=1.0), clock=clock) as harness:
            await say_more(harness)
            assert harness.crm.ids == []
            assert await switches.enable(harness.journal, [CRM], CRM, now=START)
            await harness.list_backlog()
            assert harness.crm.ids == ["c1_1", "c1_2"]
    assert "endpoint_disabled" in [one["event"] for one in lines]


async def test_a_backlog_goes_to_the_url_of_today_signed_with_the_secret_of_today(
    tmp_path: Path,
) -> None:
    """Nothing of it goes to the old address, and every signature is made anew."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    clock.now += 60
    async with open_receiver() as receiver:
        changed = webhook(receiver.url, secret=OTHER_SECRET)
        async with (
            open_sqlite_journal(tmp_path / "journal.db") as journal,
            open_lanes(journal, [changed], clock=clock, ack_every_s=0.0) as lanes,
        ):
            await lanes.flushed()

    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert ids == ["evt_c1_2", "evt_c1_3", "evt_c1_4"]
    for one in receiver.received:
        at = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
        signed = Webhook(OTHER_SECRET).sign(one.headers["webhook-id"], at, one.body.decode())
        assert one.headers["webhook-signature"] == signed


async def test_a_backlog_of_single_events_comes_in_batches_once_they_are_wanted(
    tmp_path: Path,
) -> None:
    """Nothing of it comes twice."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    async with open_harness(tmp_path, endpoint(batch=50), clock=clock) as harness:
        await harness.advance(60)

        assert [seqs(one) for one in harness.crm.taken] == [[2, 3, 4]]


async def test_a_batch_that_did_not_arrive_comes_one_by_one_once_that_is_wanted(
    tmp_path: Path,
) -> None:
    """In order, under the ids of the events."""
    clock = ManualClock()
    async with open_harness(tmp_path, endpoint(batch=50), clock=clock) as harness:
        await commit(harness.journal, "c1", *["call.answered"] * 3)
        harness.crm.script.append(BUSY)
        await harness.list_backlog()
        assert [seqs(one) for one in harness.crm.tried] == [[1, 2, 3]]
    async with open_harness(tmp_path, clock=clock) as harness:
        await harness.advance(60)

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_an_endpoint_that_is_renamed_twice_still_gets_what_a_call_brings(
    tmp_path: Path,
) -> None:
    """The call names the first of the three, however often its endpoint was moved."""
    clock = ManualClock()
    newest = EndpointName("newest")
    await leave_a_backlog(tmp_path, clock)
    for old, new in ((CRM, NEW), (NEW, newest)):
        async with open_harness(tmp_path, endpoint(new), clock=clock) as harness:
            await switches.move(harness.journal, [new], old, new)
    async with open_harness(tmp_path, endpoint("newest"), clock=clock) as harness:
        for _ in range(2):
            await say_more(harness)
            for _ in range(2):  # one finds it, the next has it
                await harness.list_backlog()

        assert harness.sinks["newest"].ids == [f"c1_{seq}" for seq in range(2, 7)]
        assert harness.lanes.unknown == {}


async def test_nobody_takes_over_from_an_endpoint_that_came_back_and_left_again(
    tmp_path: Path,
) -> None:
    """It was moved once; what comes for it after it was back is not given away unasked."""
    clock = ManualClock()
    await leave_a_backlog(tmp_path, clock)
    async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
        await switches.move(harness.journal, [NEW], CRM, NEW)
    async with open_harness(tmp_path, endpoint("new"), endpoint(), clock=clock) as harness:
        await harness.flush()
    async with open_harness(tmp_path, endpoint("new"), clock=clock) as harness:
        await say_more(harness)
        for _ in range(2):
            await harness.list_backlog()

        assert harness.sinks["new"].ids == []
        assert harness.lanes.unknown == {CRM: 1}
