"""Somebody is dialled for a call: it rings there, both legs are bridged, and both end together."""

import asyncio

import pytest

from tests.simulator.builders import scenario
from tests.simulator.harness import NOBODY, open_call, open_simulation, refusal, run_to_end
from tests.simulator.peers import Application

SAY = [{"speaker": "customer", "text": "good morning", "at_ms": 200}]
CALL = {"say": SAY, "callee": {"picks_up_after_s": 0.05}, "waits_s": 20.0, "patience_s": 0}


async def dial(application: Application, leg_id: str, **params: object) -> str:
    """Dial an agent for a leg; return the leg that it makes."""
    body = {"connection_id": "77", "from": "+1", "to": "+13125550177", "link_to": leg_id, **params}
    status, reply = await application.post("/calls", body)
    assert status == 200, reply
    return str(reply["data"]["call_control_id"])


async def test_an_agent_is_dialled_and_bridged_with_the_answer() -> None:
    """Both legs are of one call; both say that they are bridged, and one hang-up ends both."""
    async with open_simulation(scenario(CALL)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        agent = await dial(application, leg_id, bridge_on_answer=True)
        await application.wait_for("call.bridged", 2)
        report = await run

    first, second = report.calls
    assert (first.leg_id, second.leg_id) == (leg_id, agent)
    assert first.call_id == second.call_id
    assert [said.text for said in first.said] == ["good morning"]
    assert second.said == ()
    assert first.outcome == second.outcome == "normal_clearing"
    bridged = [hook.payload["call_control_id"] for hook in application.of("call.bridged")]
    assert sorted(bridged) == sorted([leg_id, agent])
    assert len(application.of("call.hangup")) == 2


async def test_legs_are_bridged_by_a_command() -> None:
    """If the dial did not ask for it; once both were answered, and with no other."""
    async with open_simulation(scenario({**CALL, "hangs_up": "service"})) as (sim, application):
        run = asyncio.create_task(run_to_end(sim))
        leg_id = await application.answer_call()
        agent = await dial(application, leg_id)
        ringing = await application.command(leg_id, "bridge", call_control_id=agent)
        await application.wait_for("call.answered", 2)
        first = await application.command(leg_id, "bridge", call_control_id=agent)
        await application.wait_for("call.bridged", 2)
        again = await application.command(leg_id, "bridge", call_control_id=agent)
        itself = await application.command(agent, "bridge", call_control_id=agent)
        nobody = await application.command(leg_id, "bridge", call_control_id=NOBODY)
        await application.command(agent, "hangup")
        report = await run

    assert refusal(ringing)[1] == "90034"
    assert first[0] == again[0] == 200
    assert refusal(itself)[1] == "10015"
    assert refusal(nobody)[1] == "90015"
    assert {call.outcome for call in report.calls} == {"normal_clearing"}


@pytest.mark.parametrize(
    ("callee", "cause"),
    [
        ({"picks_up": "busy", "picks_up_after_s": 0.05}, "user_busy"),
        ({"picks_up": "no_answer", "ring_s": 0.1}, "no_answer"),
    ],
)
async def test_an_agent_who_is_not_reached_says_so(callee: dict[str, object], cause: str) -> None:
    """The caller goes on waiting, for so long."""
    plan = {**CALL, "callee": callee, "waits_s": 0.5}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        await dial(application, leg_id, bridge_on_answer=True)
        report = await run

    caller, agent = report.calls
    assert (caller.outcome, agent.outcome) == ("normal_clearing", cause)
    assert not caller.said


async def test_a_ringing_agent_is_hung_up() -> None:
    """As a dial is cancelled."""
    plan = {**CALL, "callee": {"picks_up": "no_answer"}, "waits_s": 0.3}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        agent = await dial(application, leg_id, bridge_on_answer=True)
        await application.wait_for("call.hangup")
        await application.command(agent, "hangup")
        report = await run

    assert [call.outcome for call in report.calls] == ["normal_clearing", "originator_cancel"]


async def test_whoever_answers_when_the_caller_has_gone_is_left_alone() -> None:
    """Nobody bridges them; it is the application's to end that."""
    plan = {**CALL, "callee": {"picks_up_after_s": 0.3}, "waits_s": 0.1}
    async with open_simulation(scenario(plan, speed=1)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        agent = await dial(application, leg_id, bridge_on_answer=True)
        await application.wait_for("call.answered", 2)
        await application.command(agent, "hangup")
        report = await run

    assert application.of("call.bridged") == []
    assert report.calls[1].outcome == "normal_clearing"


async def test_a_dial_is_linked_to_a_leg_that_is_there() -> None:
    """Otherwise it is refused, as is a bridge without a link."""
    async with open_simulation(scenario({**CALL, "waits_s": 0.1})) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        body = {"connection_id": "77", "from": "+1", "to": "+2"}
        lone = await application.post("/calls", {**body, "bridge_on_answer": True})
        unknown = await application.post("/calls", {**body, "link_to": NOBODY})
        await run
        over = await application.post("/calls", {**body, "link_to": leg_id})

    assert [refusal(one)[1] for one in (lone, unknown, over)] == ["10004", "90015", "90018"]


async def test_a_text_is_spoken() -> None:
    """It takes its time; its beginning and its end are told."""
    async with open_call() as (_, application, leg_id):
        text = {"payload": "this call is transcribed", "voice": "AWS.Polly.Joanna"}
        status, _ = await application.command(leg_id, "speak", **text)
        ended = await application.wait_for("call.speak.ended")
        mute = await application.command(leg_id, "speak", payload="hello")

    assert status == 200
    assert ended.payload["status"] == "completed"
    assert application.of("call.speak.started")
    assert refusal(mute)[1] == "10004"
