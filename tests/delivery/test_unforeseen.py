"""An error that nobody foresaw costs a keeper or a lane some time, and nobody else anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from service import tasks
from tests.delivery.builders import BUSY
from tests.delivery.harness import commit, open_harness
from tests.waiting import until


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    """What is logged; the count of failures, which belongs to the process, begins at nought."""
    tasks.failures.clear()
    with capture_logs() as lines:
        yield lines
    tasks.failures.clear()


def unforeseen(logs: list[EventDict]) -> list[tuple[str, str]]:
    """Return which tasks failed unforeseen."""
    return [(line["event"], line["kind"]) for line in logs if "kind" in line]


async def test_acks_are_written_again_after_an_error(tmp_path: Path, logs: list[EventDict]) -> None:
    """Deliveries go on meanwhile; no ack is lost, so nothing is repeated at the next start."""
    async with open_harness(tmp_path) as harness:
        harness.journal.broken.add("settle")
        await harness.commit("c1", "call.started")
        await until(lambda: tasks.failures == {"write_acks": 1})
        await harness.commit("c2", "call.started")
        await until(lambda: harness.crm.ids == ["c1_1", "c2_1"])
        await until(lambda: len(harness.journal.settled) == 1)

        assert {update.call_id for update in harness.journal.settled[0]} == {"c1", "c2"}
    assert unforeseen(logs) == [("keeper_failed", "write_acks")]


async def test_the_backlog_is_listed_again_after_an_error(
    tmp_path: Path, logs: list[EventDict]
) -> None:
    """What another process committed is found a little later."""
    async with open_harness(tmp_path, poll_every_s=0.01) as harness:
        harness.journal.broken.add("backlog")
        await until(lambda: tasks.failures == {"list_backlog": 1})
        await harness.commit("c1", "call.started")
        await until(lambda: harness.crm.ids == ["c1_1"])
        await commit(harness.journal, "c2", "call.started")
        await until(lambda: harness.crm.ids == ["c1_1", "c2_1"])

    assert unforeseen(logs) == [("keeper_failed", "list_backlog")]


async def test_a_worker_that_fails_strands_no_lane(tmp_path: Path, logs: list[EventDict]) -> None:
    """Its lane waits as long as a keeper would, and the other lanes do not."""
    async with open_harness(tmp_path, max_in_flight=1) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        harness.journal.broken.add("read")
        await harness.advance(1)
        assert tasks.failures == {"deliver": 1}

        await harness.commit("c2", "call.started")
        await harness.flush()
        assert harness.crm.ids == ["c2_1"]
        await harness.advance(tasks.BACKOFF_S[0])
        assert harness.crm.ids == ["c2_1", "c1_1", "c1_2"]
    assert unforeseen(logs) == [("task_failed", "deliver")]


async def test_a_lane_that_keeps_failing_is_tried_ever_more_slowly(
    tmp_path: Path, logs: list[EventDict]
) -> None:
    """By the schedule of the keepers; one attempt that goes well begins it anew."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.append(BUSY)
        await harness.commit("c1", "call.started")
        await harness.flush()
        for backoff_s in (1.0, *tasks.BACKOFF_S[:3]):
            harness.journal.broken.add("read")
            await harness.advance(0.9 * backoff_s)
            assert harness.journal.broken == {"read"}
            await harness.advance(0.1 * backoff_s)
            assert harness.journal.broken == set()
        await harness.advance(tasks.BACKOFF_S[3])

        assert harness.crm.ids == ["c1_1"]
    assert unforeseen(logs) == [("task_failed", "deliver")] * 4
