import asyncio
import json
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from service.recogniser.audio.samples import Samples
from service.recogniser.live.socket import MAX_MESSAGE_BYTES
from service.recogniser.models.engine import Engine
from service.recogniser.models.hypothesis import Hypothesis
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.server import Recogniser, open_recogniser
from service.recogniser.text.boosting import Boost
from service.wire.stt import KEEP_ALIVE
from tests.recogniser.talking import PHONE, Talk, finals, recording, talk, text_of, vacancy

pytestmark = pytest.mark.speech
SECOND = 8_000


async def refusal(recogniser: Recogniser, *, key: str | None = None) -> int:
    """Return the HTTP status that a session is refused with."""
    with pytest.raises(InvalidStatus) as failure:
        async with talk(recogniser, key=key, **PHONE):
            pass
    assert json.loads(failure.value.response.body or b"{}")["errors"][0]["code"]
    return failure.value.response.status_code


async def test_a_bad_setting_is_answered_and_the_socket_closed(networks: Networks) -> None:
    """As Telnyx does: the upgrade, one `errors` message, the close."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, input_format="linear16") as client,
    ):
        message = json.loads(await client.socket.recv())
        rest = await client.rest()

    assert message["errors"][0]["code"] == "40003"
    assert message["errors"][0]["source"] == {"parameter": "sample_rate"}
    assert (rest, client.socket.close_code) == ([], 1008)


async def test_audio_that_is_not_what_was_announced_is_refused(networks: Networks) -> None:
    """An MP3 that was announced as WAV: the documented error, and the close."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, input_format="wav") as client,
    ):
        await client.socket.send(b"ID3\x04" + bytes(1000))
        [answer] = await client.rest()

    assert answer.errors is not None
    assert answer.errors[0].code == "40002"
    assert client.socket.close_code == 1003


async def test_what_stands_in_for_telnyx_says_so(networks: Networks) -> None:
    """Headers of the upgrade name the engine, and what came of the settings."""
    query = PHONE | {"transcription_engine": "deepgram", "endpointing": "10", "region": "x"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, **query) as client,
    ):
        headers = client.headers

    assert headers["server"] == "callscribe"
    assert headers["x-callscribe-engine"] == "moonshine-tiny-en"
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
            async with talk(recogniser, key=key, **PHONE) as client:
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
        async with talk(recogniser, **PHONE) as client:
            status = await refusal(recogniser)
            await client.play(recording("austen_0920"))
            heard = finals(await client.finish())
        await vacancy(recogniser)
        async with talk(recogniser, **PHONE) as client:
            assert await client.finish() == []

    assert status == 503
    assert len(heard) == 1


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 30_000_000])
@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_message_that_is_too_long_ends_the_session_and_says_so(
    networks: Networks, size: int, pieces: int
) -> None:
    """A whole file at once, in one frame or in several: the documented error, then 1009."""
    frames = [bytes(size // pieces + 1)] * pieces
    with capture_logs() as logs:
        async with open_recogniser(networks=networks) as recogniser:
            async with talk(recogniser, **PHONE) as client:
                await client.socket.send(frames if pieces > 1 else frames[0])
                [answer] = await client.rest()
            async with talk(recogniser, **PHONE) as other:
                assert await other.finish() == []

    assert answer.errors is not None
    assert (answer.errors[0].code, answer.type) == ("40000", "error")
    assert str(MAX_MESSAGE_BYTES) in (answer.error or "")
    assert [log["reason"] for log in logs if "reason" in log] == ["overlong", "asked"]
    assert client.socket.close_code == 1009


async def test_the_longest_message_is_heard(networks: Networks) -> None:
    """Just as long as may be."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, **PHONE) as client,
    ):
        audio = recording("austen_0920")
        await client.socket.send(audio + b"\xff" * (MAX_MESSAGE_BYTES - len(audio)))
        heard = finals(await client.finish())

    assert len(heard) == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"type":7}', '{"type":"Dance"}', "[" * 100_000, "\x00é"]
)
async def test_text_that_means_nothing_is_ignored(networks: Networks, text: str) -> None:
    """As Telnyx does; the session goes on."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, **PHONE) as client,
    ):
        await client.socket.send(text)
        answers = await client.finish()

    assert (answers, client.socket.close_code) == ([], 1000)


async def test_who_falls_silent_gets_the_rest_and_is_let_go(networks: Networks) -> None:
    """A client that never says `CloseStream` has its last words when the idle time is over."""
    async with (
        open_recogniser(networks=networks, idle_timeout_s=0.3) as recogniser,
        talk(recogniser, **PHONE) as client,
    ):
        await client.play(recording("austen_0920"))
        answers = await client.rest()

    assert len(finals(answers)) == 1
    assert client.socket.close_code == 1000


async def test_keep_alive_keeps_a_silent_session(networks: Networks) -> None:
    """On hold without audio, `KeepAlive` sets the idle time back."""
    async with (
        open_recogniser(networks=networks, idle_timeout_s=1.0) as recogniser,
        talk(recogniser, **PHONE) as client,
    ):
        for _ in range(5):
            await client.socket.send(KEEP_ALIVE)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.socket.recv(), timeout=0.3)
        answers = await client.finish()

    assert answers == []


async def test_close_stream_flushes_the_tail(networks: Networks) -> None:
    """The last words are answered though nobody was silent after them."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, **PHONE) as client,
    ):
        await client.play(recording("austen_0920")[: 5 * SECOND])
        answers = await client.finish()

    assert "respectable" in text_of(answers)
    assert client.socket.close_code == 1000


async def test_stopping_gives_everyone_their_last_words(networks: Networks) -> None:
    """Going away, the recogniser settles what it has heard and closes with 1001."""

    async def listen(client: Talk) -> None:
        heard.extend(finals(await client.rest()))

    heard: list[object] = []
    async with asyncio.TaskGroup() as tasks:
        async with open_recogniser(networks=networks) as recogniser:
            socket = await connect(f"{recogniser.url}?{urlencode(PHONE)}", proxy=None)
            client = Talk(socket)
            await client.play(recording("austen_0870"))
            await client.play(recording("austen_0920") + b"\xff" * 2 * SECOND)
            heard.append(await client.next())
            listening = tasks.create_task(listen(client))
        await listening

    assert len(heard) == 2
    assert socket.close_code == 1001


async def test_a_client_that_vanishes_frees_its_place(networks: Networks) -> None:
    """No close, no last words: the connection just ends."""
    async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
        async with talk(recogniser, **PHONE) as client:
            await client.play(recording("austen_0920"))
            client.socket.transport.abort()
        await vacancy(recogniser)


class BrokenEngine(Engine):
    """An engine that fails on whatever it is given."""

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Hypothesis:
        """Fail."""
        del boost
        raise RuntimeError(f"cannot decode {len(samples)} samples at {rate_hz} Hz")


async def test_an_engine_that_fails_ends_the_session_and_says_so(networks: Networks) -> None:
    """An error and close code 1011, at which clients connect again; its place is free."""
    broken = replace(networks, engine=BrokenEngine(find_models()))
    # a traceback on a terminal, with all samples in it, takes longer than all the rest
    with capture_logs():
        async with open_recogniser(networks=broken, max_sessions=1) as recogniser:
            for _ in range(2):
                async with talk(recogniser, **PHONE) as client:
                    await client.play(recording("austen_0920") + b"\xff" * SECOND)
                    [answer] = await client.rest()
                await vacancy(recogniser)

                assert answer.errors is not None
                assert answer.errors[0].code == "50000"
                assert client.socket.close_code == 1011


class CardEngine(Engine):
    """An engine that always hears the same number."""

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Hypothesis:
        """Hear it."""
        del samples, rate_hz, boost
        return Hypothesis("It is 4111 1111 1111 1111", 0.9)


async def test_what_is_to_be_redacted_is_in_no_answer(networks: Networks) -> None:
    """Not in finals, and not in partials, where the number is still growing."""
    cards = replace(networks, engine=CardEngine(find_models()))
    params = PHONE | {"redact": "pci,numbers", "interim_results": "true"}
    async with (
        open_recogniser(networks=cards) as recogniser,
        talk(recogniser, **params) as client,
    ):
        await client.play(recording("austen_0920"))
        answers = await client.finish()

    texts = {answer.transcript for answer in answers if answer.transcript}
    assert "It is [PCI]" in texts
    assert texts <= {"It is [PCI]", "It is"}


async def test_finals_have_their_words_for_who_asks(networks: Networks) -> None:
    """Each with its time in the session's audio; the same words as the transcript."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        talk(recogniser, words="true", **PHONE) as client,
    ):
        await client.play(b"\xff" * SECOND + recording("austen_0920"))
        [final] = finals(await client.finish())

    assert final.words is not None
    assert " ".join(word.word for word in final.words) == final.transcript
    begins, ends = final.start_time or 0, (final.start_time or 0) + (final.duration or 0)
    assert begins <= final.words[0].start < final.words[-1].end <= ends + 0.001
    [married] = [word for word in final.words if word.word == "married"]
    assert (married.start, married.end) == pytest.approx((1.58, 1.9), abs=0.15)


async def test_the_health_check_says_how_busy_it_is(networks: Networks) -> None:
    """Sessions going on, and how many there may be; it needs no key."""
    async with (
        open_recogniser(networks=networks, max_sessions=7, api_keys=["k"]) as recogniser,
        talk(recogniser, key="k", **PHONE),
        aiohttp.ClientSession() as http,
        http.get(f"{recogniser.base_url}/healthz") as response,
    ):
        health = await response.json()

    assert (health["status"], health["sessions"], health["max_sessions"]) == ("ok", 1, 7)


async def test_plain_http_is_told_what_it_should_be(networks: Networks) -> None:
    """A GET without an upgrade, a path that is not there: 4xx, in the documented shapes."""
    async with open_recogniser(networks=networks) as recogniser, aiohttp.ClientSession() as http:
        url = recogniser.url.replace("ws", "http", 1)
        async with http.get(url, params=PHONE) as plain, http.get(url + "/x") as unknown:
            assert (plain.status, unknown.status) == (400, 404)
            assert (await plain.json())["errors"][0]["code"] == "10015"
            assert (await unknown.json())["error"]["code"] == "10005"
        async with http.post(url) as posted:
            assert (posted.status, posted.headers["Allow"]) == (405, "GET,HEAD")
        async with http.get(url, params={"input_format": "vinyl"}) as bad:
            assert bad.status == 400


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
