"""Attempts that are kept: what was tried, and what came of it."""

from pathlib import Path

import pytest

from service.delivery.webhook import open_webhook
from service.errors import TemporaryDeliveryError
from tests.delivery.builders import BROKEN, C1, REFUSED, webhook
from tests.delivery.harness import START, Harness, open_harness
from tests.delivery.peers import open_receiver, reply
from tests.delivery.test_webhook import DELIVERY


async def results(harness: Harness) -> list[tuple[int, str, int | None, str]]:
    """Return what is kept of the call's attempts, oldest first."""
    kept = await harness.journal.attempts(C1, limit=100)
    return [(one.seq, one.result, one.status, one.answer) for one in reversed(kept)]


async def test_every_attempt_at_an_event_is_kept(tmp_path: Path) -> None:
    """With its status and what went wrong; partials are not."""
    async with open_harness(tmp_path) as harness:
        harness.crm.script.extend([BROKEN, None, REFUSED])
        await harness.commit("c1", "call.started", "call.answered")
        await harness.flush()
        await harness.advance(1)
        harness.publish("c1", "u1", 1)
        await harness.flush()

        assert await results(harness) == [
            (1, "failed", 500, "answered 500"),
            (1, "delivered", None, ""),
            (2, "refused", 400, "answered 400"),
        ]
        (last, *_) = await harness.journal.attempts(C1, limit=1)
        assert (last.endpoint, last.made_at) == ("crm", START + 1)


async def test_an_extra_attempt_is_kept_as_well(tmp_path: Path) -> None:
    """It writes no ack, and is written all the same."""
    async with open_harness(tmp_path) as harness:
        harness.crm.rule = lambda _: BROKEN
        await harness.commit("c1", "call.started")
        await harness.flush()
        for seconds in (1, 2, 5, 15, 15):
            await harness.advance(seconds)

        assert len(await results(harness)) == 6


async def test_attempts_wait_for_a_journal_that_is_away(tmp_path: Path) -> None:
    """And are written with the acks that waited."""
    async with open_harness(tmp_path) as harness:
        await harness.commit("c1", "call.started")
        harness.journal.off = True
        await harness.journal.refused.wait()
        harness.journal.off = False
        await harness.flush()

        assert await results(harness) == [(1, "delivered", None, "")]


async def test_the_beginning_of_an_answer_is_kept_if_it_is_no_yes() -> None:
    """A kilobyte at most of a refusal; a yes has its status only."""
    async with (
        open_receiver(reply(500), reply(204)) as receiver,
        open_webhook(webhook(receiver.url)) as sink,
    ):
        with pytest.raises(TemporaryDeliveryError) as failure:
            await sink.deliver(DELIVERY)
        assert await sink.deliver(DELIVERY) == 204

    assert (failure.value.status, failure.value.answer) == (500, "secret-answer")
    assert "secret" not in str(failure.value)
