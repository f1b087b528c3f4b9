"""Telnyx's own SDK against the simulator: what it sends and what it understands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import telnyx
from telnyx import AsyncTelnyx
from telnyx.types import CallAnsweredWebhookEvent
from telnyx.types.calls import DeepgramNova3ConfigParam

from service.simulator.calls.plan import plan_calls
from service.simulator.speech.audio import PCMU
from service.simulator.speech.riff import encode_wav
from tests.simulator.builders import scenario
from tests.simulator.harness import open_call, open_simulation, run_to_end
from tests.simulator.peers import Application

NOVA: DeepgramNova3ConfigParam = {
    "transcription_engine": "deepgram/nova-3",
    "transcription_model": "deepgram/nova-3",
    "interim_results": True,
}


@asynccontextmanager
async def call_and_client(**tables: object) -> AsyncIterator[tuple[AsyncTelnyx, Application, str]]:
    """Open a call that rings, and the SDK's client."""
    async with open_call(answer=False, **tables) as (simulator, application, leg_id):
        client = AsyncTelnyx(
            base_url=simulator.url,
            api_key=simulator.api_key,
            public_key=simulator.public_key,
            max_retries=0,
        )
        async with client:
            yield client, application, leg_id


def code(failure: pytest.ExceptionInfo[telnyx.APIStatusError]) -> str:
    """Return Telnyx's error code."""
    body = failure.value.body
    assert isinstance(body, dict)
    return str(body["errors"][0]["code"])


async def test_the_sdk_can_do_everything_with_a_call() -> None:
    """Answer, stream, transcribe, record, ask, and hang up."""
    async with call_and_client() as (client, application, leg_id):
        calls = client.calls.actions
        await calls.answer(leg_id, command_id="c-1", client_state="aGVsbG8=")
        await application.wait_for("call.answered")
        await calls.start_streaming(
            leg_id,
            stream_url=application.media_url,
            stream_track="both_tracks",
            stream_auth_token="t0k",
            custom_parameters=[{"name": "a", "value": "b"}],
        )
        await calls.start_transcription(
            leg_id,
            transcription_engine="Deepgram",
            transcription_tracks="both",
            transcription_engine_config=NOVA,
        )
        await calls.start_recording(leg_id, channels="dual", format="wav")
        status = await client.calls.retrieve_status(leg_id)
        active = await client.connections.list_active_calls("1684641123236054244")
        applications = await client.call_control_applications.list()
        await application.wait_for("call.transcription")
        await calls.stop_recording(leg_id)
        await calls.stop_transcription(leg_id)
        await calls.stop_streaming(leg_id)
        result = await calls.hangup(leg_id)
        await application.wait_for("call.hangup")
        recordings = await client.recordings.list()

    assert status.data is not None
    assert status.data.is_alive
    assert [call.call_control_id for call in active.data or []] == [leg_id]
    assert result.data is not None
    assert result.data.result == "ok"
    assert len(recordings.data or []) == 1
    (found,) = applications.data or []
    assert (found.webhook_api_version, found.id) == ("2", "1684641123236054244")


async def test_the_sdk_reads_our_refusals() -> None:
    """Their classes by status, and Telnyx's codes in the body."""
    async with call_and_client() as (client, application, leg_id):
        calls = client.calls.actions
        with pytest.raises(telnyx.UnprocessableEntityError) as early:
            await calls.start_transcription(leg_id)
        with pytest.raises(telnyx.NotFoundError) as unknown:
            await calls.answer("v3:bm9ib2R5/=x")
        with pytest.raises(telnyx.AuthenticationError) as stranger:
            await client.with_options(api_key="KEYwrong").calls.actions.answer(leg_id)
        await calls.answer(leg_id)
        await application.wait_for("call.answered")
        await calls.start_transcription(leg_id)
        with pytest.raises(telnyx.UnprocessableEntityError) as twice:
            await calls.start_transcription(leg_id)
        await calls.hangup(leg_id)
        with pytest.raises(telnyx.UnprocessableEntityError) as over:
            await calls.hangup(leg_id)

    codes = [code(failure) for failure in (early, unknown, stranger, twice, over)]
    assert codes == ["90034", "10005", "10009", "90054", "90018"]


async def test_the_sdk_retries_what_telnyx_would_have_it_retry() -> None:
    """A 503 on purpose, and then the same command once more."""
    fault = {"command": "answer", "times": 1, "status": 503}
    async with call_and_client(rest={"fault": [fault]}) as (client, application, leg_id):
        await client.with_options(max_retries=1).calls.actions.answer(leg_id, command_id="c")
        answered = await application.wait_for("call.answered")
    assert answered.payload["state"] == "answered"


async def test_the_sdk_verifies_our_webhooks_and_knows_their_types() -> None:
    """Ed25519 over the raw body; a changed byte is found."""
    async with call_and_client() as (client, application, leg_id):
        await client.calls.actions.answer(leg_id)
        hook = await application.wait_for("call.answered")
        event = client.webhooks.unwrap(hook.body.decode(), headers=dict(hook.headers))
        forged = hook.body.decode().replace("PCMU", "PCMA")
        with pytest.raises(ValueError, match=r"(?i)signature"):
            client.webhooks.unwrap(forged, headers=dict(hook.headers))

    assert isinstance(event, CallAnsweredWebhookEvent)
    assert event.data is not None
    assert event.data.event_type == "call.answered"


async def test_the_sdk_dials_lists_providers_and_transcribes_a_file() -> None:
    """Which needs no call."""
    call_audio = plan_calls(scenario())[0].audio
    wav = encode_wav(PCMU.decode(call_audio.encoded("inbound", PCMU)), channels=1, rate_hz=8000)
    async with open_simulation(scenario({"direction": "outgoing", "picks_up": "busy"})) as (
        simulator,
        _,
    ):
        run = asyncio.create_task(run_to_end(simulator))
        async with AsyncTelnyx(base_url=simulator.url, api_key=simulator.api_key) as client:
            dialled = await client.calls.dial(
                connection_id="77", from_="+13125550100", to="+13125550101"
            )
            providers = await client.speech_to_text.list_providers(provider="deepgram")
            heard = await client.ai.audio.transcribe(
                model="deepgram/nova-3", file=("a.wav", wav), model_config={"diarize": True}
            )
        report = await run

    assert dialled.data is not None
    assert report.calls[0].leg_id == dialled.data.call_control_id
    assert providers.meta.total == len(providers.data)
    assert heard.text == "is my table free"
