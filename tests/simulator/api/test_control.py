"""Commands that make, take and route a call."""

import asyncio

from aiohttp import web

from tests.simulator.builders import scenario
from tests.simulator.harness import open_call, open_simulation, refusal, run_to_end


async def test_a_repeated_dial_makes_one_call() -> None:
    """For `dial` the command_id alone counts."""
    wish = {"connection_id": "77", "from": "+1", "to": ["+2"], "command_id": "d-1"}
    plan = {"direction": "outgoing", "picks_up": "busy"}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        outcomes = [await application.post("/calls", wish) for _ in range(2)]
        report = await run

    assert outcomes[0] == outcomes[1]
    assert len(report.calls) == 1


async def test_dial_checks_its_parameters() -> None:
    """Required ones, types, and addresses."""
    good = {"connection_id": "77", "from": "+1", "to": "+2"}
    async with open_simulation(scenario()) as (_, application):
        outcomes = [
            await application.post("/calls", body)
            for body in (
                {"from": "+1", "to": "+2"},
                {**good, "to": None},
                {**good, "to": [7]},
                {**good, "stream_url": "nowhere"},
                {**good, "timeout_secs": 1},
            )
        ]

    assert [refusal(outcome)[1] for outcome in outcomes] == [
        "10004",
        "10004",
        "10026",
        "10003",
        "10033",
    ]


async def test_webhooks_go_where_a_command_sends_them() -> None:
    """`webhook_urls` of `answer` counts for the events after it."""
    async with open_call(answer=False) as (_, application, leg_id):
        elsewhere = application.webhook_url + "?elsewhere"
        urls = {"call.answered": [elsewhere]}
        await application.command(leg_id, "answer", webhook_urls=urls)
        answered = await application.wait_for("call.answered")

    assert answered.meta["delivered_to"] == elsewhere


async def test_the_first_webhook_of_a_dial_can_overtake_its_answer() -> None:
    """Where the setting wants the race that was seen."""
    plan = {"direction": "outgoing", "picks_up": "busy"}
    what = scenario(plan, webhooks={"before_dial_response": True}, rest={"latency_ms": 1})
    wish = {"connection_id": "77", "from": "+1", "to": "+2"}
    async with open_simulation(what) as (simulator, application):
        held = asyncio.Event()
        application.replies = [held]
        run = asyncio.create_task(run_to_end(simulator))
        dial = asyncio.create_task(application.post("/calls", wish))
        await application.wait_for("call.initiated")
        overtaken = not dial.done()
        held.set()
        status, _ = await dial
        await run

    assert overtaken
    assert status == 200


async def test_retries_of_an_event_are_those_of_its_policy() -> None:
    """Set with the command that answers."""
    policy = {"call.answered": {"retries_ms": [10]}}
    async with open_call(answer=False) as (_, application, leg_id):
        application.replies = [web.Response(status=500)]
        await application.command(leg_id, "answer", webhook_retries_policies=policy)
        again = await application.wait_for("call.answered", 2)

    assert again.meta["attempt"] == 2


async def test_answer_can_stream_and_transcribe_at_once() -> None:
    """`stream_url` is shown in call.answered then."""
    async with open_simulation(scenario()) as (simulator, application):
        config = {"transcription_engine": "Google", "transcription_tracks": "both"}
        wish = {"transcription": True, "transcription_config": config}
        wish |= application.stream()[1]
        application.reactions = {"call.initiated": [("answer", wish)]}
        await run_to_end(simulator)

    answered = application.of("call.answered")[0].payload
    assert answered["stream_url"] == application.media_url
    assert len(application.transcripts()) == 2
    assert application.media[0].audio("inbound")
