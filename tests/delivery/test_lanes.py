"""Lanes: every event of a call in order, whatever else there is, over a real journal."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.delivery.lane import MAX_LANE_EVENTS
from service.delivery.lanes import open_lanes
from service.errors import SettingsError
from service.ids import CallId, EndpointName
from service.ports import AttemptResult, Delivery
from service.ports.observer import Unobserved
from tests.delivery.builders import BUSY, CRM, REFUSED, endpoint, live
from tests.delivery.harness import open_harness


async def test_events_of_a_call_arrive_in_order_as_they_were_stored(tmp_path: Path) -> None:
    """Each has the id of its place in the call, and the bytes that the journal keeps."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", "call.answered")
        await harness.commit("c1", "transcript.final")
        await harness.flush()
        stored = await harness.journal.read(CallId("c1"), after_seq=0, limit=9)

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]
        assert [one.body for one in harness.crm.taken] == [one.body for one in stored]
        assert await harness.backlog() == []


async def test_a_failed_event_holds_its_call_and_no_other(tmp_path: Path) -> None:
    """Strict order within a call; the others go on."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda one: BUSY if one.id == "evt_c1_1" else None
        await harness.commit("c1", "call.started", "call.answered")
        await harness.commit("c2", "call.started", "call.answered")
        await harness.flush()

        assert harness.crm.ids == ["c2_1", "c2_2"]
        assert await harness.backlog() == [("c1", 0, 2)]


async def test_a_filtered_event_is_passed_over_but_not_left_behind(tmp_path: Path) -> None:
    """The journal is not left with a backlog that nobody wants."""
    async with open_harness(tmp_path, endpoint(events=("call.*", "transcript.final"))) as harness:
        await harness.commit(
            "c1", "call.started", "transcription.started", "transcript.final", "transcript.gap"
        )
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_3"]
        assert await harness.backlog() == []


async def test_what_does_not_fit_in_memory_is_read_from_the_journal(tmp_path: Path) -> None:
    """A lane far behind gets everything in order, once."""
    count = 5 * MAX_LANE_EVENTS
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        for _ in range(5):
            await harness.commit("c1", *["call.answered"] * MAX_LANE_EVENTS)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == [f"c1_{seq}" for seq in range(1, count + 1)]


async def test_an_endpoint_nobody_configured_is_ignored(tmp_path: Path) -> None:
    """Its lane stays in the journal for the day it is configured."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", to=("crm", "other"))
        harness.lanes.publish([EndpointName("other")], live("c1", "u1", 1))
        harness.lanes.committed([CRM], [])
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1"]
        assert await harness.backlog() == [("c1", 0, 1)]


async def test_a_wrong_endpoint_is_told_plainly(tmp_path: Path) -> None:
    """Not wrapped in a group, so that the command line can explain it."""
    async with open_harness(tmp_path) as harness:
        with pytest.raises(SettingsError, match="secret"):
            async with open_lanes(
                harness.journal, [endpoint(type="webhook", url="https://crm.example.com/")]
            ):
                pass


async def test_what_goes_wrong_around_the_lanes_comes_out_as_it_is(tmp_path: Path) -> None:
    """An error of whoever opened them is not wrapped in a group either."""

    async def fail_while_busy() -> None:
        async with open_harness(tmp_path) as harness:
            harness.crm.gate.clear()
            await harness.commit("c1", "call.started")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_while_busy()


class Witness(Unobserved):
    """Keeps what it is told of attempts."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, result: AttemptResult, duration_s: float
    ) -> None:
        """Keep it."""
        del delivery
        self.told.append((endpoint, result, duration_s))


async def test_every_attempt_is_told(tmp_path: Path) -> None:
    """How it ended, and how many seconds it took."""
    witness = Witness()
    async with open_harness(tmp_path, observer=witness) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started")
        await harness.flush()
        await harness.advance(1)

    assert witness.told == [("crm", "failed", 0.0), ("crm", "delivered", 0.0)]


async def test_no_words_or_numbers_are_logged(tmp_path: Path) -> None:
    """Whatever goes wrong with a delivery, the log has ids and reasons only."""
    with capture_logs() as lines:
        async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
            harness.crm.script.extend([BUSY, REFUSED, ValueError("secret words")])
            harness.publish("c1", "u1", 1, "secret words")
            await harness.commit("c1", "transcript.final", "call.ended", to=("crm", "log"))
            await harness.flush()
            await harness.advance(1)

    assert {line["event"] for line in lines} >= {"delivery_failed", "delivery_parked"}
    assert "secret words" not in str(lines)
    assert '"data"' not in str(lines)
