"""A leg is transferred by command: somebody else is called, and takes another's place."""

import asyncio

from tests.simulator.api.test_connecting import CALL, dial
from tests.simulator.builders import scenario
from tests.simulator.harness import open_call, open_simulation, refusal, run_to_end

WHO = [
    {"speaker": "customer", "at_ms": 200, "text": "good morning"},
    {"speaker": "agent", "at_ms": 1500, "text": "hello", "who": 0},
]
THIRD = "+13125550179"


async def test_a_caller_is_transferred_to_whoever_answers() -> None:
    """Nobody was there before: the two are bridged, one call, and one hang-up ends both."""
    async with open_simulation(scenario(CALL)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        outcome = await application.command(leg_id, "transfer", to=THIRD)
        await application.wait_for("call.bridged", 2)
        report = await run

    assert outcome == (200, {"data": {"result": "ok"}})
    first, second = report.calls
    assert first.call_id == second.call_id
    assert (second.to_number, second.from_number) == (THIRD, first.to_number)
    assert len(application.of("call.hangup")) == 2


async def test_who_was_there_is_gone_once_the_other_one_answers() -> None:
    """The caller talks on; the agent of before hangs up alone, and the new one ends with them."""
    plan = {**CALL, "say": WHO, "hangs_up": "service"}
    async with open_simulation(scenario(plan, speed=5)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        agent = await dial(application, leg_id, bridge_on_answer=True)
        await application.wait_for("call.bridged", 2)
        await application.command(leg_id, "transfer", to=THIRD, target_leg_client_state="bmV3")
        await application.wait_for("call.bridged", 4)
        gone = await application.wait_for("call.hangup")
        status = await application.get(f"/calls/{agent}")
        alive = await application.get(f"/calls/{leg_id}")
        await application.command(leg_id, "hangup")
        report = await run

    assert gone.payload["call_control_id"] == agent
    assert status[1]["data"]["is_alive"] is False
    assert alive[1]["data"]["is_alive"] is True
    third = application.of("call.bridged")[3].payload
    assert (third["to"], third["client_state"]) == (THIRD, "bmV3")
    assert {call.outcome for call in report.calls} == {"normal_clearing"}
    assert len(application.of("call.hangup")) == 3


async def test_a_transfer_that_nobody_answers_changes_nothing() -> None:
    """The leg that was called says why; the others talk on."""
    plan = {**CALL, "callee": {"picks_up": "busy", "picks_up_after_s": 0.05}, "waits_s": 0.5}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        await application.command(leg_id, "transfer", to=THIRD)
        busy = await application.wait_for("call.hangup")
        alive = await application.get(f"/calls/{leg_id}")
        report = await run

    assert busy.payload["hangup_cause"] == "user_busy"
    assert alive[1]["data"]["is_alive"] is True
    assert [call.outcome for call in report.calls] == ["normal_clearing", "user_busy"]


async def test_a_transfer_is_refused_as_telnyx_refuses_it() -> None:
    """Of a leg that only rings, without a number, and once it is over."""
    async with open_call(answer=False) as (_, application, leg_id):
        ringing = await application.command(leg_id, "transfer", to=THIRD)
        await application.command(leg_id, "answer")
        await application.wait_for("call.answered")
        nobody = await application.command(leg_id, "transfer")
        await application.command(leg_id, "hangup")
        over = await application.command(leg_id, "transfer", to=THIRD)

    assert [refusal(one)[1] for one in (ringing, nobody, over)] == ["90034", "10004", "90018"]
