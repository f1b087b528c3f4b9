"""Partials in lanes: their place among events, and what replaces or drops them."""

from pathlib import Path

import pytest

from service.errors import TemporaryDeliveryError
from tests.delivery.builders import BUSY, CRM, GONE, REFUSED, endpoint
from tests.delivery.harness import open_harness
from tests.waiting import until

BUSY_FOR_AN_HOUR = TemporaryDeliveryError("answered 429", retry_after_s=3600)


async def test_a_newer_partial_replaces_a_waiting_one(tmp_path: Path) -> None:
    """While the receiver is slow it is not given stale words; other utterances keep theirs."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        for revision in range(1, 6):
            harness.publish("c1", "u1", revision)
            harness.publish("c1", "u2", revision)
            await until(lambda: len(harness.crm.tried) == 1)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["prt_u1_1", "prt_u1_5", "prt_u2_5"]
        assert harness.lanes.counters[CRM].partials_dropped == 7


async def test_a_final_overtakes_the_partials_before_it(tmp_path: Path) -> None:
    """Waiting partials are worth nothing once the final is there; later ones still are."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started")
        harness.crm.gate.clear()
        await until(lambda: len(harness.crm.tried) == 1)
        harness.publish("c1", "u1", 1)
        harness.publish("c1", "u2", 1)
        await harness.commit("c1", "transcript.final")
        harness.publish("c1", "u2", 2)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "prt_u2_2"]


async def test_partials_keep_their_place_among_events(tmp_path: Path) -> None:
    """A partial goes after the events before it and before the events after it."""
    async with open_harness(tmp_path) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "call.started", "call.answered")
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "transcription.degraded")
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == ["c1_1", "c1_2", "prt_u1_1", "c1_3"]


@pytest.mark.parametrize("failure", [BUSY, REFUSED])
async def test_a_failed_partial_is_not_tried_again(tmp_path: Path, failure: Exception) -> None:
    """By then there would be a newer one; the final behind it is not held up."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(failure)
        harness.publish("c1", "u1", 1)
        await harness.flush()
        await harness.commit("c1", "transcript.final")
        await harness.flush()

        assert [one.id for one in harness.crm.tried] == ["prt_u1_1", "evt_c1_1"]
        assert await harness.journal.parked(limit=9) == []


async def test_a_pause_that_a_partial_is_asked_for_holds_no_final_up(tmp_path: Path) -> None:
    """Only partials wait for it: what is heard meanwhile goes out, and learns by itself."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY_FOR_AN_HOUR)
        harness.publish("c1", "u1", 1)
        await harness.flush()
        await harness.commit("c1", "transcript.final")
        await harness.flush()

        assert harness.crm.ids == ["c1_1"]


async def test_a_pause_that_a_partial_is_asked_for_is_kept(tmp_path: Path) -> None:
    """Also by a lane that has nothing else to do; then the newest of each utterance goes out."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY_FOR_AN_HOUR)
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "call.answered")
        await harness.flush()
        await harness.advance(1800)
        for revision in (2, 3):
            harness.publish("c1", "u2", revision)
            await harness.advance(1799 * (revision == 3))
        assert [one.id for one in harness.crm.tried] == ["prt_u1_1", "evt_c1_1"]

        await harness.advance(1)
        assert harness.crm.ids == ["c1_1", "prt_u2_3"]
        harness.publish("c1", "u2", 4)
        await harness.flush()
        assert harness.crm.ids == ["c1_1", "prt_u2_3", "prt_u2_4"]


async def test_a_partial_can_learn_that_the_endpoint_is_gone(tmp_path: Path) -> None:
    """410 disables, whatever it answered."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(GONE)
        harness.publish("c1", "u1", 1)
        await harness.flush()

        assert await harness.journal.disabled() == {CRM: "gone"}


async def test_no_partials_where_they_are_off(tmp_path: Path) -> None:
    """The endpoint gets durable events only."""
    async with open_harness(tmp_path, endpoint(partials="off")) as harness:
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "transcript.final")
        await harness.flush()

        assert harness.crm.ids == ["c1_1"]


async def test_a_debounced_partial_waits_for_quiet(tmp_path: Path) -> None:
    """Only a revision that nothing followed for the given time goes out."""
    async with open_harness(tmp_path, endpoint(partials="debounce:300ms")) as harness:
        for revision in range(1, 4):
            harness.publish("c1", "u1", revision)
            await harness.advance(0.25)
        assert harness.crm.ids == []

        await harness.advance(0.06)
        assert harness.crm.ids == ["prt_u1_3"]


async def test_a_debounced_partial_does_not_survive_its_final(tmp_path: Path) -> None:
    """The final does not wait for quiet, and drops what does."""
    async with open_harness(tmp_path, endpoint(partials="debounce:300ms")) as harness:
        harness.publish("c1", "u1", 1)
        await harness.commit("c1", "transcript.final")
        await harness.flush()
        await harness.advance(1)

        assert harness.crm.ids == ["c1_1"]
