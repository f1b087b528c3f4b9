"""Partials that hang: they keep no event out, neither of their endpoint nor of its host."""

from pathlib import Path

from service.ports import Delivery
from tests.delivery.builders import CRM, endpoint, live, webhook
from tests.delivery.harness import Harness, open_harness
from tests.waiting import until


def is_partial(delivery: Delivery) -> bool:
    """Return whether this delivery hangs: if it is a partial."""
    return delivery.type == "transcript.partial"


async def hang(harness: Harness, calls: int = 40) -> None:
    """Have a partial of each of many calls hang, as far as they may go out."""
    harness.crm.hangs = is_partial
    for number in range(calls):
        harness.publish(f"p{number}", f"p{number}", 1)


async def test_partials_that_hang_leave_places_to_events(tmp_path: Path) -> None:
    """Forty calls' partials have 24 of the 32 places, and the finals of others go out at once."""
    async with open_harness(tmp_path) as harness:
        await hang(harness)
        await until(lambda: len(harness.crm.tried) == 24)
        for number in range(20):
            await harness.commit(f"e{number}", "transcript.final")
        await until(lambda: len(harness.crm.taken) == 20)

        assert len(harness.crm.flying) == 24


async def test_an_event_does_not_wait_for_a_place_of_a_partial(tmp_path: Path) -> None:
    """The partial before it, which has none yet, is dropped and counted."""
    async with open_harness(tmp_path) as harness:
        await hang(harness)
        await until(lambda: len(harness.crm.tried) == 24)
        dropped = harness.lanes.counters[CRM].partials_dropped
        await harness.commit("p30", "call.answered")
        await until(lambda: harness.crm.ids == ["p30_1"])

        assert harness.lanes.counters[CRM].partials_dropped == dropped + 1


async def test_a_partial_that_was_held_goes_out_when_there_is_room(tmp_path: Path) -> None:
    """The newest revision, once the ones before it are done."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        for revision in (1, 2):
            for number in range(40):
                harness.publish(f"p{number}", f"p{number}", revision)
            await until(lambda: len(harness.crm.tried) == 24)
        harness.crm.gate.set()
        await harness.flush()

        assert sum(one.endswith("_1") for one in harness.crm.ids) == 24
        assert sum(one.endswith("_2") for one in harness.crm.ids) == 40


async def test_a_held_call_that_is_erased_says_nothing_more(tmp_path: Path) -> None:
    """Its partial goes with it."""
    async with open_harness(tmp_path, max_in_flight=2) as harness:
        harness.crm.gate.clear()
        for call in ("c1", "c2"):
            harness.publish(call, "u1", 1)
        await until(lambda: len(harness.crm.tried) == 1)
        harness.lanes.forget(live("c2", "u1", 1).call_id)
        harness.crm.gate.set()
        await harness.flush()

        assert len(harness.crm.tried) == 1


async def test_partials_that_hang_leave_the_host_places_for_events(tmp_path: Path) -> None:
    """Neither an endpoint's own events nor those of one beside it are kept out."""
    beside = webhook("https://hooks.example.com/crm", "crm", partials="all")
    wanted = webhook("https://hooks.example.com/erp", "erp")
    async with open_harness(tmp_path, beside, wanted, max_posts_per_host=8) as harness:
        await hang(harness)
        await until(lambda: len(harness.crm.tried) == 5)
        for number in range(20):
            await harness.commit(f"e{number}", "transcript.final", to=("crm", "erp"))
        await until(lambda: len(harness.crm.taken) == 20)
        await until(lambda: len(harness.sinks["erp"].taken) == 20)

        assert len(harness.crm.flying) == 5


async def test_with_one_place_partials_go_out_all_the_same(tmp_path: Path) -> None:
    """An event that comes then has a quarter of a second to wait, as ever."""
    async with open_harness(tmp_path, endpoint(), max_in_flight=1) as harness:
        harness.publish("c1", "u1", 1)
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1"]
