"""What people ask of delivery afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from service.delivery import replays
from service.delivery.endpoints import Endpoint
from service.errors import (
    EndpointGoneError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from tests.delivery.archives import target_in
from tests.delivery.builders import C1, CRM, REFUSED, endpoint
from tests.delivery.harness import Harness, open_harness
from tests.delivery.peers import ScriptedSink
from tests.delivery.test_reports import ReportsByRule

ENDPOINTS = [endpoint()]
BOTH = endpoint(report=True)


class Door:
    """A sink of its own, as the command line opens one beside the running service."""

    def __init__(self) -> None:
        self.sink = ScriptedSink()

    @asynccontextmanager
    async def __call__(self, _: Endpoint) -> AsyncIterator[ScriptedSink]:
        """Open it."""
        yield self.sink


async def retry(
    harness: Harness, parked_id: int, door: Door, endpoints: Sequence[Endpoint] = ENDPOINTS
) -> str:
    """Have a parked delivery tried again; return what came of it."""
    reports = ReportsByRule()
    return await replays.retry_parked(
        harness.journal, endpoints, parked_id, reports=reports, sink=door
    )


async def park_the_second_of_three(harness: Harness) -> int:
    """Have one event refused; return the number it is listed under."""
    harness.crm.script.extend([None, REFUSED])
    await harness.commit("c1", "call.started", "call.answered", "call.ended")
    await harness.flush()
    (parked,) = await replays.list_parked(harness.journal)
    return parked.id


async def test_all_that_is_parked_is_found(tmp_path: Path) -> None:
    """The oldest first, and as much as there is, whatever fits into one answer."""
    async with open_harness(tmp_path, endpoint(), endpoint("log")) as harness:
        for sink in (harness.crm, harness.sinks["log"]):
            sink.rule = lambda _: REFUSED
        for _ in range(4):
            await harness.commit("c1", "call.answered", to=("crm",))
            await harness.commit("c2", "call.answered", to=("log",))
            await harness.flush()

        assert await replays.parked_ids(harness.journal, at_once=3) == [1, 2, 3, 4, 5, 6, 7, 8]
        counted = await replays.count_parked(harness.journal, at_once=3)
        assert counted == {"crm": 4, "log": 4}
        of_one = await replays.parked_ids(harness.journal, "log", at_once=3)
        found = [await harness.journal.find_parked(one) for one in of_one]
        assert [(one.endpoint, one.seq) for one in found if one] == [
            ("log", seq) for seq in range(1, 5)
        ]


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
        sent = await retry(harness, parked_id, door)
        await harness.commit("c1", "transcript.completed")
        await harness.flush()

        assert sent == "arrived"
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
            await retry(harness, parked_id, door)

        assert [one.id for one in await replays.list_parked(harness.journal)] == [parked_id]


async def test_a_number_that_is_not_listed_is_told(tmp_path: Path) -> None:
    """Neither an error nor a delivery."""
    async with open_harness(tmp_path) as harness:
        assert await retry(harness, 99, Door()) == "not_parked"
        assert await retry(harness, 2**63, Door()) == "not_parked"


async def test_what_an_endpoint_does_not_take_is_not_sent_to_it(tmp_path: Path) -> None:
    """Its patterns may have changed."""
    door = Door()
    narrow = [replace(one, events=("call.report",), report=True) for one in ENDPOINTS]
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(SettingsError, match=r"crm takes no call\.answered"):
            await retry(harness, parked_id, door, narrow)

        assert door.sink.tried == []
        assert [one.id for one in await replays.list_parked(harness.journal)] == [parked_id]


async def test_a_parked_delivery_of_an_erased_call_cannot_be_sent(tmp_path: Path) -> None:
    """Its words are gone, and nothing goes out in their place."""
    door = Door()
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        harness.journal.erased.add("c1")

        assert await retry(harness, parked_id, door) == "not_parked"
        assert door.sink.tried == []


async def test_a_parked_delivery_needs_its_endpoint(tmp_path: Path) -> None:
    """An endpoint that was taken out of the settings cannot get anything."""
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(SettingsError, match="crm"):
            await retry(harness, parked_id, Door(), [])


async def test_a_disabled_endpoint_gets_nothing(tmp_path: Path) -> None:
    """All of it waits until it is enabled; so does this."""
    door = Door()
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        await harness.journal.disable(CRM, "by_hand", 0.0)
        with pytest.raises(EndpointGoneError, match="crm is disabled"):
            await retry(harness, parked_id, door)

        assert door.sink.tried == []
        assert [one.id for one in await replays.list_parked(harness.journal)] == [parked_id]


async def test_a_retry_is_among_the_attempts(tmp_path: Path) -> None:
    """With what came of it, the newest first."""
    door = Door()
    door.sink.script.append(TemporaryDeliveryError("answered 503", status=503))
    async with open_harness(tmp_path) as harness:
        parked_id = await park_the_second_of_three(harness)
        with pytest.raises(TemporaryDeliveryError):
            await retry(harness, parked_id, door)
        await retry(harness, parked_id, door)

        made = await harness.journal.attempts(C1, limit=3)
        assert [(one.seq, one.result, one.status) for one in made[:2]] == [
            (2, "delivered", None),
            (2, "failed", 503),
        ]
        assert made[1].answer == "answered 503"


async def test_a_parked_report_is_sent_again_as_it_was(tmp_path: Path) -> None:
    """It is listed as one; the event before it has arrived, and does not go along."""
    door = Door()
    async with open_harness(tmp_path, BOTH, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([None, REFUSED])
        await harness.commit("c1", "transcript.completed")
        await harness.flush()
        (parked,) = await replays.list_parked(harness.journal)
        assert (parked.seq, parked.type, parked.status) == (1, "call.report", 400)

        assert await retry(harness, parked.id, door, [BOTH]) == "arrived"
        (sent,) = door.sink.taken
        assert (sent.id, sent.type) == ("rpt_c1_1", "call.report")
        assert sent.body == harness.crm.tried[1].body
        assert await replays.list_parked(harness.journal) == []


async def test_the_report_of_an_event_that_was_parked_goes_along(tmp_path: Path) -> None:
    """Neither was sent on; what is not complete, or of an endpoint without, has none."""
    door = Door()
    async with open_harness(tmp_path, BOTH, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([REFUSED, None, REFUSED])
        await harness.commit("c1", "transcript.completed", "call.ended", "transcript.redacted")
        await harness.flush()
        assert harness.crm.ids == ["c1_2"]
        second, first = await replays.list_parked(harness.journal)
        assert (first.type, second.type) == ("transcript.completed", "transcript.redacted")

        for one in (first, second):
            assert await retry(harness, one.id, door, [BOTH]) == "arrived"
        assert door.sink.ids == ["c1_1", "rpt_c1_1", "c1_3"]


async def test_an_event_stays_parked_until_its_report_arrives_as_well(tmp_path: Path) -> None:
    """Another try sends both again, under their ids."""
    door = Door()
    door.sink.script.extend([None, REFUSED])
    async with open_harness(tmp_path, BOTH, reports=ReportsByRule()) as harness:
        harness.crm.script.append(REFUSED)
        await harness.commit("c1", "transcript.completed")
        await harness.flush()
        (parked,) = await replays.list_parked(harness.journal)
        with pytest.raises(PermanentDeliveryError):
            await retry(harness, parked.id, door, [BOTH])
        assert await replays.list_parked(harness.journal) == [parked]

        assert await retry(harness, parked.id, door, [BOTH]) == "arrived"
        assert door.sink.ids == ["c1_1", "c1_1", "rpt_c1_1"]


async def test_a_report_that_an_endpoint_takes_no_more_is_not_sent(tmp_path: Path) -> None:
    """Nor is the event in its place: that one has arrived."""
    door = Door()
    async with open_harness(tmp_path, BOTH, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([None, REFUSED])
        await harness.commit("c1", "transcript.completed")
        await harness.flush()
        (parked,) = await replays.list_parked(harness.journal)
        with pytest.raises(SettingsError, match=r"crm takes no call\.report"):
            await retry(harness, parked.id, door)

        assert door.sink.tried == []


async def test_an_archive_gets_what_was_parked_by_its_lane(tmp_path: Path) -> None:
    """In order, with what came after; not beside the lane, which erases calls there, too."""
    cold = endpoint(
        type="archive",
        archive=target_in(tmp_path),
        report=True,
        events=("transcript.erased",),
    )
    door = Door()
    async with open_harness(tmp_path, cold, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([REFUSED, REFUSED])
        await harness.commit("c1", "transcript.completed", "call.ended", "recording.saved")
        await harness.flush()
        later, first = await replays.list_parked(harness.journal)
        assert {one.type for one in (first, later)} == {"call.report"}

        for one in (first, later):
            reports = ReportsByRule()
            came = await replays.resend(harness.journal, [cold], one, reports=reports, sink=door)
            assert came == "set_back"
        assert await replays.list_parked(harness.journal) == []
        await harness.list_backlog()

        assert harness.crm.ids == ["rpt_c1_1", "rpt_c1_3"]
        assert door.sink.tried == []


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


async def test_a_call_that_was_replayed_is_told_once_of_what_follows(tmp_path: Path) -> None:
    """Whoever runs the lanes by then: the next life knows which life that lane is in."""
    async with open_harness(tmp_path) as first:
        await first.commit("c1", "call.started", "call.ended")
        await first.flush()
        await replays.replay(first.journal, ENDPOINTS, C1, CRM)
        await first.list_backlog()
        assert first.crm.ids == ["c1_1", "c1_2", "c1_1", "c1_2"]
    async with open_harness(tmp_path) as second:
        for kind in ("recording.saved", "transcript.completed"):
            await second.commit("c1", kind)
            await second.flush()
            await second.list_backlog()

        assert second.crm.ids == ["c1_3", "c1_4"]
        assert await second.backlog() == []


async def test_a_replay_of_nothing_repeats_nothing_later(tmp_path: Path) -> None:
    """Beyond the last event there is none to send, and the next one goes out once."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        await replays.replay(harness.journal, ENDPOINTS, C1, CRM, from_seq=9)
        await harness.list_backlog()
        await harness.commit("c1", "call.ended")
        await harness.flush()
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "c1_2", "c1_3"]


async def test_a_retry_names_what_is_still_given_up_before_it(tmp_path: Path) -> None:
    """Out of order, too: the next life would take what arrived to have named it."""
    door = Door()
    async with open_harness(tmp_path) as first:
        first.crm.script.extend([None, REFUSED, REFUSED, REFUSED])
        await first.commit("c1", *["call.answered"] * 4)
        await first.flush()
        listed = {one.seq: one.id for one in await replays.list_parked(first.journal)}
        await retry(first, listed[4], door)
        await retry(first, listed[2], door)
    async with open_harness(tmp_path) as second:
        await second.commit("c1", "call.ended")
        await second.flush()

        told = [(one.id, one.gap_seqs) for one in (*door.sink.taken, *second.crm.taken)]
        assert told == [("evt_c1_4", (2, 3)), ("evt_c1_2", ()), ("evt_c1_5", ())]


async def test_a_retry_names_nothing_that_was_named_before(tmp_path: Path) -> None:
    """By what arrived between the two."""
    door = Door()
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([None, REFUSED, None, REFUSED])
        await harness.commit("c1", *["call.answered"] * 5)
        await harness.flush()
        listed = {one.seq: one.id for one in await replays.list_parked(harness.journal)}
        await retry(harness, listed[4], door)

        assert [(one.id, one.gap_seqs) for one in door.sink.taken] == [("evt_c1_4", ())]
