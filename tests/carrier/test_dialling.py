"""Dialling, bridging, speaking and hanging up, as Telnyx has them on the wire."""

import base64
import json
from collections.abc import AsyncIterator

import pytest

from service.calls.commands import (
    Bridge,
    CarrierCommand,
    Dial,
    HangUp,
    Speak,
    StartStreaming,
    StartTranscription,
)
from service.carrier import open_carrier
from service.carrier.actions import RETRIES
from service.ids import LegId
from service.ports import StreamTarget
from tests.carrier.peers import TelnyxApi, open_telnyx_api

LEG, OTHER = LegId("v3:a/b="), LegId("v3:other")
TARGET = StreamTarget("wss://calls.example.com/media/tok", "auth")
DIAL = Dial(
    leg_id=LEG,
    to="+13125550177",
    from_="+13125550199",
    connection_id="77",
    ring_s=30.0,
    mark={"callscribe_call": "c1", "callscribe_dial": LEG},
)
WORDS = StartTranscription(
    leg_id=LEG, engine="Deepgram", config={"language": "en"}, tracks="inbound"
)


@pytest.fixture
async def api() -> AsyncIterator[TelnyxApi]:
    """Serve a Telnyx API on this machine."""
    async with open_telnyx_api() as api:
        yield api


async def sent(api: TelnyxApi, command: CarrierCommand) -> tuple[str, dict[str, object]]:
    """Run a command, and return where it went with what."""
    async with open_carrier("KEY1", api.url) as carrier:
        await carrier.run(command, command_id="id-1", target=TARGET)
    (received,) = api.received
    return received.path, received.body


@pytest.mark.parametrize(
    ("command", "action", "body"),
    [
        (HangUp(leg_id=LEG), "hangup", {}),
        (Bridge(leg_id=LEG, other=OTHER), "bridge", {"call_control_id": OTHER}),
        (
            Speak(leg_id=LEG, text="Hello.", voice="AWS.Polly.Joanna", language="en-US"),
            "speak",
            {"payload": "Hello.", "voice": "AWS.Polly.Joanna", "language": "en-US"},
        ),
    ],
)
async def test_what_is_told_to_a_leg(
    api: TelnyxApi, command: CarrierCommand, action: str, body: dict[str, object]
) -> None:
    """Under Telnyx's names, with a command id."""
    path, given = await sent(api, command)

    assert path == f"/v2/calls/v3:a%2Fb=/actions/{action}"
    assert given == {"command_id": "id-1", **body}


async def test_a_dial_is_linked_marked_and_bridges_by_itself(api: TelnyxApi) -> None:
    """The mark is what all webhooks of the leg will bear."""
    path, given = await sent(api, DIAL)

    mark = given.pop("client_state")
    assert path == "/v2/calls"
    assert isinstance(mark, str)
    assert json.loads(base64.b64decode(mark)) == DIAL.mark
    assert given == {
        "command_id": "id-1",
        "connection_id": "77",
        "from": "+13125550199",
        "to": "+13125550177",
        "timeout_secs": 30,
        "webhook_retries_policies": RETRIES,
        "link_to": LEG,
        "bridge_on_answer": True,
    }


@pytest.mark.parametrize(
    ("begins", "more"),
    [
        (
            WORDS,
            {
                "transcription": True,
                "transcription_config": {
                    "transcription_engine": "Deepgram",
                    "transcription_tracks": "inbound",
                    "transcription_engine_config": {"language": "en"},
                },
            },
        ),
        (
            StartStreaming(leg_id=LegId(""), tracks="both"),
            {
                "stream_url": TARGET.url,
                "stream_auth_token": TARGET.auth_token,
                "stream_track": "both_tracks",
                "stream_codec": "PCMU",
            },
        ),
    ],
)
async def test_a_dial_asks_for_the_words_of_its_leg(
    api: TelnyxApi, begins: StartTranscription | StartStreaming, more: dict[str, object]
) -> None:
    """So that the first one is heard; without a link nothing is bridged."""
    dial = Dial(
        leg_id=LegId(""),
        to=DIAL.to,
        from_=DIAL.from_,
        connection_id="77",
        ring_s=30.0,
        mark=DIAL.mark,
        begins=begins,
    )
    _, given = await sent(api, dial)

    assert {key: given[key] for key in more} == more
    assert "link_to" not in given
    assert "bridge_on_answer" not in given


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ('{"data": {"call_control_id": "v3:new", "is_alive": false}}', "v3:new"),
        ('{"data": {"result": "ok"}}', None),
        ('{"data": {"call_control_id": ""}}', None),
        ("<html>", None),
    ],
)
async def test_the_leg_that_a_dial_made_is_told(
    api: TelnyxApi, answer: str, made: str | None
) -> None:
    """If the answer has it."""
    api.replies = [(200, answer, {})]
    async with open_carrier("KEY1", api.url) as carrier:
        assert await carrier.run(DIAL, command_id="id-1") == made
