"""What people ask of delivery afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from service.delivery import replays
from service.delivery.endpoints import Endpoint
from service.errors import (
    EndpointGoneError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from tests.delivery.builders import CRM, REFUSED, endpoint
from tests.delivery.harness import Harness, open_harness
from tests.delivery.peers import ScriptedSink

ENDPOINTS = [endpoint()]


class Door:
    """A sink of its own, as the command line opens one beside the running service."""

    def __init__(self) -> None:
        self.sink = ScriptedSink()

    @asynccontextmanager
    async def __call__(self, _: Endpoint) -> AsyncIterator[ScriptedSink]:
        """Open it."""
        yield self.sink


async def park_the_second_of_three(harness: Harness) -> int:
    """Have one event refused; return the number it is listed under."""
    harness.crm.script.extend([None, REFUSED])
    await harness.commit("c1", "call.started", "call.answered", "call.ended")
    await harness.flush()
    (parked,) = await replays.list_parked(harness.journal)
    return parked.id


async def test_what_was_parked_is_listed(tmp_path: Path) -> None:
    """Newest first: what, for whom, and why."""
    async with open_harness(tmp_path) as harness:
        await park_the_second_of_three(harness)
        (parked,) = await replays.list_parked(harness.journal, limit=5)

        assert (parked.call_id, parked.endpoint, parked.seq) == ("c1", "crm", 2)
        assert (parked.type, parked.status, parked.reason) == ("call.answered", 400, "refused")


async def test_a_parked_delivery_is_sent_again_as_it_was(tmp_path: Path) -> None:
    """The same id and bytes, beside the lane, which goes on as if nothing happened."""
    door = Door()
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        sent = await replays.retry_parked(harness.journal, ENDPOINTS, parked_id, sink=door)
        await harness.commit("c1", "transcript.completed")
        await harness.flush()

        assert sent is not None
        assert [one.body for one in door.sink.taken] == [harness.crm.tried[1].body]
        assert door.sink.ids == ["c1_2"]
        assert harness.crm.ids == ["c1_1", "c1_3", "c1_4"]
        assert await replays.list_parked(harness.journal) == []


async def test_a_retry_that_fails_leaves_it_on_the_list(tmp_path: Path) -> None:
    """Nothing is lost by trying."""
    door = Door()
    door.sink.script.append(TemporaryDeliveryError("answered 503", status=503))
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(TemporaryDeliveryError):
            await replays.retry_parked(harness.journal, ENDPOINTS, parked_id, sink=door)

        assert [one.id for one in await replays.list_parked(harness.journal)] == [parked_id]


async def test_a_number_that_is_not_listed_is_told(tmp_path: Path) -> None:
    """Neither an error nor a delivery."""
    async with open_harness(tmp_path) as harness:
        assert await replays.retry_parked(harness.journal, ENDPOINTS, 99, sink=Door()) is None


async def test_what_an_endpoint_does_not_take_is_not_sent_to_it(tmp_path: Path) -> None:
    """Its patterns may have changed, or a report was parked: a replay of the call sends that."""
    door = Door()
    narrow = [replace(one, events=("call.report",), report=True) for one in ENDPOINTS]
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(SettingsError, match="callscribe replay c1 --to crm"):
            await replays.retry_parked(harness.journal, narrow, parked_id, sink=door)

        assert door.sink.tried == []
        assert [one.id for one in await replays.list_parked(harness.journal)] == [parked_id]


async def test_a_parked_delivery_of_an_erased_call_cannot_be_sent(tmp_path: Path) -> None:
    """Its words are gone, and nothing goes out in their place."""
    door = Door()
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        harness.journal.erased.add("c1")

        assert await replays.retry_parked(harness.journal, ENDPOINTS, parked_id, sink=door) is None
        assert door.sink.tried == []


async def test_a_parked_delivery_needs_its_endpoint(tmp_path: Path) -> None:
    """An endpoint that was taken out of the settings cannot get anything."""
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(SettingsError, match="crm"):
            await replays.retry_parked(harness.journal, [], parked_id)


async def test_a_call_is_replayed_from_where_one_likes(tmp_path: Path) -> None:
    """The running lanes deliver the rest of the call again, in order, under the same ids."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", "call.answered", "call.ended")
        await harness.flush()
        await replays.replay(harness.journal, ENDPOINTS, CallId("c1"), CRM, from_seq=2)
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3", "c1_2", "c1_3"]
        bodies = [one.body for one in harness.crm.taken]
        assert bodies[3:] == bodies[1:3]


async def test_an_endpoint_can_be_given_a_call_it_never_had(tmp_path: Path) -> None:
    """An endpoint that is new gets the whole call."""
    both = [endpoint(), endpoint("new")]
    async with open_harness(tmp_path, *both) as harness:
        await harness.commit("c1", "call.started", "call.ended")
        await replays.replay(harness.journal, both, CallId("c1"), EndpointName("new"))
        await harness.list_backlog()

        assert harness.sinks["new"].ids == ["c1_1", "c1_2"]


async def test_a_replay_to_nobody_is_refused(tmp_path: Path) -> None:
    """An unknown endpoint and a disabled one are told before anything is changed."""
    async with open_harness(tmp_path) as harness:
        with pytest.raises(SettingsError, match="other"):
            await replays.replay(harness.journal, ENDPOINTS, CallId("c1"), EndpointName("other"))
        await harness.journal.disable(CRM, "gone", 0.0)
        with pytest.raises(EndpointGoneError, match="disabled"):
            await replays.replay(harness.journal, ENDPOINTS, CallId("c1"), CRM)
