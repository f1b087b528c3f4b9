"""Delivering webhooks: signed, with a deadline, retried as Telnyx does."""

import asyncio
import time
from datetime import datetime

import pytest
from aiohttp import web

from service.simulator.legs.webhook_sender import USER_AGENT, is_retried
from service.wire.signature import parse_public_key, verify
from tests.simulator.builders import scenario
from tests.simulator.harness import open_simulation, run_to_end

QUIET = {"ring_s": 0.3, "say": []}


async def test_a_webhook_is_signed_with_the_key_the_simulator_shows() -> None:
    """Over the raw body, at this minute, from `telnyx-webhooks`."""
    async with open_simulation(scenario(QUIET)) as (simulator, application):
        await run_to_end(simulator)

    hook = application.received[0]
    verify([parse_public_key(simulator.public_key)], hook.headers, hook.body, now=time.time())
    assert hook.headers["user-agent"] == USER_AGENT
    assert hook.headers["content-type"] == "application/json"
    assert hook.meta == {"attempt": 1, "delivered_to": application.webhook_url}


async def test_an_unavailable_application_is_tried_three_times_with_the_same_id() -> None:
    """Attempts are counted in `meta`; the data stays the same."""
    what = scenario(QUIET, webhooks={"retries_s": [0.01, 0.02]})
    async with open_simulation(what) as (simulator, application):
        refusals = [web.Response(status=status) for status in (503, 429, 500)]
        application.replies_to["call.initiated"] = refusals
        report = await run_to_end(simulator)

    tries = application.of("call.initiated")
    assert [hook.meta["attempt"] for hook in tries] == [1, 2, 3]
    assert len({str(hook.data) for hook in tries}) == 1
    result = report.calls[0].webhooks[0]
    assert (result.attempts, result.status, result.acknowledged) == (3, 500, False)
    assert report.calls[0].unacknowledged == [result]


async def test_an_application_that_refuses_is_not_asked_again() -> None:
    """404 is for good."""
    async with open_simulation(scenario(QUIET)) as (simulator, application):
        application.replies = [web.Response(status=404)]
        report = await run_to_end(simulator)

    assert len(application.of("call.initiated")) == 1
    assert not report.calls[0].webhooks[0].acknowledged


async def test_an_answer_after_the_deadline_does_not_count() -> None:
    """The slow one is tried again while it still works on the first."""
    what = scenario(QUIET, webhooks={"timeout_s": 0.1, "retries_s": [0.01]})
    async with open_simulation(what) as (simulator, application):
        slow = asyncio.Event()
        application.replies = [slow]
        report = await run_to_end(simulator)
        slow.set()

    assert [hook.meta["attempt"] for hook in application.of("call.initiated")] == [1, 2]
    assert report.calls[0].webhooks[0].acknowledged


async def test_a_late_webhook_comes_after_the_later_ones() -> None:
    """The hang-up overtakes the answer when the answer is delayed."""
    fault = {"events": ["call.answered"], "delay": 1, "delay_s": [30, 30]}
    what = scenario({"talk": "on_answer"}, webhooks={"fault": [fault]})
    async with open_simulation(what) as (simulator, application):
        application.answer_and()
        await run_to_end(simulator)

    assert application.types() == ["call.initiated", "call.hangup", "call.answered"]
    stamps = [hook.data["occurred_at"] for hook in application.received]
    assert stamps[2] < stamps[1]


async def test_duplicates_and_drops_are_what_the_report_says() -> None:
    """Two deliveries of one id, and an event that nobody ever saw."""
    faults = [{"events": ["call.initiated"], "duplicate": 1}, {"events": ["*"], "drop": 1}]
    async with open_simulation(scenario(QUIET, webhooks={"fault": faults})) as (
        simulator,
        application,
    ):
        report = await run_to_end(simulator)

    assert application.types() == ["call.initiated", "call.initiated"]
    assert len({hook.data["id"] for hook in application.received}) == 1
    told = [
        (result.event_type, result.faults, result.attempts) for result in report.calls[0].webhooks
    ]
    assert told == [
        ("call.initiated", ("duplicated",), 1),
        ("call.initiated", ("duplicate",), 1),
        ("call.hangup", ("dropped",), 0),
    ]


async def test_concurrent_webhooks_do_not_wait_for_each_other() -> None:
    """A held first answer keeps no second webhook back."""
    async with open_simulation(scenario(QUIET, webhooks={"concurrent": True})) as (
        simulator,
        application,
    ):
        held = asyncio.Event()
        application.replies = [held]
        run = asyncio.create_task(run_to_end(simulator))
        await application.wait_for("call.hangup")
        held.set()
        report = await run

    assert all(result.acknowledged for result in report.calls[0].webhooks)


@pytest.mark.parametrize("follow", [False, True])
async def test_redirects_are_followed_only_where_the_setting_says_so(*, follow: bool) -> None:
    """The docs say both; three hops at most."""
    what = scenario(QUIET, webhooks={"follow_redirects": follow, "retries_s": []})
    async with open_simulation(what) as (simulator, application):
        application.replies = [
            web.Response(status=307, headers={"location": "/hook"}) for _ in range(3)
        ]
        report = await run_to_end(simulator)

    assert report.calls[0].webhooks[0].status == (200 if follow else 307)
    assert len(application.of("call.initiated")) == (4 if follow else 1)


async def test_what_the_primary_never_takes_goes_to_the_failover_address() -> None:
    """With attempts counted from one again."""
    what = scenario(QUIET, webhooks={"retries_s": []})
    async with open_simulation(what) as (simulator, application):
        failover = application.webhook_url + "?failover=1"
        settings = what.webhooks.model_copy(update={"failover_url": failover})
        spare = what.model_copy(update={"webhooks": settings})
        async with open_simulation(spare) as (other, primary):
            primary.replies = [web.Response(status=500)]
            await run_to_end(other)
    del simulator

    assert [hook.meta for hook in application.received] == [
        {"attempt": 1, "delivered_to": failover}
    ]


async def test_names_with_underscores_are_sent_where_the_setting_says_so() -> None:
    """As one integration found them."""
    async with open_simulation(scenario(QUIET, webhooks={"event_names": "underscores"})) as (
        simulator,
        application,
    ):
        await run_to_end(simulator)

    assert application.types() == ["call_initiated", "call_hangup"]


def test_no_answer_408_429_and_5xx_are_tried_again() -> None:
    """And nothing else is."""
    answers = (None, 200, 302, 400, 404, 408, 410, 429, 500, 503)

    assert [status for status in answers if is_retried(status)] == [None, 408, 429, 500, 503]


async def test_telnyxs_clock_is_ahead_of_everybodys_as_it_is_set() -> None:
    """What is written in a webhook, and what is signed, each by its own."""
    skewed = {"skew_s": 20.0, "stamp_skew_s": -40.0}
    before = time.time()
    async with open_simulation(scenario(QUIET, webhooks=skewed)) as (simulator, application):
        await run_to_end(simulator)

    hook = application.received[0]
    occurred_at = datetime.fromisoformat(hook.data["occurred_at"]).timestamp()
    assert occurred_at - before == pytest.approx(20, abs=5)
    assert int(hook.headers["telnyx-timestamp"]) - before == pytest.approx(-40, abs=5)
