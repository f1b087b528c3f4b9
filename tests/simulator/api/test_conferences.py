"""Conferences by command: made, joined, left, ended."""

import asyncio

from tests.simulator.api.test_connecting import CALL, dial
from tests.simulator.builders import scenario
from tests.simulator.harness import NOBODY, open_simulation, refusal, run_to_end
from tests.simulator.peers import Application

THREE = {**CALL, "hangs_up": "service"}


async def create(application: Application, leg_id: str, name: str = "team") -> str:
    """Make a conference with a leg; return its id."""
    wish = {"call_control_id": leg_id, "name": name}
    status, body = await application.post("/conferences", wish)
    assert status == 200, body
    assert body["data"]["status"] == "in_progress"
    return str(body["data"]["id"])


async def act(
    application: Application, conference: str, action: str, **body: str
) -> tuple[int, dict[str, object]]:
    """Have something done in a conference."""
    return await application.post(f"/conferences/{conference}/actions/{action}", body)


async def test_three_people_meet_and_go_one_by_one() -> None:
    """Each joins and leaves with a webhook; it is over once nobody is left."""
    async with open_simulation(scenario(THREE, speed=5)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        caller = await application.answer_call()
        agents = [await dial(application, caller) for _ in range(2)]
        await application.wait_for("call.answered", 3)
        conference = await create(application, caller)
        for agent in agents:
            await act(application, conference, "join", call_control_id=agent)
        await application.wait_for("conference.participant.joined", 3)
        await application.command(agents[0], "hangup")
        gone = await application.wait_for("conference.participant.left")
        _, listed = await application.get("/conferences?filter[name]=team")
        alive = await application.get(f"/calls/{agents[1]}")
        await application.command(caller, "hangup")
        await run
        _, shown = await application.get(f"/conferences/{conference}")

    assert [one["id"] for one in listed["data"]] == [conference]
    assert gone.payload["call_control_id"] == agents[0]
    assert alive[1]["data"]["is_alive"] is True, "one hang-up ends nobody else's leg"
    told = ("created", "participant.joined", "participant.left", "ended")
    hooks = [hook for kind in told for hook in application.of(f"conference.{kind}")]
    assert {hook.payload["conference_id"] for hook in hooks} == {conference}
    assert len(application.of("conference.participant.left")) == 3
    assert [hook.payload["reason"] for hook in application.of("conference.ended")] == ["all_left"]
    assert shown["data"]["status"] == "completed"
    assert len(application.of("call.hangup")) == 3


async def test_somebody_leaves_and_the_rest_is_ended() -> None:
    """Whoever left is not in it any more; ending it hangs all others up."""
    async with open_simulation(scenario(THREE, speed=5)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        caller = await application.answer_call()
        agent = await dial(application, caller)
        await application.wait_for("call.answered", 2)
        conference = await create(application, caller)
        await act(application, conference, "join", call_control_id=agent)
        await application.wait_for("conference.participant.joined", 2)
        left = await act(application, conference, "leave", call_control_id=agent)
        again = await act(application, conference, "leave", call_control_id=agent)
        ended = await act(application, conference, "end")
        await run

    assert (left[0], ended[0]) == (200, 200)
    assert refusal(again)[1] == "10015"
    assert len(application.of("call.hangup")) == 2


async def test_what_cannot_be_done_is_refused() -> None:
    """Legs that are not there, only ring, are in one already, or are over; names that are taken."""
    plan = {**THREE, "callee": {"picks_up": "no_answer"}}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        caller = await application.answer_call()
        ringing = await dial(application, caller)
        conference = await create(application, caller)
        await application.wait_for("conference.participant.joined")
        refused = [
            await application.post("/conferences", {"call_control_id": caller}),
            await application.post("/conferences", {"call_control_id": caller, "name": "team"}),
            await act(application, conference, "join", call_control_id=NOBODY),
            await act(application, conference, "join", call_control_id=ringing),
            await act(application, conference, "join", call_control_id=caller),
            await act(application, conference, "sing", call_control_id=caller),
            await act(application, "nowhere", "join", call_control_id=caller),
            await application.get("/conferences/nowhere"),
        ]
        await application.command(ringing, "hangup")
        await application.command(caller, "hangup")
        over = await act(application, conference, "join", call_control_id=caller)
        await run

    codes = [refusal(outcome)[1] for outcome in refused]
    assert codes == [
        *("10004", "10015", "10005", "90034", "10015"),
        *("10005", "10005", "10005"),
    ]
    assert refusal(over)[1] == "90018"
