"""Endpoints switched off and on, those that are configured no more, and who is told of it."""

import asyncio
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.calls.events import EndpointEnabled
from service.delivery import switches
from service.delivery.notices import SERVICE, tell
from service.errors import SettingsError
from service.ids import EndpointName
from service.ports import LaneUpdate, Parked
from tests.delivery.archives import target_in
from tests.delivery.builders import BROKEN, C1, CRM, GONE, endpoint
from tests.delivery.harness import START, Harness, commit, open_harness
from tests.delivery.test_replays import Door
from tests.waiting import until

LOG, OLD = EndpointName("log"), EndpointName("old")


def told(harness: Harness, name: str) -> list[tuple[str, str]]:
    """Return what an endpoint was told of others: type, and which."""
    taken = [one for one in harness.sinks[name].taken if one.type.startswith("endpoint.")]
    return [(one.type, json.loads(one.body)["data"]["endpoint"]) for one in taken]


async def test_a_gone_endpoint_is_told_to_the_others_and_so_is_its_return(tmp_path: Path) -> None:
    """In order, signed and kept like the events of a call; it is not told of itself."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started", to=("crm",))
        await harness.flush()
        await harness.list_backlog()
        assert told(harness, "log") == [("endpoint.disabled", "crm")]

        assert await switches.enable(harness.journal, [CRM, LOG], CRM, now=START)
        await harness.list_backlog()

        assert told(harness, "log") == [("endpoint.disabled", "crm"), ("endpoint.enabled", "crm")]
        assert told(harness, "crm") == []
        assert harness.crm.ids == ["c1_1"]
        ids = [one.id for one in harness.sinks["log"].taken]
        assert ids == ["evt_service/endpoints_1", "evt_service/endpoints_2"]
        body = json.loads(harness.sinks["log"].taken[0].body)
        assert body["data"]["reason"] == "gone"


async def test_what_waits_for_its_next_try_is_tried_when_somebody_says_so(tmp_path: Path) -> None:
    """The fault is mended: nobody waits out the schedule. What does not wait is left alone."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.rule = lambda delivery: BROKEN if delivery.type == "transcript.final" else None
        for call in ("c1", "c2"):
            await harness.commit(
                call, "call.started", "transcript.final", "call.ended", to=("crm",)
            )
        await harness.commit("c3", "call.started", to=("crm", "log"))
        await harness.flush()
        await harness.advance(300.0)
        harness.crm.rule = lambda _: None
        before = list(harness.crm.ids)

        assert await switches.hurry(harness.journal, LOG) == 0
        assert await switches.hurry(harness.journal, CRM) == 2
        await harness.list_backlog()

        news = harness.crm.ids[len(before) :]
        assert sorted(news) == ["c1_2", "c1_3", "c2_2", "c2_3"]
        assert await harness.backlog() == []
        assert await switches.hurry(harness.journal, CRM) == 0


async def test_a_gone_endpoint_stays_off_while_that_is_noted(tmp_path: Path) -> None:
    """Whoever lists the backlog meanwhile, the journal says that it is on: an old answer."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        harness.journal.noting_gate.clear()
        await harness.commit("c1", "call.started")
        await harness.journal.noting.wait()
        await harness.lanes.list_backlog()
        harness.lanes.wake()
        assert harness.lanes.disabled == {CRM}

        harness.journal.asking_gate.clear()
        harness.journal.asking.clear()
        listing = asyncio.create_task(harness.lanes.list_backlog())
        await harness.journal.asking.wait()
        harness.journal.noting_gate.set()
        await harness.journal.noted.wait()
        harness.journal.asking_gate.set()
        await listing
        harness.lanes.wake()
        await harness.flush()

        assert harness.lanes.disabled == {CRM}
        assert len(harness.crm.tried) == 1


async def test_a_gone_endpoint_that_was_noted_since_the_journal_was_asked_stays_off(
    tmp_path: Path,
) -> None:
    """All of it happened while the answer was on its way."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        harness.journal.asking_gate.clear()
        harness.journal.asking.clear()
        listing = asyncio.create_task(harness.lanes.list_backlog())
        await harness.journal.asking.wait()
        await harness.commit("c1", "call.started")
        await harness.journal.noted.wait()
        harness.journal.asking_gate.set()
        await listing
        assert harness.lanes.disabled == {CRM}

        await switches.enable(harness.journal, [CRM], CRM, now=START)
        await harness.list_backlog()
        assert harness.crm.ids == ["c1_1"]


async def test_a_gone_endpoint_may_be_enabled_as_often_as_it_is_disabled(tmp_path: Path) -> None:
    """What was noted long ago is no older than what the journal says."""
    async with open_harness(tmp_path) as harness:
        for number in (1, 2, 3):
            harness.crm.script.append(GONE)
            await harness.commit("c1", "call.answered")
            await harness.flush()
            assert harness.lanes.disabled == {CRM}
            await switches.enable(harness.journal, [CRM], CRM, now=START)
            await harness.list_backlog()

            assert harness.lanes.disabled == set()
            assert len(harness.crm.ids) == number


async def test_a_gone_endpoint_that_could_not_be_noted_is_asked_again(tmp_path: Path) -> None:
    """By the next listing: nobody else knows that it is off, and nobody would enable it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        harness.journal.failing.add("disable")
        await harness.commit("c1", "call.started")
        await harness.flush()
        assert harness.lanes.disabled == {CRM}
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1"]


async def test_what_is_told_is_tried_again_and_survives_a_restart(tmp_path: Path) -> None:
    """The log has trouble when the crm is gone: it hears of it later."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started", to=("crm",))
        await harness.flush()
        harness.sinks["log"].script.append(BROKEN)
        await harness.list_backlog()
        assert told(harness, "log") == []

    async with open_harness(tmp_path, endpoint(), endpoint("log"), clock=harness.clock) as harness:
        await harness.advance(2)
        assert told(harness, "log") == [("endpoint.disabled", "crm")]


async def test_two_processes_tell_at_the_same_time(tmp_path: Path) -> None:
    """One of them is refused, and tells after the other."""
    async with open_harness(tmp_path) as harness:
        for _ in range(2):
            await tell(harness.journal, EndpointEnabled(endpoint=LOG), [CRM], now=START)
        await harness.list_backlog()

        assert [one.id for one in harness.crm.taken] == [
            f"evt_{SERVICE}_1",
            f"evt_{SERVICE}_2",
        ]


async def test_an_enabled_endpoint_does_not_wait_for_its_schedule(tmp_path: Path) -> None:
    """Whoever enables it knows that it is back: its lanes go at once, retries as well."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([BROKEN] * 4)
        await harness.commit("c1", "call.started", "call.ended")
        await harness.flush()
        for seconds in (1, 2, 5):
            await harness.advance(seconds)
        await switches.disable(harness.journal, [CRM], CRM, "by_hand", now=START)
        await harness.list_backlog()
        assert len(harness.crm.tried) == 4

        await switches.enable(harness.journal, [CRM], CRM, now=START)
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2"]


async def test_what_a_disabled_endpoint_misses_is_counted(tmp_path: Path) -> None:
    """Nobody may think that it is up to date, nor that the stop left nothing."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        await harness.commit("c1", "call.started")
        await harness.flush()
        assert harness.lanes.behind == {CRM: 1}
        await harness.commit("c2", "call.started")
        await harness.list_backlog()
        assert harness.lanes.behind == {CRM: 2}

        await harness.commit("c3", "call.started")
        assert await harness.lanes.drain(0.0) == 3


async def test_an_attempt_on_its_way_is_not_overtaken_by_a_switch(tmp_path: Path) -> None:
    """Switched off and on meanwhile, the endpoint gets nothing of the call beside it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started", "call.answered")
        await until(lambda: len(harness.crm.tried) == 1)
        for _ in range(2):
            await switches.disable(harness.journal, [CRM], CRM, "by_hand", now=START)
            await harness.lanes.list_backlog()
            assert harness.lanes.behind == {CRM: 1}
            await switches.enable(harness.journal, [CRM], CRM, now=START)
            await harness.lanes.list_backlog()
            harness.lanes.wake()
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.overlaps == 0
        assert harness.crm.ids == ["c1_1", "c1_2"]


async def test_switching_twice_changes_nothing(tmp_path: Path) -> None:
    """And tells nobody."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        assert not await switches.enable(harness.journal, [CRM, LOG], CRM, now=START)
        await harness.list_backlog()

        assert told(harness, "log") == []


async def test_lanes_of_an_unknown_endpoint_are_named_at_the_start(tmp_path: Path) -> None:
    """Once in the log, with what to do; and counted as long as they are there."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", to=("old", "crm"))
    with capture_logs() as logs:
        async with open_harness(tmp_path) as harness:
            await harness.list_backlog()
            assert harness.lanes.unknown == {OLD: 1}
            assert harness.lanes.behind[OLD] == 1

    (line,) = [one for one in logs if one["event"] == "lanes_without_endpoint"]
    assert (line["endpoint"], line["lanes"]) == ("old", 1)
    assert "callscribe endpoints move old NEW" in line["remedy"]


async def test_a_renamed_endpoint_gets_what_the_old_name_did_not(tmp_path: Path) -> None:
    """From where the old one stopped, under the ids that they have, while the service runs."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.answered", to=("old",))
        await commit(harness.journal, "c2", "call.started", to=("old",))
        await harness.journal.settle([LaneUpdate(C1, OLD, 1)])
        await harness.list_backlog()

        moved = await switches.move(harness.journal, [CRM], OLD, CRM)
        assert moved.calls == 2
        await harness.list_backlog()

        assert sorted(harness.crm.ids) == ["c1_2", "c2_1"]
        assert harness.lanes.unknown == {}
        assert await harness.backlog() == []


async def test_a_call_that_goes_on_over_a_move_is_passed_on(tmp_path: Path) -> None:
    """Its route is part of its state and names the old endpoint until the end, over restarts."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", to=("old",))
        await switches.move(harness.journal, [CRM], OLD, CRM)
        await harness.list_backlog()
        await commit(harness.journal, "c1", "call.answered", to=("old",))
    async with open_harness(tmp_path) as harness:
        await harness.list_backlog()
        await commit(harness.journal, "c1", "call.ended", to=("old",))
        for _ in range(2):
            await harness.list_backlog()

        assert harness.crm.ids == ["c1_2", "c1_3"]
        assert harness.lanes.unknown == {}


async def test_what_was_moved_there_and_back_does_not_go_in_circles(tmp_path: Path) -> None:
    """The last move counts."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", to=("old",))
        for old, new in ((OLD, LOG), (LOG, OLD)):
            await switches.move(harness.journal, [new], old, new)

        assert await harness.journal.aliases() == {LOG: OLD}


async def test_a_move_sets_a_lane_back_and_takes_parked_deliveries_along(tmp_path: Path) -> None:
    """Where both had a lane of a call, nothing that either missed is left out."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", "call.answered", "call.ended", to=("crm", "old"))
        await harness.flush()
        await harness.journal.settle([LaneUpdate(C1, OLD, 1, parked=Parked(1, 400, "refused"))])

        await switches.move(harness.journal, [CRM], OLD, CRM)
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3", "c1_2", "c1_3"]
        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.endpoint, parked.seq) == ("crm", 1)


async def test_lanes_of_an_unknown_endpoint_can_be_parked(tmp_path: Path) -> None:
    """Each delivery is on the list of what was given up."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", "call.answered", to=("old",))
        await harness.journal.settle([LaneUpdate(C1, OLD, 1)])

        assert await switches.park(harness.journal, [CRM], OLD, now=START) == 1
        await harness.list_backlog()

        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.endpoint, parked.seq, parked.reason) == ("old", 2, "no_endpoint")
        assert harness.lanes.unknown == {}


async def test_what_a_gone_endpoint_never_got_is_not_parked(tmp_path: Path) -> None:
    """Its `events` when it was last configured say so; a report is listed as one."""
    old = endpoint("old", events=("call.answered", "call.report"), report=True)
    async with open_harness(tmp_path, endpoint(), old):
        pass
    async with open_harness(tmp_path) as harness:
        kinds = ("call.started", "call.answered", "transcript.completed")
        await commit(harness.journal, "c1", *kinds, to=("old",))
        assert await switches.park(harness.journal, [CRM], OLD, now=START) == 2

        found = {one.seq: one.type for one in await harness.journal.parked(limit=9)}
        assert found == {2: "call.answered", 3: "call.report"}


async def test_what_the_new_endpoint_never_gets_is_not_listed_for_it(tmp_path: Path) -> None:
    """What the old one had parked of that is forgotten."""
    narrow = endpoint(events=("call.*",))
    async with open_harness(tmp_path, narrow) as harness:
        await commit(harness.journal, "c1", "call.started", "transcript.gap", to=("old",))
        for seq in (1, 2):
            parked = Parked(seq, 400, "refused")
            await harness.journal.settle([LaneUpdate(C1, OLD, seq, parked=parked)])
        await switches.move(harness.journal, [CRM], OLD, CRM, wanted=narrow.filter)

        assert [one.seq for one in await harness.journal.parked(limit=9)] == [1]


async def test_lanes_that_somebody_runs_are_not_moved(tmp_path: Path) -> None:
    """Nor to a name that nobody has."""
    async with open_harness(tmp_path) as harness:
        with pytest.raises(SettingsError, match="crm is still configured"):
            await switches.move(harness.journal, [CRM, LOG], CRM, LOG)
        with pytest.raises(SettingsError, match="no endpoint is called nobody"):
            await switches.move(harness.journal, [CRM], OLD, EndpointName("nobody"))
        with pytest.raises(SettingsError, match="crm is still configured"):
            await switches.park(harness.journal, [CRM], CRM, now=START)


async def test_a_test_says_how_it_went() -> None:
    """One delivery of a type of its own; what went wrong comes back in words."""
    door = Door()
    door.sink.script.extend([None, BROKEN])

    arrived = await switches.try_endpoint(endpoint(), sink=door)
    failed = await switches.try_endpoint(endpoint(), sink=door)

    assert arrived.arrived
    assert (failed.arrived, failed.status, failed.error) == (False, 500, "answered 500")
    assert [one.type for one in door.sink.tried] == ["endpoint.test"] * 2
    assert len({one.id for one in door.sink.tried}) == 2


async def test_a_test_of_an_archive_writes_and_deletes(tmp_path: Path) -> None:
    """No event comes of it."""
    good = endpoint(type="archive", archive=target_in(tmp_path / "cold"))
    bad = endpoint(
        type="archive", archive=target_in(tmp_path, url="s3://b", s3_endpoint="http://127.0.0.1:1")
    )

    assert (await switches.try_endpoint(good)).arrived
    tried = await switches.try_endpoint(bad)
    assert (tried.arrived, tried.error) == (False, "the archive failed: unreachable")
