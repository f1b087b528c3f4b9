"""Whole calls, from the first ring to the last webhook."""

import asyncio

from aiohttp import web

from service.tasks import failures
from tests.simulator.builders import SAY, BreakableClock, scenario, transcribe
from tests.simulator.harness import open_simulation, run_to_end


async def test_a_streamed_and_transcribed_call_tells_its_events_in_the_order_seen_live() -> None:
    """initiated, answered, streaming started, words, streaming stopped, hang-up."""
    async with open_simulation(scenario()) as (simulator, application):
        application.answer_and(application.stream(), transcribe())
        report = await run_to_end(simulator)

    assert application.types() == [
        "call.initiated",
        "call.answered",
        "streaming.started",
        "call.transcription",
        "call.transcription",
        "streaming.stopped",
        "call.hangup",
    ]
    assert [data["transcript"] for data in application.transcripts()] == [
        "how can I help",
        "is my table free",
    ]
    assert report.calls[0].outcome == "normal_clearing"


async def test_an_unanswered_call_rings_out_and_is_cancelled_by_the_caller() -> None:
    """A call nobody answers ends with originator_cancel and SIP 487."""
    async with open_simulation(scenario({"ring_s": 0.1})) as (simulator, application):
        report = await run_to_end(simulator)

    assert application.types() == ["call.initiated", "call.hangup"]
    payload = application.of("call.hangup")[0].payload
    assert (payload["hangup_cause"], payload["hangup_source"]) == ("originator_cancel", "caller")
    assert payload["sip_hangup_cause"] == "487"
    assert not report.calls[0].answered
    assert report.calls[0].said == ()


async def test_a_rejected_call_ends_with_the_cause_of_the_rejection() -> None:
    """USER_BUSY is SIP 486."""
    async with open_simulation(scenario()) as (simulator, application):
        application.reactions = {"call.initiated": [("reject", {"cause": "USER_BUSY"})]}
        report = await run_to_end(simulator)

    assert application.of("call.hangup")[0].payload["sip_hangup_cause"] == "486"
    assert report.calls[0].outcome == "user_busy"


async def test_the_application_can_hang_up_in_the_middle_of_the_talk() -> None:
    """A `hangup` command ends the call, and only what was begun counts as said."""
    long = [*SAY, {"speaker": "agent", "at_ms": 60_000, "text": "goodbye"}]
    plan = {"say": long, "hangs_up": "service"}
    async with open_simulation(scenario(plan, speed=20)) as (simulator, application):
        application.answer_and(application.stream(), transcribe())
        application.reactions["call.transcription"] = [("hangup", {})]
        report = await run_to_end(simulator)

    payload = application.of("call.hangup")[0].payload
    assert (payload["hangup_cause"], payload["hangup_source"]) == ("normal_clearing", "callee")
    assert "goodbye" not in [said.text for said in report.calls[0].said]


async def test_nobody_talks_until_somebody_listens() -> None:
    """With nobody to hear them, they wait their patience out; the truth's clock says so."""
    async with open_simulation(scenario({"patience_s": 0.3})) as (simulator, application):
        application.answer_and()
        report = await run_to_end(simulator)

    assert 300 <= report.calls[0].talk_offset_ms < 3000
    assert report.calls[0].said[0].start_ms == report.calls[0].talk_offset_ms + 200


async def test_a_call_that_outlives_its_limit_is_ended() -> None:
    """time_limit is the cause then, and nobody the source."""
    plan = {"hangs_up": "service", "time_limit_s": 2}
    async with open_simulation(scenario(plan)) as (simulator, application):
        application.answer_and(transcribe())
        report = await run_to_end(simulator)

    assert report.calls[0].outcome == "time_limit"
    assert application.of("call.hangup")[0].payload["hangup_source"] == "unknown"


async def test_a_dialled_call_is_picked_up_and_transcribed_from_its_answer() -> None:
    """`dial` with `transcription` needs no other command."""
    async with open_simulation(scenario({"direction": "outgoing"})) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        wish = {"connection_id": "77", "from": "+13125550100", "to": "+13125550101"}
        config = {"transcription_engine": "Google", "transcription_tracks": "both"}
        status, body = await application.post(
            "/calls", {**wish, "transcription": True, "transcription_config": config}
        )
        report = await run

    assert status == 200
    assert body["data"]["is_alive"] is False
    initiated = application.of("call.initiated")[0].payload
    assert (initiated["direction"], initiated["state"]) == ("outgoing", "bridging")
    assert initiated["to"] == "+13125550101"
    assert initiated["connection_id"] == "77"
    assert len(application.transcripts()) == 2
    assert report.calls[0].outcome == "normal_clearing"


async def test_a_busy_party_and_a_call_that_is_never_dialled_are_told_apart() -> None:
    """user_busy is Telnyx's word; never_dialled is ours."""
    plans = {"direction": "outgoing", "picks_up": "busy", "count": 2, "dialled_within_s": 0.5}
    async with open_simulation(scenario(plans)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        wish = {"connection_id": "77", "from": "+13125550100", "to": "+13125550101"}
        await application.post("/calls", wish)
        report = await run

    assert [call.outcome for call in report.calls] == ["user_busy", "never_dialled"]


async def test_calls_alike_have_numbers_of_their_own() -> None:
    """`count` makes as many calls, each number one higher than the last."""
    async with open_simulation(scenario({"count": 3, "ring_s": 0.1})) as (simulator, _):
        report = await run_to_end(simulator)

    assert [call.from_number for call in report.calls] == [
        "+13125550142",
        "+13125550143",
        "+13125550144",
    ]
    assert len({call.call_id for call in report.calls}) == 3


async def test_a_bridged_call_has_two_legs_of_one_session_with_swapped_tracks() -> None:
    """Each leg's inbound track is its own party: a start on each with `inbound` hears everyone."""
    plan = {"bridged_to": "+13125550177"}
    inbound = {"transcription_tracks": "inbound", "transcription_engine": "Telnyx"}
    async with open_simulation(scenario(plan)) as (simulator, application):
        application.answer_and()
        application.reactions["call.bridged"] = [("transcription_start", inbound)]
        report = await run_to_end(simulator)

    words = application.of("call.transcription")
    legs = {hook.payload["call_control_id"] for hook in words}
    assert len(legs) == 2
    assert len({hook.payload["call_session_id"] for hook in application.received}) == 1
    assert sorted(data["transcript"] for data in application.transcripts()) == [
        "how can I help",
        "is my table free",
    ]
    assert {data["transcription_track"] for data in application.transcripts()} == {"inbound"}
    assert [len(call.said) for call in report.calls] == [2, 0]
    assert len(application.of("call.hangup")) == 2


async def test_hanging_up_one_leg_of_a_bridged_call_ends_both() -> None:
    """Whichever it is."""
    plan = {"bridged_to": "+13125550177", "hangs_up": "service"}
    async with open_simulation(scenario(plan)) as (simulator, application):
        application.answer_and()
        run = asyncio.create_task(run_to_end(simulator))
        second = await application.wait_for("call.bridged", 2)
        await application.command(second.payload["call_control_id"], "hangup")
        report = await run

    assert [call.outcome for call in report.calls] == ["normal_clearing", "normal_clearing"]


async def test_a_dial_beyond_the_scenario_is_picked_up_and_silent() -> None:
    """Until somebody hangs up; it is reported after the scenario's calls."""
    async with open_simulation(scenario({"ring_s": 5})) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        wish = {"connection_id": "77", "from": "+1", "to": "+2"}
        _, body = await application.post("/calls", wish)
        await application.wait_for("call.answered")
        await application.command(body["data"]["call_control_id"], "hangup")
        first = await application.wait_for("call.initiated")
        await application.wait_for("call.hangup")
        await application.command(first.payload["call_control_id"], "reject", cause="NOT_FOUND")
        report = await run

    assert [call.outcome for call in report.calls] == ["not_found", "normal_clearing"]


async def test_a_party_that_never_picks_up_is_no_answer() -> None:
    """After `ring_s`."""
    plan = {"direction": "outgoing", "picks_up": "no_answer", "ring_s": 0.1}
    async with open_simulation(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        wish = {"connection_id": "77", "from": "+1", "to": "+2"}
        await application.post("/calls", wish)
        report = await run

    assert report.calls[0].outcome == "no_answer"


async def test_a_call_that_the_simulator_fails_stops_no_other() -> None:
    """Its report says so. Here it is the clock that breaks, once."""
    clock = BreakableClock()
    plan = {"count": 2, "every_s": 0.2, "ring_s": 0.1}
    async with open_simulation(scenario(plan, speed=1), clock=clock) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        await application.wait_for("call.initiated")
        clock.broken = True
        report = await run

    assert sorted(call.outcome for call in report.calls) == ["failed", "originator_cancel"]


async def test_a_stream_that_the_simulator_fails_fails_its_call() -> None:
    """It is counted, the call ends, and its report says so: the clock breaks as it connects."""
    clock = BreakableClock()

    async def break_clock(_socket: web.WebSocketResponse) -> None:
        clock.broken = True

    before = failures["media_stream"]
    async with open_simulation(scenario({"hangs_up": "service"}), clock=clock) as (
        simulator,
        application,
    ):
        application.on_media = break_clock
        application.answer_and(application.stream())
        report = await run_to_end(simulator)

    assert [call.outcome for call in report.calls] == ["failed"]
    assert application.types()[-1] == "call.hangup"
    assert failures["media_stream"] == before + 1
