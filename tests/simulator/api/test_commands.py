"""Commands on a call: when they are taken, and how they are refused."""

import asyncio
import json

import pytest

from tests.simulator.builders import scenario, transcribe
from tests.simulator.harness import LONG, open_call, open_simulation, refusal, run_to_end


async def test_every_command_of_a_call_is_taken() -> None:
    """Each answers 200 and result ok."""
    async with open_call() as (_, application, leg_id):
        outcomes = [
            await application.command(leg_id, action, **params)
            for action, params in (
                transcribe(),
                ("transcription_stop", {}),
                application.stream(),
                ("streaming_stop", {}),
                ("record_start", {"channels": "dual", "format": "wav"}),
                ("record_pause", {}),
                ("record_resume", {}),
                ("record_stop", {}),
                ("client_state_update", {"client_state": "aGVsbG8="}),
            )
        ]

    assert outcomes == [(200, {"data": {"result": "ok"}})] * 9


@pytest.mark.parametrize(
    ("action", "params", "expected"),
    [
        ("streaming_start", {}, (422, "10004")),
        ("streaming_start", {"stream_url": "http://x/"}, (422, "10003")),
        ("streaming_start", {"stream_url": "wss://[x"}, (422, "10003")),
        ("streaming_start", {"stream_url": 7}, (422, "10026")),
        ("streaming_start", {"stream_url": "ws://x/", "stream_track": "in"}, (422, "10032")),
        ("streaming_start", {"stream_url": "ws://x/", "stream_auth_token": "x" * 4001},
         (422, "10033")),
        ("streaming_stop", {}, (422, "90048")),
        ("transcription_start", {"transcription_engine": "Hal"}, (422, "10032")),
        ("transcription_start", {"transcription_engine": "Azure"}, (422, "10004")),
        ("transcription_start", {"transcription_tracks": "left"}, (422, "10032")),
        ("transcription_start", {"transcription_engine_config": []}, (422, "10026")),
        ("record_start", {"format": "wav"}, (422, "10004")),
        ("record_start", {"format": "wav", "channels": "dual", "max_length": True},
         (422, "10026")),
        ("record_stop", {}, (422, "10015")),
        ("answer", {}, (422, "10015")),
        ("reject", {"cause": "USER_BUSY"}, (422, "10015")),
        ("client_state_update", {}, (422, "10004")),
        ("client_state_update", {"client_state": "not base64!"}, (422, "90017")),
        ("gather", {}, (404, "10005")),
    ],
)  # fmt: skip
async def test_bad_parameters_are_refused_as_documented(
    action: str, params: dict[str, object], expected: tuple[int, str]
) -> None:
    """With Telnyx's code, and the parameter's name where it is about one."""
    async with open_call() as (_, application, leg_id):
        outcome = await application.command(leg_id, action, **params)

    assert refusal(outcome) == expected
    error = outcome[1]["errors"][0]
    assert error["title"]
    assert error["meta"]["url"].endswith(expected[1])


@pytest.mark.parametrize(
    ("action", "params", "expected"),
    [
        ("transcription_start", {}, "90034"),
        ("streaming_start", {"stream_url": "ws://x/"}, "90034"),
        ("record_start", {"channels": "dual", "format": "wav"}, "90020"),
    ],
)
async def test_a_call_that_rings_takes_no_such_command(
    action: str, params: dict[str, object], expected: str
) -> None:
    """Too early is a code of its own."""
    async with open_call(answer=False) as (_, application, leg_id):
        outcome = await application.command(leg_id, action, **params)

    assert refusal(outcome) == (422, expected)


async def test_second_starts_and_conflicts_have_their_codes() -> None:
    """90054, 90045, 90053 and 90055."""
    async with open_call() as (_, application, leg_id):
        silence = {"channels": "single", "format": "wav", "timeout_secs": 5}
        start, config = transcribe()
        await application.command(leg_id, start, **config)
        await application.command(leg_id, "streaming_start", **application.stream()[1])
        second = await application.command(leg_id, start, **config)
        stream = await application.command(leg_id, "streaming_start", **application.stream()[1])
        recording = await application.command(leg_id, "record_start", **silence)
        await application.command(leg_id, "transcription_stop")
        await application.command(leg_id, "record_start", **silence)
        stop = await application.command(leg_id, "transcription_stop")

    codes = [refusal(outcome)[1] for outcome in (second, stream, recording, stop)]
    assert codes == ["90054", "90045", "90053", "90055"]


async def test_a_call_that_has_ended_takes_nothing() -> None:
    """422 and 90018, for each command."""
    async with open_simulation(scenario({"ring_s": 0.1})) as (simulator, application):
        report = await run_to_end(simulator)
        leg_id = report.calls[0].leg_id
        outcomes = [
            await application.command(leg_id, action, **params)
            for action, params in (
                ("answer", {}),
                ("hangup", {}),
                ("streaming_start", {"stream_url": "ws://x/"}),
                transcribe(),
            )
        ]
        status = await application.get(f"/calls/{leg_id}")

    assert [refusal(outcome) for outcome in outcomes] == [(422, "90018")] * 4
    assert status[1]["data"]["is_alive"] is False
    assert status[1]["data"]["end_time"]


async def test_the_same_command_id_is_ignored_for_sixty_seconds() -> None:
    """It is answered again, and has no effect; after that it is new."""
    at = [1_800_000_000.0]
    async with open_simulation(scenario(LONG), clock=lambda: at[0]) as (simulator, application):
        run = asyncio.create_task(run_to_end(simulator))
        leg_id = (await application.wait_for("call.initiated")).payload["call_control_id"]
        outcomes = [await application.command(leg_id, "answer", command_id="c-1")]
        outcomes.append(await application.command(leg_id, "answer", command_id="c-1"))
        at[0] += 61
        outcomes.append(await application.command(leg_id, "answer", command_id="c-1"))
        await application.command(leg_id, "hangup")
        report = await run

    assert [status for status, _ in outcomes] == [200, 200, 422]
    assert len(application.of("call.answered")) == 1
    assert [command.repeated for command in report.calls[0].commands][:2] == [False, True]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, "10023")),
        (b"\xff\xfe", (400, "10023")),
        (b"[" * 100_000, (400, "10023")),
        (b'{"client_state": "\\ud800"}', (400, "10023")),
        (b"[]", (400, "10015")),
        (b'"answer"', (400, "10015")),
        (b"x" * (2 * 1024 * 1024), (413, "10015")),
        (json.dumps({"client_state": ["x"]}).encode(), (422, "10026")),
        (json.dumps({"webhook_urls": {"call.sneezed": []}}).encode(), (422, "90057")),
        (json.dumps({"transcription": True,
                     "transcription_config": {"transcription_engine": "Hal"}}).encode(),
         (422, "10032")),
        (json.dumps({"webhook_url": "ftp://x/"}).encode(), (422, "10003")),
        (json.dumps({"webhook_url_method": "GET"}).encode(), (400, "10015")),
        (json.dumps({"webhook_retries_policies": {"call.hangup": 7}}).encode(), (400, "10015")),
        (json.dumps({"stream_url": "ws://x:99999/"}).encode(), (422, "10003")),
        (b"", (200, "")),
        (b"{}", (200, "")),
        (b'{"client_state": null, "unheard_of": [1, 2]}', (200, "")),
    ],
    ids=range(17),
)  # fmt: skip
async def test_hostile_bodies_get_refusals_and_never_a_500(
    body: bytes, expected: tuple[int, str]
) -> None:
    """And what is only empty or odd is taken."""
    async with open_call(answer=False) as (_, application, leg_id):
        status, reply = await application.post(f"/calls/{leg_id}/actions/answer", body)

    assert status == expected[0]
    assert (reply["errors"][0]["code"] if "errors" in reply else "") == expected[1]


async def test_a_client_state_is_echoed_from_then_on() -> None:
    """It is null before any command set it."""
    async with open_call(answer=False) as (_, application, leg_id):
        await application.command(leg_id, "answer", client_state="aGVsbG8=")
        answered = await application.wait_for("call.answered")

    assert application.received[0].payload["client_state"] is None
    assert answered.payload["client_state"] == "aGVsbG8="


async def test_a_stream_of_another_id_is_not_stopped() -> None:
    """And an event's retries are what `answer` says."""
    async with open_call() as (_, application, leg_id):
        await application.command(leg_id, "streaming_start", **application.stream()[1])
        await application.wait_for("streaming.started")
        wrong = await application.command(leg_id, "streaming_stop", stream_id="other")
        stream_id = json.loads(application.media[0].messages[1])["stream_id"]
        right = await application.command(leg_id, "streaming_stop", stream_id=stream_id)

    assert refusal(wrong) == (404, "10005")
    assert right[0] == 200


@pytest.mark.parametrize(("code", "status"), [("90018", 422), ("90015", 422), ("10005", 404)])
async def test_a_call_that_is_over_refuses_commands_as_it_is_set(code: str, status: int) -> None:
    """That it ended, that there is no such call, or that the id is none."""
    async with open_simulation(scenario(rest={"after_end": code})) as (simulator, application):
        application.answer_and(("hangup", {}))
        await run_to_end(simulator)
        leg_id = application.received[0].payload["call_control_id"]
        assert refusal(await application.command(leg_id, "streaming_start")) == (status, code)
        shown, body = await application.get(f"/calls/{leg_id}")

    assert shown == (404 if code == "10005" else 200)
    assert shown == 404 or body["data"]["is_alive"] is False
