"""The door of `WS /media/{token}` over real sockets: who gets in, and what is logged of it."""

import asyncio

import aiohttp
import pytest
from aiohttp import WSMsgType
from structlog.testing import capture_logs

from service.errors import DrainingError, JournalUnavailableError
from tests.ingress.builders import CLEAN
from tests.ingress.harness import AUTH, TOKEN, MediaHarness, send_all
from tests.waiting import PATIENCE_S


@pytest.mark.parametrize(
    "path", ["/media/wrong", "/media/" + "x" * 3_000, "/media/%2e%2e", "/media/"]
)
async def test_without_a_good_token_there_is_no_upgrade(path: str) -> None:
    """404 in plain HTTP, the same for every token that is not good now."""
    media = MediaHarness()
    async with media.serving() as (url, client):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(url.replace(f"/media/{TOKEN}", path))

    assert refusal.value.status == 404
    assert media.route.counters.sockets["admitted"] == 0


async def test_a_handshake_that_is_none_is_refused() -> None:
    """A key that is no ASCII is no reason to fail, and spends no token."""
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "\u00e9" * 24,
    }
    media = MediaHarness()
    async with media.serving() as (url, client), client.get(url, headers=handshake) as answer:
        status = answer.status

    assert status == 426
    assert media.door.asked == []


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"x-telnyx-streaming-auth-token": AUTH}, AUTH),
        ({"X-Telnyx-Streaming-Auth-Token": AUTH, "Authorization": "Bearer other"}, AUTH),
        ({"Authorization": f"Bearer {AUTH}"}, AUTH),
        ({"Authorization": f"bearer  {AUTH} "}, AUTH),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, None),
        ({}, None),
    ],
)
async def test_the_auth_token_is_shown_to_the_door(
    headers: dict[str, str], shown: str | None
) -> None:
    """Telnyx's own header first, `Authorization: Bearer` where it is missing."""
    media = MediaHarness()
    media.door.auth_token = shown
    async with media.serving() as (url, client), client.ws_connect(url, headers=headers):
        assert media.door.asked == [(TOKEN, shown)]


async def test_a_missing_auth_token_is_told_once_and_counted() -> None:
    """That Telnyx shows it is known from others only, so words are not lost for the lack of it."""
    media = MediaHarness()
    media.door.auth_token = AUTH
    with capture_logs() as logs:
        await media.play(*CLEAN)
        await media.play(*CLEAN)

    assert media.route.counters.sockets["without_auth"] == 2
    assert media.route.counters.sockets["stopped"] == 2
    assert [one["event"] for one in logs].count("media_auth_missing") == 1


async def test_a_missing_auth_token_is_refused_where_that_was_asked_for() -> None:
    """By who has seen that Telnyx shows it."""
    media = MediaHarness(require_auth=True)
    async with media.serving() as (url, client):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(url)

    assert refusal.value.status == 404
    assert media.door.asked == []
    assert media.route.counters.sockets["refused"] == 1


async def test_a_socket_whose_audio_is_not_wanted_any_more_is_closed() -> None:
    """Another one took its place, for one."""
    media = MediaHarness()
    async with media.serving() as (url, client), client.ws_connect(url) as socket:
        await send_all(socket, CLEAN[:10])
        async with asyncio.timeout(PATIENCE_S):
            await media.ticket.began.wait()
            media.ticket.feeds[0].is_wanted = False
            await send_all(socket, CLEAN[10:20])
            await socket.receive()
        assert socket.close_code == 1000

    assert media.ended == ["not_wanted"]
    assert media.ticket.feeds[0].orderly is False


async def test_a_wrong_auth_token_is_as_good_as_no_token() -> None:
    """The door says no, and the answer does not say why."""
    media = MediaHarness()
    media.door.auth_token = AUTH
    headers = {"x-telnyx-streaming-auth-token": "wrong"}
    async with media.serving() as (url, client):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(url, headers=headers)

    assert refusal.value.status == 404


async def test_a_look_with_a_browser_spends_no_token() -> None:
    """What is no WebSocket is told so, and the token is still good afterwards."""
    media = MediaHarness()
    async with media.serving() as (url, client):
        async with client.get(url) as answer:
            assert answer.status == 426
        async with client.ws_connect(url):
            assert media.route.counters.sockets["admitted"] == 1


@pytest.mark.parametrize("fault", [JournalUnavailableError("locked"), DrainingError("stopping")])
async def test_a_door_without_its_journal_asks_to_come_again(fault: Exception) -> None:
    """503 with Retry-After: the token may be good, but nobody can say; so where no call begins."""
    media = MediaHarness()
    media.door.failure = fault
    async with media.serving() as (url, client):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(url)

    assert refusal.value.status == 503


async def test_tokens_never_reach_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """Admitted, refused, or a fault: neither token is in any line."""
    media = MediaHarness()
    headers = {"x-telnyx-streaming-auth-token": AUTH}
    with capture_logs() as logs:
        async with media.serving() as (url, client):
            async with client.ws_connect(url, headers=headers) as socket:
                await send_all(socket, CLEAN)
                await socket.receive()
            for _ in range(2):
                async with client.get(url, headers=headers) as answer:
                    await answer.read()
            media.door.failure = LookupError("a fault of ours")
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.ws_connect(url, headers=headers)

    assert any(log.get("route") == "/media/{token}" for log in logs)
    assert TOKEN not in repr(logs) + caplog.text
    assert AUTH not in repr(logs) + caplog.text


async def test_a_closing_listener_ends_its_sockets() -> None:
    """1001 to Telnyx, and the call session knows that the audio dropped."""
    media = MediaHarness()
    async with aiohttp.ClientSession() as client:
        async with media.serving() as (url, _):
            socket = await client.ws_connect(url)
            await send_all(socket, CLEAN[:10])
            async with asyncio.timeout(PATIENCE_S):
                await media.ticket.began.wait()
        async with asyncio.timeout(PATIENCE_S):
            farewell = await socket.receive()

    assert (farewell.type, farewell.data) == (WSMsgType.CLOSE, 1001)
    assert [feed.orderly for feed in media.ticket.feeds] == [False]
    assert media.ended == ["dropped"]
