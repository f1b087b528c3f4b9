"""Tries that somebody asked for: bounded, each once, and left behind by nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.api.deliveries.retries import MAX_AT_ONCE, Retries, Tried, open_retries
from service.api.problems import RefusalError
from service.delivery.endpoints import Endpoint
from service.journal.sqlite_journal import open_sqlite_journal
from service.ports import Journal, LaneUpdate
from tests.api.office import CRM
from tests.delivery.peers import Receiver, open_receiver, stall
from tests.journal.samples import CALL, entry
from tests.settings.conftest import SECRET


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """A journal in which the crm did not get twenty events of a call."""
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        await journal.commit(entry(0, range(1, 21), endpoints=[CRM]))
        for seq in range(1, 21):
            await journal.settle([LaneUpdate(CALL, CRM, seq, parked=(seq, 400, "http_400"))])
        yield journal


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A crm that never answers."""
    async with open_receiver(*[stall] * 30) as receiver:
        yield receiver


def crm(receiver: Receiver) -> Endpoint:
    """Return the endpoint."""
    url = receiver.url
    return Endpoint(name=CRM, type="webhook", url=url, secret=SECRET, allow_private=True)


async def test_nobody_waits_long_for_a_try(journal: Journal, receiver: Receiver) -> None:
    """It goes on, whoever asks again joins it, and the end of the service ends it."""
    async with open_retries(journal, [crm(receiver)], patience_s=0.1) as retries:
        assert await retries.retry(1) == Tried("trying")
        assert await retries.retry(1) == Tried("trying")

    assert len(receiver.received) == 1
    assert len(await journal.parked(limit=99)) == 20


async def test_only_so_many_are_tried_at_once(journal: Journal, receiver: Receiver) -> None:
    """One more is told to come again."""
    async with open_retries(journal, [crm(receiver)], patience_s=0.1) as retries:
        await asyncio.gather(*(retries.retry(one + 1) for one in range(MAX_AT_ONCE)))

        assert await _refusal(retries, MAX_AT_ONCE + 1) == 429


async def test_an_endpoint_that_is_configured_no_more_is_said(
    journal: Journal, receiver: Receiver
) -> None:
    """There is nowhere to send it."""
    del receiver
    async with open_retries(journal, []) as retries:
        assert await _refusal(retries, 1) == 409
        assert await _refusal(retries, 99) == 404


async def _refusal(retries: Retries, parked_id: int) -> int:
    with pytest.raises(RefusalError) as refused:
        await retries.retry(parked_id)
    return int(refused.value.status)
