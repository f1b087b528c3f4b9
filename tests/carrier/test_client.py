import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from service.calls.commands import (
    Answer,
    CarrierCommand,
    StartStreaming,
    StartTranscription,
    StopStreaming,
    StopTranscription,
)
from service.carrier import open_carrier
from service.carrier.actions import RETRIES
from service.errors import CallOverError, CarrierUnavailableError, CommandRefusedError
from service.ids import LegId
from service.ports import StreamTarget
from service.tasks import failures
from tests.carrier.peers import TelnyxApi, open_telnyx_api, refusal
from tests.waiting import PATIENCE_S, until

LEG = LegId("v3:a/b=")
TARGET = StreamTarget("wss://calls.example.com/media/tok", "auth")


@pytest.fixture
async def api() -> AsyncIterator[TelnyxApi]:
    """Serve a Telnyx API on this machine."""
    async with open_telnyx_api() as api:
        yield api


@pytest.mark.parametrize(
    ("command", "action", "body"),
    [
        (Answer(leg_id=LEG), "answer", {"webhook_retries_policies": RETRIES}),
        (
            StartTranscription(
                leg_id=LEG,
                engine="Deepgram",
                config={"transcription_model": "deepgram/nova-3", "new_in_2027": [1]},
                tracks="both",
            ),
            "transcription_start",
            {
                "transcription_engine": "Deepgram",
                "transcription_tracks": "both",
                "transcription_engine_config": {
                    "transcription_model": "deepgram/nova-3",
                    "new_in_2027": [1],
                },
            },
        ),
        (
            StartTranscription(
                leg_id=LEG,
                engine="Deepgram",
                model="nova-3",
                config={"language": "en"},
                tracks="both",
            ),
            "transcription_start",
            {
                "transcription_engine": "Deepgram",
                "transcription_model": "nova-3",
                "transcription_tracks": "both",
                "transcription_engine_config": {"language": "en"},
            },
        ),
        (StopTranscription(leg_id=LEG), "transcription_stop", {}),
        (
            StartStreaming(leg_id=LEG, tracks="both", codec="PCMA"),
            "streaming_start",
            {
                "stream_url": "wss://calls.example.com/media/tok",
                "stream_auth_token": "auth",
                "stream_track": "both_tracks",
                "stream_codec": "PCMA",
            },
        ),
        (StopStreaming(leg_id=LEG), "streaming_stop", {}),
    ],
)
async def test_a_command_is_on_the_wire_as_telnyx_documents_it(
    api: TelnyxApi, command: CarrierCommand, action: str, body: dict[str, object]
) -> None:
    """Path with the leg escaped, bearer key, and a body under Telnyx's names with a command id."""
    target = TARGET if isinstance(command, StartStreaming) else None

    async with open_carrier("KEY1", api.url) as carrier:
        await carrier.run(command, command_id="id-1", target=target)

    (received,) = api.received
    assert received.path == f"/v2/calls/v3:a%2Fb=/actions/{action}"
    assert received.headers["authorization"] == "Bearer KEY1"
    assert received.body == {"command_id": "id-1", **body}


async def test_a_busy_telnyx_is_asked_again_with_the_same_command_id(api: TelnyxApi) -> None:
    """429 and 5xx are retried within one `run`; the id lets Telnyx drop what it had taken."""
    api.replies = [(429, refusal("10011"), {"retry-after-ms": "1"}), (503, "", {}), *api.replies]

    async with open_carrier("KEY1", api.url) as carrier:
        await carrier.run(Answer(leg_id=LEG), command_id="id-1")

    assert [received.body["command_id"] for received in api.received] == ["id-1"] * 3


async def test_retries_end(api: TelnyxApi) -> None:
    """A Telnyx that stays away is told after the bounded retries."""
    api.replies = [(500, "<html>", {"retry-after-ms": "1"})]

    async with open_carrier("KEY1", api.url, max_retries=2) as carrier:
        with pytest.raises(CarrierUnavailableError):
            await carrier.run(Answer(leg_id=LEG), command_id="id-1")

    assert len(api.received) == 3


async def test_a_call_that_is_over_says_so(api: TelnyxApi) -> None:
    """90018 has an error of its own, and is not retried."""
    api.replies = [(422, refusal("90018", "Call has already ended"), {})]

    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(CallOverError):
            await carrier.run(StopStreaming(leg_id=LEG), command_id="id-1")

    assert len(api.received) == 1


async def test_a_refusal_carries_telnyxs_code_and_no_customer_data(api: TelnyxApi) -> None:
    """Code and title are kept; the detail, which may repeat a number, is not."""
    api.replies = [(422, refusal("90034", "Call not answered"), {})]

    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(CommandRefusedError) as failure:
            await carrier.run(Answer(leg_id=LEG), command_id="id-1")

    assert (failure.value.code, failure.value.title) == ("90034", "Call not answered")
    assert "+1312" not in str(failure.value)


async def test_an_id_that_leads_elsewhere_is_refused(api: TelnyxApi) -> None:
    """Nothing is sent to another address than that of the leg's own commands."""
    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(CommandRefusedError):
            await carrier.run(Answer(leg_id=LegId("..")), command_id="id-1")

    assert api.received == []


async def test_a_redirect_is_not_followed(api: TelnyxApi) -> None:
    """The stream's token goes to the configured API and nowhere else."""
    api.replies = [(307, "", {"location": f"{api.url}/elsewhere"}), *api.replies]

    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(CommandRefusedError):
            await carrier.run(Answer(leg_id=LEG), command_id="id-1")

    assert len(api.received) == 1


async def test_a_garbled_yes_is_a_yes(api: TelnyxApi) -> None:
    """The status says that Telnyx took it; a body nobody needs cannot undo that."""
    api.replies = [(200, "not json", {"content-type": "application/json"})]

    async with open_carrier("KEY1", api.url) as carrier:
        await carrier.run(Answer(leg_id=LEG), command_id="id-1")


async def test_a_telnyx_that_is_not_there_is_unavailable(api: TelnyxApi) -> None:
    """No address or token is in the error."""
    nobody = "http://127.0.0.1:1/v2"

    async with open_carrier("KEY1", nobody, max_retries=0) as carrier:
        with pytest.raises(CarrierUnavailableError, match="could not be reached") as failure:
            await carrier.run(
                StartStreaming(leg_id=LEG, tracks="inbound"), command_id="id-1", target=TARGET
            )

    assert api.received == []
    assert "127.0.0.1" not in str(failure.value)
    assert "tok" not in str(failure.value)


async def test_a_silent_telnyx_cannot_hold_a_command_for_ever(api: TelnyxApi) -> None:
    """The deadline counts over all attempts."""
    api.replies = [(0, "", {})]

    async with open_carrier("KEY1", api.url, deadline_s=0.2) as carrier:
        with pytest.raises(CarrierUnavailableError):
            await carrier.run(Answer(leg_id=LEG), command_id="id-1")


async def test_a_slow_attempt_is_given_up_for_the_next(api: TelnyxApi) -> None:
    """Telnyx's advice is to send the same command again when no answer comes."""
    api.replies = [(0, "", {}), *api.replies]

    async with open_carrier("KEY1", api.url, attempt_timeout_s=0.1) as carrier:
        await carrier.run(Answer(leg_id=LEG), command_id="id-1")

    assert len(api.received) == 2


async def test_no_more_commands_than_allowed_are_under_way(api: TelnyxApi) -> None:
    """What comes on top waits until one of them is done."""
    api.replies = [(0, "", {}), *api.replies]

    async with open_carrier("KEY1", api.url, max_in_flight=1) as carrier:
        first = asyncio.create_task(carrier.run(Answer(leg_id=LEG), command_id="id-1"))
        await asyncio.wait_for(api.has_received.wait(), PATIENCE_S)
        second = asyncio.create_task(carrier.run(Answer(leg_id=LEG), command_id="id-2"))
        done, _ = await asyncio.wait({second}, timeout=0.2)
        first.cancel()
        await second

    assert not done
    assert [received.body["command_id"] for received in api.received] == ["id-1", "id-2"]


async def test_a_cancelled_command_stays_cancelled(api: TelnyxApi) -> None:
    """Cancellation is not mistaken for a Telnyx that is away."""
    api.replies = [(0, "", {})]

    async with open_carrier("KEY1", api.url) as carrier:
        task = asyncio.create_task(carrier.run(Answer(leg_id=LEG), command_id="id-1"))
        await asyncio.wait_for(api.has_received.wait(), PATIENCE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    """Importing the room costs nothing of the SDK's second or two."""
    check = "import sys, service.carrier; sys.exit('telnyx' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False, timeout=60).returncode == 0


async def test_a_stream_without_a_target_is_a_mistake_of_ours(api: TelnyxApi) -> None:
    """Nothing half-made is sent."""
    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(ValueError, match="needs a target"):
            await carrier.run(StartStreaming(leg_id=LEG, tracks="both"), command_id="id-1")

    assert api.received == []


async def test_an_sdk_that_cannot_be_loaded_makes_telnyx_unavailable(api: TelnyxApi) -> None:
    """The command says so in time, the failure is counted, and closing raises nothing."""
    before = failures["carrier_sdk"]

    async with open_carrier("KEY1", "http://127.0.0.1:port/v2", load_timeout_s=0.2) as carrier:
        with pytest.raises(CarrierUnavailableError, match="not loaded yet"):
            await carrier.check()
        with pytest.raises(CarrierUnavailableError, match="could not be loaded"):
            await carrier.run(Answer(leg_id=LEG), command_id="id-1")
        await until(lambda: failures["carrier_sdk"] > before)

    assert api.received == []


async def test_an_sdk_that_could_not_be_loaded_is_loaded_again(
    api: TelnyxApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that came in the meantime is sent then."""
    before = failures["carrier_sdk"]
    monkeypatch.setitem(sys.modules, "telnyx", None)  # as if it were not installed
    async with open_carrier("KEY1", api.url) as carrier:
        sending = asyncio.create_task(carrier.run(Answer(leg_id=LEG), command_id="id-1"))
        await until(lambda: failures["carrier_sdk"] > before)
        monkeypatch.undo()
        await sending
        await carrier.ready()
        await carrier.check()

    assert [received.body["command_id"] for received in api.received] == ["id-1"]
