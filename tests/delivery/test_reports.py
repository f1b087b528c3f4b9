"""Reports: a complete call as one document, in its lane like everything else."""

from collections.abc import Sequence
from pathlib import Path

from service.delivery.endpoints import Endpoint
from service.errors import JournalUnavailableError
from service.ports import StoredEvent
from tests.delivery.builders import BROKEN, BUSY, C1, CRM, REFUSED, endpoint
from tests.delivery.harness import commit, open_harness

WHOLE = ("call.started", "transcript.final", "transcript.completed")
ALL = endpoint(report=True)
ONLY = endpoint(report=True, events=("call.report",))


class ReportsByRule:
    """Makes a report of whatever event is the last of its call, if it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.of: Sequence[str] = ("transcript.completed", "recording.saved")
        self.unavailable = 0

    async def report(self, event: StoredEvent) -> bytes | None:
        """Return the report after an event of these types."""
        self.asked.append((event.type, event.seq))
        if self.unavailable:
            self.unavailable -= 1
            raise JournalUnavailableError("away")
        return b'{"type":"call.report"}' if event.type in self.of else None


async def delivered(folder: Path, one: Endpoint, *kinds: str) -> list[tuple[str, str]]:
    """Return what arrives of a call with these events: ids and types."""
    async with open_harness(folder, one, reports=ReportsByRule()) as harness:
        await harness.commit("c1", *kinds)
        await harness.flush()
        assert await harness.backlog() == []
        return [(one.id, one.type) for one in harness.crm.taken]


async def test_a_report_follows_the_event_that_completes_the_call(tmp_path: Path) -> None:
    """Before what comes later."""
    assert await delivered(tmp_path, ALL, *WHOLE, "transcript.erased") == [
        ("evt_c1_1", "call.started"),
        ("evt_c1_2", "transcript.final"),
        ("evt_c1_3", "transcript.completed"),
        ("rpt_c1_3", "call.report"),
        ("evt_c1_4", "transcript.erased"),
    ]


async def test_an_endpoint_may_have_nothing_but_the_report(tmp_path: Path) -> None:
    """One request instead of many."""
    assert await delivered(tmp_path, ONLY, *WHOLE) == [("rpt_c1_3", "call.report")]


async def test_an_endpoint_without_it_gets_none(tmp_path: Path) -> None:
    """Nobody makes one for it, either."""
    assert [kind for _, kind in await delivered(tmp_path, endpoint(), *WHOLE)] == [*WHOLE]


async def test_late_words_and_late_audio_make_another_report(tmp_path: Path) -> None:
    """Under an id of its own."""
    kinds = (*WHOLE, "recording.saved", "transcript.final", "transcript.completed")

    assert [id_ for id_, _ in await delivered(tmp_path, ONLY, *kinds)] == [
        "rpt_c1_3",
        "rpt_c1_4",
        "rpt_c1_6",
    ]


async def test_what_is_not_complete_yet_is_passed_over(tmp_path: Path) -> None:
    """A recording that was saved before the end is in the report of the end."""
    reports = ReportsByRule()
    reports.of = ("transcript.completed",)
    async with open_harness(tmp_path, ONLY, reports=reports) as harness:
        await harness.commit("c1", "recording.saved", "transcript.completed")
        await harness.flush()

        assert reports.asked == [("recording.saved", 1), ("transcript.completed", 2)]
        assert harness.crm.ids == ["rpt_c1_2"]


async def test_a_report_is_tried_again_without_the_event_before_it(tmp_path: Path) -> None:
    """That one has arrived. What is behind it waits."""
    async with open_harness(tmp_path, ALL, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([None, BUSY, BROKEN])
        await harness.commit("c1", "transcript.completed", "recording.saved")
        await harness.flush()
        await harness.advance(1.0)
        await harness.advance(2.0)

        assert [one.id for one in harness.crm.tried] == [
            "evt_c1_1",
            *["rpt_c1_1"] * 3,
            "evt_c1_2",
            "rpt_c1_2",
        ]
        assert [one.attempt for one in harness.crm.tried[1:4]] == [1, 2, 3]
        assert await harness.backlog() == []


async def test_a_refused_report_is_parked_and_the_lane_goes_on(tmp_path: Path) -> None:
    """It is in the list as what it is, at the event that it follows; a replay sends both."""
    async with open_harness(tmp_path, ALL, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([None, REFUSED])
        await harness.commit("c1", "transcript.completed", "call.ended")
        await harness.flush()
        assert harness.crm.ids == ["c1_1", "c1_2"]
        (parked,) = await harness.journal.parked(limit=9)
        assert (parked.seq, parked.type) == (1, "call.report")

        await harness.journal.rewind(C1, CRM, 0)
        await harness.list_backlog()
        assert harness.crm.ids[2:] == ["c1_1", "rpt_c1_1", "c1_2"]


async def test_a_backlog_in_batches_has_its_report_in_place(tmp_path: Path) -> None:
    """The batch ends where a report follows."""
    one = endpoint(report=True, batch=50)
    async with open_harness(tmp_path, one, reports=ReportsByRule()) as harness:
        await harness.commit("c1", "call.started")
        await harness.flush()
        await commit(harness.journal, "c1", *WHOLE, "call.ended", "call.ended")
        await harness.list_backlog()

        assert harness.crm.ids == ["c1_1", "bat_c1_2_4", "rpt_c1_4", "bat_c1_5_6"]
        assert await harness.backlog() == []


async def test_a_journal_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """Nothing is attempted, and nothing counts as an attempt."""
    reports = ReportsByRule()
    reports.unavailable = 1
    async with open_harness(tmp_path, ONLY, reports=reports) as harness:
        await harness.commit("c1", "transcript.completed")
        await harness.flush()
        assert harness.crm.tried == []

        await harness.advance(1.0)
        assert [one.attempt for one in harness.crm.taken] == [1]


async def test_another_start_goes_on_with_the_report(tmp_path: Path) -> None:
    """With the event before it once more, under the same id: that it had arrived was not kept."""
    async with open_harness(tmp_path, ALL, reports=ReportsByRule()) as harness:
        harness.crm.script.extend([None, BUSY])
        await harness.commit("c1", "transcript.completed")
        await harness.flush()
    async with open_harness(tmp_path, ALL, reports=ReportsByRule()) as harness:
        await harness.advance(30.0)

        assert harness.crm.ids == ["c1_1", "rpt_c1_1"]


async def test_a_report_of_an_erased_call_goes_nowhere(tmp_path: Path) -> None:
    """Erased while it was being made: only the tombstone is delivered."""
    reports = ReportsByRule()
    async with open_harness(tmp_path, ONLY, reports=reports) as harness:
        harness.crm.gate.clear()
        await harness.commit("c1", "transcript.completed")
        harness.lanes.forget(C1)
        harness.crm.gate.set()
        await harness.flush()

        assert harness.crm.ids == []
