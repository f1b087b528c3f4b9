"""Who gets a session, and what it is told of it."""

import json
from urllib.parse import urlencode

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from service.recogniser.models.networks import Networks
from service.recogniser.server import Recogniser, open_recogniser
from tests.recogniser.builders import recording
from tests.recogniser.peers import PHONE, finals, open_client
from tests.waiting import until

pytestmark = pytest.mark.speech


async def refusal(recogniser: Recogniser, *, key: str | None = None) -> int:
    """Return the HTTP status that a session is refused with."""
    with pytest.raises(InvalidStatus) as failure:
        async with open_client(recogniser, key=key, **PHONE):
            pass
    assert json.loads(failure.value.response.body or b"{}")["errors"][0]["code"]
    return failure.value.response.status_code


async def test_a_bad_setting_is_answered_and_the_socket_closed(networks: Networks) -> None:
    """As Telnyx does: the upgrade, one `errors` message, the close."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="linear16") as client,
    ):
        message = json.loads(await client.socket.recv())
        rest = await client.rest()

    assert message["errors"][0]["code"] == "40003"
    assert message["errors"][0]["source"] == {"parameter": "sample_rate"}
    assert (rest, client.socket.close_code) == ([], 1008)


async def test_what_stands_in_for_telnyx_says_so(networks: Networks) -> None:
    """Headers of the upgrade name the engine, and what came of the settings."""
    query = PHONE | {"transcription_engine": "deepgram", "endpointing": "10", "region": "x"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, **query) as client,
    ):
        headers = client.headers

    assert headers["server"] == "callscribe"
    assert headers["x-callscribe-engine"] == networks.engine.name == "moonshine-base-en"
    assert headers["x-callscribe-partials-engine"] == "moonshine-tiny-en"
    assert headers["x-callscribe-stands-in-for"] == "Deepgram"
    assert headers["x-callscribe-endpointing-ms"] == "200"
    assert headers["x-callscribe-ignored"] == "region"


@pytest.mark.parametrize("key", [None, "", "wrong", "right-but-longer"])
async def test_without_the_key_there_is_no_upgrade(networks: Networks, key: str | None) -> None:
    """401 before the WebSocket, whatever is sent instead of the key."""
    async with open_recogniser(networks=networks, api_keys=["right"]) as recogniser:
        assert await refusal(recogniser, key=key) == 401


async def test_either_of_two_keys_opens_a_session(networks: Networks) -> None:
    """While keys are rotated, both are good."""
    async with open_recogniser(networks=networks, api_keys=["old", "new"]) as recogniser:
        for key in ("old", "new"):
            async with open_client(recogniser, key=key, **PHONE) as client:
                assert await client.finish() == []


async def test_web_pages_are_kept_out(networks: Networks) -> None:
    """A page in somebody's browser cannot use the recogniser on their machine."""
    async with open_recogniser(networks=networks) as recogniser:
        with pytest.raises(InvalidStatus) as failure:
            async with connect(
                f"{recogniser.url}?{urlencode(PHONE)}",
                additional_headers={"origin": "https://a.example"},
                proxy=None,
            ):
                pass

    assert failure.value.response.status_code == 403


async def test_one_session_too_many_is_refused_and_the_next_is_not(networks: Networks) -> None:
    """503 before the upgrade while it is full; those that are on go on."""
    async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
        async with open_client(recogniser, **PHONE) as client:
            status = await refusal(recogniser)
            await client.play(recording("austen_0920"))
            heard = finals(await client.finish())
        await until(lambda: recogniser.sessions == 0)
        async with open_client(recogniser, **PHONE) as client:
            assert await client.finish() == []

    assert status == 503
    assert len(heard) == 1


async def test_a_handshake_that_is_none_is_refused(networks: Networks) -> None:
    """A key that is no ASCII is no reason to fail, and takes nobody's place."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "\u00e9" * 24,
    }
    async with open_recogniser(networks=networks) as recogniser, aiohttp.ClientSession() as client:
        url = recogniser.url.replace("ws", "http", 1) + "?" + urlencode(PHONE)
        async with client.get(url, headers=handshake) as answer:
            status, errors = answer.status, (await answer.json())["errors"]

    assert (status, errors[0]["code"]) == (400, "10015")
    assert recogniser.sessions == 0


async def test_a_client_that_vanishes_frees_its_place(networks: Networks) -> None:
    """No close, no last words: the connection just ends."""
    async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
        async with open_client(recogniser, **PHONE) as client:
            await client.play(recording("austen_0920"))
            client.socket.transport.abort()
        await until(lambda: recogniser.sessions == 0)
