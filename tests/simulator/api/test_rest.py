"""The REST API: what it answers, and how it refuses."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from service.simulator.server import Simulator
from tests.simulator.peers import Application, finish, open_practice, scenario, transcribe

NOBODY = "v3:bm9ib2R5"
LONG = {"hangs_up": "service", "patience_s": 60}


@asynccontextmanager
async def answered_call(
    *, answer: bool = True, **tables: object
) -> AsyncIterator[tuple[Simulator, Application, str]]:
    """Open a practice with one call that waits for commands."""
    async with open_practice(scenario(LONG, **tables)) as (simulator, application):
        run = asyncio.create_task(finish(simulator))
        leg_id = (await application.wait_for("call.initiated")).payload["call_control_id"]
        if answer:
            await application.command(leg_id, "answer")
            await application.wait_for("call.answered")
        yield simulator, application, leg_id
        await application.command(leg_id, "hangup")
        await run


def code(outcome: tuple[int, dict[str, object]]) -> tuple[int, str]:
    """Return status and error code."""
    status, body = outcome
    return status, body["errors"][0]["code"]  # type: ignore[index] # that is its shape


async def test_every_command_of_a_call_is_taken() -> None:
    """Each answers 200 and result ok."""
    async with answered_call() as (_, application, leg_id):
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
        ("speak", {"payload": "hello"}, (404, "10005")),
    ],
)  # fmt: skip
async def test_bad_parameters_are_refused_as_documented(
    action: str, params: dict[str, object], expected: tuple[int, str]
) -> None:
    """With Telnyx's code, and the parameter's name where it is about one."""
    async with answered_call() as (_, application, leg_id):
        outcome = await application.command(leg_id, action, **params)

    assert code(outcome) == expected
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
    async with answered_call(answer=False) as (_, application, leg_id):
        outcome = await application.command(leg_id, action, **params)

    assert code(outcome) == (422, expected)


async def test_second_starts_and_conflicts_have_their_codes() -> None:
    """90054, 90045, 90053 and 90055."""
    async with answered_call() as (_, application, leg_id):
        silence = {"channels": "single", "format": "wav", "timeout_secs": 5}
        start, config = transcribe()
        await application.command(leg_id, start, **config)
        await application.command(leg_id, "streaming_start", **application.stream()[1])
        second = await application.command(leg_id, start, **config)
        stream = await application.command(leg_id, "streaming_start", **application.stream()[1])
        tape = await application.command(leg_id, "record_start", **silence)
        await application.command(leg_id, "transcription_stop")
        await application.command(leg_id, "record_start", **silence)
        stop = await application.command(leg_id, "transcription_stop")

    codes = [code(outcome)[1] for outcome in (second, stream, tape, stop)]
    assert codes == ["90054", "90045", "90053", "90055"]


async def test_a_call_that_has_ended_takes_nothing() -> None:
    """422 and 90018, for each command."""
    async with open_practice(scenario({"ring_s": 0.1})) as (simulator, application):
        report = await finish(simulator)
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

    assert [code(outcome) for outcome in outcomes] == [(422, "90018")] * 4
    assert status[1]["data"]["is_alive"] is False
    assert status[1]["data"]["end_time"]


async def test_the_same_command_id_is_ignored_for_sixty_seconds() -> None:
    """It is answered again, and has no effect; after that it is new."""
    at = [1_800_000_000.0]
    async with open_practice(scenario(LONG), clock=lambda: at[0]) as (simulator, application):
        run = asyncio.create_task(finish(simulator))
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


async def test_a_repeated_dial_makes_one_call() -> None:
    """For `dial` the command_id alone counts."""
    wish = {"connection_id": "77", "from": "+1", "to": ["+2"], "command_id": "d-1"}
    plan = {"direction": "outgoing", "picks_up": "busy"}
    async with open_practice(scenario(plan)) as (simulator, application):
        run = asyncio.create_task(finish(simulator))
        outcomes = [await application.post("/calls", wish) for _ in range(2)]
        report = await run

    assert outcomes[0] == outcomes[1]
    assert len(report.calls) == 1


async def test_without_the_key_nothing_is_told() -> None:
    """401 and 10009, also for what does not exist."""
    async with open_practice(scenario()) as (_, application):
        for path in (f"/calls/{NOBODY}/actions/answer", "/nowhere"):
            for key in ("", "Bearer wrong", "Basic \u00e9"):
                outcome = await application.post(path, {}, headers={"authorization": key})
                assert code(outcome) == (401, "10009")


async def test_an_unknown_call_and_a_malformed_id_are_told_apart() -> None:
    """404 and 10005, 422 and 90015."""
    async with open_practice(scenario()) as (_, application):
        assert code(await application.command(NOBODY, "answer")) == (404, "10005")
        assert code(await application.command("call-7", "answer")) == (422, "90015")
        assert (await application.get(f"/calls/{NOBODY}"))[0] == 404


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
    async with answered_call(answer=False) as (_, application, leg_id):
        status, reply = await application.post(f"/calls/{leg_id}/actions/answer", body)

    assert status == expected[0]
    assert (reply["errors"][0]["code"] if "errors" in reply else "") == expected[1]


async def test_dial_checks_its_parameters() -> None:
    """Required ones, types, and addresses."""
    good = {"connection_id": "77", "from": "+1", "to": "+2"}
    async with open_practice(scenario()) as (_, application):
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

    assert [code(outcome)[1] for outcome in outcomes] == [
        "10004",
        "10004",
        "10026",
        "10003",
        "10033",
    ]


async def test_answers_show_the_rate_limit_and_it_is_kept() -> None:
    """429 and 10011 beyond it, with the three headers on every answer."""
    async with open_practice(scenario(rest={"requests_per_minute": 2})) as (simulator, _):
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        url = f"{simulator.url}/speech-to-text/providers"
        seen: list[tuple[int, str]] = []
        async with aiohttp.ClientSession(headers=headers) as http:
            for _ in range(3):
                async with http.get(url) as reply:
                    seen.append((reply.status, reply.headers["x-ratelimit-remaining"]))
                    assert reply.headers["x-ratelimit-limit"] == "2"
                    assert 0 < int(reply.headers["x-ratelimit-reset"]) <= 60

    assert seen == [(200, "1"), (200, "0"), (429, "0")]


async def test_commands_fail_on_purpose_as_often_as_told() -> None:
    """The fault strikes twice, for `answer` only, and then lets it pass."""
    fault = {"command": "answer", "times": 2, "status": 503, "code": "10007"}
    async with answered_call(answer=False, rest={"fault": [fault]}) as (_, application, leg_id):
        statuses = [(await application.command(leg_id, "answer"))[0] for _ in range(3)]

    assert statuses == [503, 503, 200]


@pytest.mark.parametrize(("shape", "body"), [("detail", {"detail": "This"}), ("empty", None)])
async def test_the_shape_of_a_refusal_is_a_knob(shape: str, body: object) -> None:
    """A body in FastAPI's form, or none."""
    async with open_practice(scenario(rest={"error_shape": shape})) as (simulator, _):
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{simulator.url}/calls/{NOBODY}") as reply,
        ):
            text = await reply.text()

    assert reply.status == 404
    assert bool(text) == bool(body)
    assert not text or list(json.loads(text)) == ["detail"]


async def test_live_calls_are_listed_with_their_state() -> None:
    """Only those of the connection, and only while they live."""
    async with answered_call() as (simulator, application, leg_id):
        await application.command(leg_id, "client_state_update", client_state="aGVsbG8=")
        _, found = await application.get(f"/connections/{simulator.connection_id}/active_calls")
        _, none = await application.get("/connections/1/active_calls")

    (call,) = found["data"]
    assert (call["call_control_id"], call["client_state"]) == (leg_id, "aGVsbG8=")
    assert none["data"] == []


async def test_a_client_state_is_echoed_from_then_on() -> None:
    """It is null before any command set it."""
    async with answered_call(answer=False) as (_, application, leg_id):
        await application.command(leg_id, "answer", client_state="aGVsbG8=")
        answered = await application.wait_for("call.answered")

    assert application.received[0].payload["client_state"] is None
    assert answered.payload["client_state"] == "aGVsbG8="


async def test_a_recording_is_saved_after_the_hang_up_behind_a_link_that_expires() -> None:
    """It is a WAV of both tracks; the link needs no key, and dies after ten minutes."""
    at = [time.time()]
    async with open_practice(scenario(), clock=lambda: at[0]) as (simulator, application):
        wish = {"channels": "dual", "format": "wav"}
        application.answer_and(("record_start", wish), transcribe())
        await finish(simulator)
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


async def test_webhooks_go_where_a_command_sends_them() -> None:
    """`webhook_urls` of `answer` counts for the events after it."""
    async with answered_call(answer=False) as (_, application, leg_id):
        elsewhere = application.webhook_url + "?elsewhere"
        urls = {"call.answered": [elsewhere]}
        await application.command(leg_id, "answer", webhook_urls=urls)
        answered = await application.wait_for("call.answered")

    assert answered.meta["delivered_to"] == elsewhere


async def test_the_first_webhook_of_a_dial_can_overtake_its_answer() -> None:
    """Where the knob wants the race that was seen."""
    plan = {"direction": "outgoing", "picks_up": "busy"}
    what = scenario(plan, webhooks={"before_dial_response": True}, rest={"latency_ms": 1})
    wish = {"connection_id": "77", "from": "+1", "to": "+2"}
    async with open_practice(what) as (simulator, application):
        held = asyncio.Event()
        application.replies = [held]
        run = asyncio.create_task(finish(simulator))
        dial = asyncio.create_task(application.post("/calls", wish))
        await application.wait_for("call.initiated")
        overtaken = not dial.done()
        held.set()
        status, _ = await dial
        await run

    assert overtaken
    assert status == 200


async def test_providers_can_be_filtered() -> None:
    """By provider and by surface."""
    async with open_practice(scenario()) as (_, application):
        _, everything = await application.get("/speech-to-text/providers")
        query = "provider=deepgram&service_type=file_based"
        _, some = await application.get(f"/speech-to-text/providers?{query}")

    assert everything["meta"]["total"] == len(everything["data"]) > 10
    assert {entry["provider"] for entry in some["data"]} == {"deepgram"}
    assert {kind["type"] for entry in some["data"] for kind in entry["service_types"]} == {
        "file_based"
    }


async def test_a_body_that_never_comes_is_a_408() -> None:
    """With 10008, and the rest of the simulator goes on."""

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    what = scenario(LONG, rest={"body_timeout_s": 0.1})
    async with open_practice(what) as (simulator, _):
        url = f"{simulator.url}/calls/{NOBODY}/actions/answer"
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(url, data=trickle()) as reply,
        ):
            body = await reply.json()

    assert code((reply.status, body)) == (408, "10008")


async def test_a_stream_of_another_id_is_not_stopped() -> None:
    """And an event's retries are what `answer` says."""
    async with answered_call() as (_, application, leg_id):
        await application.command(leg_id, "streaming_start", **application.stream()[1])
        await application.wait_for("streaming.started")
        wrong = await application.command(leg_id, "streaming_stop", stream_id="other")
        stream_id = json.loads(application.media[0].messages[1])["stream_id"]
        right = await application.command(leg_id, "streaming_stop", stream_id=stream_id)

    assert code(wrong) == (404, "10005")
    assert right[0] == 200


async def test_retries_of_an_event_are_those_of_its_policy() -> None:
    """Set with the command that answers."""
    policy = {"call.answered": {"retries_ms": [10]}}
    async with answered_call(answer=False) as (_, application, leg_id):
        application.replies = [web.Response(status=500)]
        await application.command(leg_id, "answer", webhook_retries_policies=policy)
        again = await application.wait_for("call.answered", 2)

    assert again.meta["attempt"] == 2


async def test_answer_can_stream_and_transcribe_at_once() -> None:
    """`stream_url` is shown in call.answered then."""
    async with open_practice(scenario()) as (simulator, application):
        config = {"transcription_engine": "Google", "transcription_tracks": "both"}
        wish = {"transcription": True, "transcription_config": config}
        wish |= application.stream()[1]
        application.reactions = {"call.initiated": [("answer", wish)]}
        await finish(simulator)

    answered = application.of("call.answered")[0].payload
    assert answered["stream_url"] == application.media_url
    assert len(application.transcripts()) == 2
    assert application.media[0].audio("inbound")


async def test_a_fault_of_the_simulators_own_is_answered_like_one_of_telnyxs() -> None:
    """500 and 10007, no traceback in the body. Here it is the clock that breaks."""
    broken = [False]

    def clock() -> float:
        if broken[0]:
            raise ValueError
        return 1_800_000_000.0

    async with open_practice(scenario(), clock=clock) as (_, application):
        broken[0] = True
        outcome = await application.post("/calls", {"connection_id": "1", "from": "1", "to": "2"})

    assert code(outcome) == (500, "10007")
    assert "Traceback" not in str(outcome[1])


async def test_a_paused_recording_leaves_that_part_out() -> None:
    """And one of a single channel has both voices in it."""
    async with open_practice(scenario({"hangs_up": "service"}, speed=20)) as (
        simulator,
        application,
    ):
        run = asyncio.create_task(finish(simulator))
        leg_id = (await application.wait_for("call.initiated")).payload["call_control_id"]
        await application.command(leg_id, "answer")
        await application.wait_for("call.answered")
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

    assert code(twice) == (422, "10015")
    assert len(wav) < 44 + report.calls[0].talk_ms * 16
    assert wav[22:24] == b"\x01\x00"


async def test_a_recording_that_is_not_there_or_not_signed_for_is_not_given() -> None:
    """404 from the API, 403 from the link."""
    async with open_practice(scenario()) as (simulator, application):
        status, _ = await application.get("/recordings/none")
        url = f"{simulator.base_url}/recordings/none.wav"
        async with aiohttp.ClientSession() as http, http.get(url) as reply:
            pass

    assert (status, reply.status) == (404, 403)


async def test_mp3_and_repeated_stops_are_refused() -> None:
    """There is no encoder; and what does not run cannot be paused."""
    async with answered_call() as (_, application, leg_id):
        mp3 = await application.command(leg_id, "record_start", channels="dual", format="mp3")
        pause = await application.command(leg_id, "record_pause")
        azure = await application.command(
            leg_id, "transcription_start", transcription_engine="Azure",
            transcription_engine_config={"region": "eastus"},
        )  # fmt: skip

    assert (code(mp3)[1], code(pause)[1], azure[0]) == ("10015", "10015", 200)
