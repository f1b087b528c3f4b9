"""Tries that somebody asked for: bounded, each once, and left behind by nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import tasks
from service.api.deliveries.retries import MAX_AT_ONCE, Retries, Tried, open_retries
from service.api.problems import RefusalError
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.delivery.sinks import OpenSink, open_sink
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Journal, LaneUpdate, NoReports, Parked, Sink
from tests.delivery.builders import CRM, endpoint, webhook
from tests.delivery.peers import Receiver, open_receiver, reply, stall
from tests.journal.builders import CALL, entry


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """A journal in which the crm did not get twenty events of a call."""
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        await journal.commit(entry(0, range(1, 21), endpoints=[CRM]))
        for seq in range(1, 21):
            await journal.settle([LaneUpdate(CALL, CRM, seq, parked=Parked(seq, 400, "http_400"))])
        yield journal


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A crm that never answers."""
    async with open_receiver(*[stall] * 30) as receiver:
        yield receiver


async def test_nobody_waits_long_for_a_try(journal: Journal, receiver: Receiver) -> None:
    """It goes on, whoever asks again joins it, and the end of the service ends it."""
    async with open_retries(
        journal, [webhook(receiver.url)], reports=NoReports(), patience_s=0.1
    ) as retries:
        assert await retries.retry(1) == Tried("trying")
        assert await retries.retry(1) == Tried("trying")

    assert len(receiver.received) == 1
    assert len(await journal.parked(limit=99)) == 20


async def test_only_so_many_are_tried_at_once(journal: Journal, receiver: Receiver) -> None:
    """One more is told to come again."""
    async with open_retries(
        journal, [webhook(receiver.url)], reports=NoReports(), patience_s=0.1
    ) as retries:
        await asyncio.gather(*(retries.retry(one + 1) for one in range(MAX_AT_ONCE)))

        assert await _refusal(retries, MAX_AT_ONCE + 1) == 429


async def test_an_endpoint_that_is_configured_no_more_is_said(
    journal: Journal, receiver: Receiver
) -> None:
    """There is nowhere to send it."""
    del receiver
    async with open_retries(journal, [], reports=NoReports()) as retries:
        assert await _refusal(retries, 1) == 409
        assert await _refusal(retries, 99) == 404


async def test_a_disabled_endpoint_gets_nothing_by_a_retry(
    journal: Journal, receiver: Receiver
) -> None:
    """Nor does one that says 410 just now count as disabled already."""
    receiver.replies.clear()
    receiver.replies.append(reply(410))
    async with open_retries(journal, [webhook(receiver.url)], reports=NoReports()) as retries:
        assert await retries.retry(1) == Tried("failed", 410)
        await journal.disable(CRM, "gone", 1.0)
        assert await _refusal(retries, 1) == 409

    assert len(receiver.received) == 1


async def test_an_archive_gets_it_by_its_lane(journal: Journal, tmp_path: Path) -> None:
    """It is on its way, and in the list no more."""
    archive = endpoint(type="archive", archive=ArchiveTarget(url=f"file://{tmp_path}/cold"))
    async with open_retries(journal, [archive], reports=NoReports()) as retries:
        assert await retries.retry(7) == Tried("trying")
        assert await _refusal(retries, 7) == 404

    assert [(row.acked_seq, row.generation) for row in await journal.backlog()] == [(6, 1)]


async def test_an_error_that_nobody_foresaw_is_500_and_disturbs_no_other_retry(
    journal: Journal, receiver: Receiver
) -> None:
    """It is logged once and counted; the delivery stays parked, and may be tried again."""
    doors: list[OpenSink] = [broken_door, open_sink]

    def door(endpoint: Endpoint) -> AbstractAsyncContextManager[Sink]:
        return doors.pop(0)(endpoint)

    tasks.failures.clear()
    receiver.replies.clear()
    with capture_logs() as logs:
        async with open_retries(
            journal, [webhook(receiver.url)], reports=NoReports(), sink=door
        ) as retries:
            assert await _refusal(retries, 1) == 500
            assert await retries.retry(1) == Tried("arrived")

    assert tasks.failures == {"retry_delivery": 1}
    assert [line["kind"] for line in logs if line["event"] == "task_failed"] == ["retry_delivery"]


@asynccontextmanager
async def broken_door(_: Endpoint) -> AsyncIterator[Sink]:
    """Open no sink."""
    raise RuntimeError("nobody foresaw this")
    yield


async def _refusal(retries: Retries, parked_id: int) -> int:
    with pytest.raises(RefusalError) as refused:
        await retries.retry(parked_id)
    return int(refused.value.status)
