"""What the lanes do by themselves: write acks, list the backlog, follow what others switch."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from service.delivery import switches
from service.ids import EndpointName
from service.retry import RetryPolicy
from tests.delivery.builders import BROKEN, BUSY, C1, CRM, endpoint, webhook
from tests.delivery.harness import START, Harness, commit, open_harness
from tests.waiting import PATIENCE_S, until

OLD = EndpointName("old")
TELLS = ("endpoint_disabled", "endpoint_enabled")


async def delivered(harness: Harness) -> None:
    """Return once the journal has every ack; nobody flushes."""
    async with asyncio.timeout(PATIENCE_S):
        while await harness.backlog():  # noqa: ASYNC110 - the journal tells nobody
            await asyncio.sleep(0.01)


async def test_acks_are_written_without_being_asked_for(tmp_path: Path) -> None:
    """Soon after the delivery."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started")
        await delivered(harness)


async def test_acks_that_are_not_written_yet_are_written_at_the_end(tmp_path: Path) -> None:
    """So that the next start does not repeat them."""
    async with open_harness(tmp_path, ack_every_s=3600.0) as harness:
        await harness.commit("c1", "call.started")
        await until(lambda: harness.lanes.counters[CRM].delivered == 1)
    async with open_harness(tmp_path) as harness:
        assert await harness.backlog() == []


async def test_what_is_due_after_the_end_does_not_go_out(tmp_path: Path) -> None:
    """Its sink is closed by then."""
    async with open_harness(tmp_path, endpoint(partials="debounce:50ms")) as harness:
        harness.publish("c1", "u1", 1)
    harness.clock.now += 60
    due = asyncio.Event()
    asyncio.get_running_loop().call_later(0.2, due.set)
    await due.wait()

    assert harness.crm.tried == []


async def test_acks_that_cannot_be_written_at_the_end_are_told_of(tmp_path: Path) -> None:
    """Those deliveries are repeated."""
    with capture_logs() as lines:
        async with open_harness(tmp_path, ack_every_s=3600.0) as harness:
            await harness.commit("c1", "call.started")
            await until(lambda: harness.lanes.counters[CRM].delivered == 1)
            harness.journal.off = True

    assert "acknowledgements_lost" in [line["event"] for line in lines]


async def test_what_an_endpoint_gets_is_known_once_it_is_gone(tmp_path: Path) -> None:
    """So that what waits for it is moved as it would have been sent."""
    only_finals = endpoint("old", events=("transcript.final",))
    async with open_harness(tmp_path, only_finals):
        pass
    async with open_harness(tmp_path) as harness:
        assert (await harness.journal.filters())[OLD] == only_finals.filter


async def test_a_lane_leaves_the_memory_once_its_acks_are_written(tmp_path: Path) -> None:
    """Of two hundred endpoints each has room for three hundred at a time."""
    many = [endpoint(f"e{number}") for number in range(200)]
    async with open_harness(tmp_path, *many) as harness:
        for number in range(310):
            await harness.commit(f"c{number}", "call.started", to=("e0",))
            await harness.flush()

        assert len(harness.sinks["e0"].taken) == 310


async def test_the_backlog_is_listed_again_and_again(tmp_path: Path) -> None:
    """What others committed goes out, also after the journal was away."""
    with capture_logs() as lines:
        async with open_harness(tmp_path, poll_every_s=0.01) as harness:
            await commit(harness.journal, "c1", "call.started")
            await until(lambda: harness.crm.ids == ["c1_1"])
            harness.journal.off = True
            await until(lambda: "backlog_not_listed" in [line["event"] for line in lines])
            harness.journal.off = False
            await commit(harness.journal, "c2", "call.started")
            await until(lambda: harness.crm.ids == ["c1_1", "c2_1"])


async def test_that_another_process_switched_an_endpoint_is_told_once(tmp_path: Path) -> None:
    """Neither at a start that finds it as it was, nor at every listing."""
    with capture_logs() as lines:
        async with open_harness(tmp_path) as harness:
            for _ in range(2):
                await harness.list_backlog()
            assert [one for one in lines if one["event"] in TELLS] == []
            await harness.journal.disable(CRM, "by_hand", START)
            for _ in range(2):
                await harness.list_backlog()
            assert [one["event"] for one in lines if one["event"] in TELLS] == [TELLS[0]]
            await harness.journal.enable(CRM)
            for _ in range(2):
                await harness.list_backlog()

    told = [(one["event"], one["endpoint"]) for one in lines if one["event"] in TELLS]
    assert told == [("endpoint_disabled", CRM), ("endpoint_enabled", CRM)]


async def test_lanes_that_are_passed_on_are_nobody_elses(tmp_path: Path) -> None:
    """Their endpoint was moved before: they are not among those of unknown ones."""
    async with open_harness(tmp_path) as harness:
        await commit(harness.journal, "c1", "call.started", to=("old",))
        await switches.move(harness.journal, [CRM], OLD, CRM)
        await commit(harness.journal, "c1", "call.answered", to=("old",))
        await harness.list_backlog()

        assert harness.lanes.unknown == {}


async def test_an_endpoint_that_is_back_gets_what_is_its_own(tmp_path: Path) -> None:
    """Nobody takes over from it any more; from others, as before."""
    gone = EndpointName("gone")
    async with open_harness(tmp_path) as harness:
        for name in (OLD, gone):
            await commit(harness.journal, f"of {name}", "call.started", to=(name,))
            await switches.move(harness.journal, [CRM], name, CRM)
    async with open_harness(tmp_path, endpoint("crm"), endpoint("old")) as harness:
        assert await harness.journal.aliases() == {gone: CRM}


async def test_endpoints_share_what_their_host_is_and_others_do_not(tmp_path: Path) -> None:
    """One without a host, like the log, is beside nobody."""
    one, two = (webhook(f"https://one.example/{name}", name) for name in ("crm", "two"))
    async with open_harness(tmp_path, one, two, endpoint("a"), endpoint("b")) as harness:
        for name in ("crm", "a"):
            harness.sinks[name].rule = lambda _: BUSY
        for number in range(10):
            await harness.commit(f"c{number}", "call.started", to=("crm", "a"))
            await harness.flush()

        assert harness.lanes.failing == {"crm", "two", "a"}


async def test_it_is_tried_again_by_the_policy_that_was_given(tmp_path: Path) -> None:
    """Here: once, and then it is given up."""
    async with open_harness(tmp_path, policy=RetryPolicy(delays_s=())) as harness:
        harness.crm.rule = lambda _: BROKEN
        await harness.commit("c1", "call.started")
        await harness.flush()

        assert [one.call_id for one in await harness.journal.parked(limit=9)] == [C1]
