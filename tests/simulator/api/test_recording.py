"""Recordings of a call: what is in them, and who may have them."""

import asyncio
import time

import aiohttp

from tests.simulator.builders import scenario, transcribe
from tests.simulator.harness import open_call, open_simulation, refusal, run_to_end


async def test_a_recording_is_saved_after_the_hang_up_behind_a_link_that_expires() -> None:
    """It is a WAV of both tracks; the link needs no key, and dies after ten minutes."""
    at = [time.time()]
    async with open_simulation(scenario(), clock=lambda: at[0]) as (simulator, application):
        wish = {"channels": "dual", "format": "wav"}
        application.answer_and(("record_start", wish), transcribe())
        await run_to_end(simulator)
        payload = application.of("call.recording.saved")[0].payload
        _, listed = await application.get("/recordings")
        _, shown = await application.get(f"/recordings/{payload['recording_id']}")
        fresh = shown["data"]["download_urls"]["wav"]
        async with aiohttp.ClientSession() as http:
            async with http.get(fresh) as reply:
                wav = await reply.read()
            at[0] += 601
            async with http.get(fresh) as late:
                pass

    assert application.types()[-2:] == ["call.hangup", "call.recording.saved"]
    assert payload["channels"] == "dual"
    assert [one["id"] for one in listed["data"]] == [payload["recording_id"]]
    assert len(wav) == 44 + shown["data"]["duration_millis"] * 32
    assert late.status == 403


async def test_a_paused_recording_leaves_that_part_out() -> None:
    """And one of a single channel has both voices in it."""
    async with open_simulation(scenario({"hangs_up": "service"}, speed=20)) as (
        simulator,
        application,
    ):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = await application.answer_call()
        wish = {"channels": "single", "format": "wav"}
        await application.command(leg_id, "record_start", **wish)
        twice = await application.command(leg_id, "record_start", **wish)
        await application.command(leg_id, "record_pause")
        start, config = transcribe()
        await application.command(leg_id, start, **config)
        await application.wait_for("call.transcription", 1)
        await application.command(leg_id, "hangup")
        report = await run
        payload = (await application.wait_for("call.recording.saved")).payload
        async with aiohttp.ClientSession() as http, http.get(payload["recording_urls"]["wav"]) as r:
            wav = await r.read()

    assert refusal(twice) == (422, "10015")
    assert len(wav) < 44 + report.calls[0].talk_ms * 16
    assert wav[22:24] == b"\x01\x00"


async def test_a_recording_that_is_not_there_or_not_signed_for_is_not_given() -> None:
    """404 from the API, 403 from the link."""
    async with open_simulation(scenario()) as (simulator, application):
        status, _ = await application.get("/recordings/none")
        url = f"{simulator.base_url}/recordings/none.wav"
        async with aiohttp.ClientSession() as http, http.get(url) as reply:
            pass

    assert (status, reply.status) == (404, 403)


async def test_a_recording_that_is_deleted_is_gone() -> None:
    """From the list and from behind its link, at once and for good; what fails leaves it there."""
    fault = {"command": "delete_recording", "status": 422, "code": "10015", "times": 1}
    async with open_simulation(scenario(rest={"fault": [fault]})) as (simulator, application):
        wish = {"channels": "dual", "format": "wav"}
        application.answer_and(("record_start", wish), transcribe())
        await run_to_end(simulator)
        payload = application.of("call.recording.saved")[0].payload
        path, link = f"/recordings/{payload['recording_id']}", payload["recording_urls"]["wav"]
        refused, _ = await application.delete(path)
        _, kept = await application.get("/recordings")
        deleted, shown = await application.delete(path)
        again, _ = await application.delete(path)
        asked, _ = await application.get(path)
        _, listed = await application.get("/recordings")
        async with aiohttp.ClientSession() as http, http.get(link) as file:
            pass

    assert (refused, len(kept["data"])) == (422, 1)
    assert (deleted, shown["data"]["id"]) == (200, payload["recording_id"])
    assert (again, asked, file.status) == (404, 404, 404)
    assert listed["data"] == []


async def test_mp3_and_repeated_stops_are_refused() -> None:
    """There is no encoder; and what does not run cannot be paused."""
    async with open_call() as (_, application, leg_id):
        mp3 = await application.command(leg_id, "record_start", channels="dual", format="mp3")
        pause = await application.command(leg_id, "record_pause")
        azure = await application.command(
            leg_id, "transcription_start", transcription_engine="Azure",
            transcription_engine_config={"region": "eastus"},
        )  # fmt: skip

    assert (refusal(mp3)[1], refusal(pause)[1], azure[0]) == ("10015", "10015", 200)


async def test_a_recording_that_cannot_be_stored_is_told_of() -> None:
    """Why, in place of where it is; the list has none."""
    broken = scenario(rest={"recording_error": "Unsupported backend"})
    async with open_simulation(broken) as (simulator, application):
        wish = {"channels": "dual", "format": "wav"}
        application.answer_and(("record_start", wish), transcribe())
        await run_to_end(simulator)
        payload = application.of("call.recording.error")[0].payload
        _, listed = await application.get("/recordings")

    assert payload["reason"] == "Unsupported backend"
    assert listed["data"] == []
    assert application.of("call.recording.saved") == []


async def test_what_is_recorded_may_be_told_twice_or_not_at_all() -> None:
    """By faults of the webhook; it is in the list all the same."""
    for fault, count in (({"duplicate": 1.0}, 2), ({"drop": 1.0}, 0)):
        webhooks = {"fault": [{"events": ["call.recording.saved"], **fault}]}
        async with open_simulation(scenario(webhooks=webhooks)) as (simulator, application):
            wish = {"channels": "dual", "format": "wav"}
            application.answer_and(("record_start", wish), transcribe())
            await run_to_end(simulator)
            _, listed = await application.get("/recordings")
            assert len(application.of("call.recording.saved")) == count
            assert len(listed["data"]) == 1
