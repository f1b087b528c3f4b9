"""What passes over one connection, and how it ends."""

import asyncio
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from service.recogniser.live.socket import MAX_MESSAGE_BYTES
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from service.wire.stt import KEEP_ALIVE
from tests.recogniser.builders import SECOND, recording
from tests.recogniser.harness import BrokenEngine, CardEngine, with_engine
from tests.recogniser.peers import PHONE, LiveClient, finals, open_client, text_of
from tests.waiting import until

pytestmark = pytest.mark.speech


async def test_audio_that_is_not_what_was_announced_is_refused(networks: Networks) -> None:
    """An MP3 that was announced as WAV: the documented error, and the close."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="wav") as client,
    ):
        await client.socket.send(b"ID3\x04" + bytes(1000))
        [answer] = await client.rest()

    assert answer.errors is not None
    assert answer.errors[0].code == "40002"
    assert client.socket.close_code == 1003


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 30_000_000])
@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_message_that_is_too_long_ends_the_session_and_says_so(
    networks: Networks, size: int, pieces: int
) -> None:
    """A whole file at once, in one frame or in several: the documented error, then 1009."""
    frames = [bytes(size // pieces + 1)] * pieces
    with capture_logs() as logs:
        async with open_recogniser(networks=networks) as recogniser:
            async with open_client(recogniser, **PHONE) as client:
                await client.socket.send(frames if pieces > 1 else frames[0])
                [answer] = await client.rest()
            async with open_client(recogniser, **PHONE) as other:
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
        open_client(recogniser, **PHONE) as client,
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
        open_client(recogniser, **PHONE) as client,
    ):
        await client.socket.send(text)
        answers = await client.finish()

    assert (answers, client.socket.close_code) == ([], 1000)


async def test_who_falls_silent_gets_the_rest_and_is_let_go(networks: Networks) -> None:
    """A client that never says `CloseStream` has its last words when the idle time is over."""
    async with (
        open_recogniser(networks=networks, idle_timeout_s=0.3) as recogniser,
        open_client(recogniser, **PHONE) as client,
    ):
        await client.play(recording("austen_0920"))
        answers = await client.rest()

    assert len(finals(answers)) == 1
    assert client.socket.close_code == 1000


async def test_keep_alive_keeps_a_silent_session(networks: Networks) -> None:
    """On hold without audio, `KeepAlive` sets the idle time back."""
    async with (
        open_recogniser(networks=networks, idle_timeout_s=1.0) as recogniser,
        open_client(recogniser, **PHONE) as client,
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
        open_client(recogniser, **PHONE) as client,
    ):
        await client.play(recording("austen_0920")[: 5 * SECOND])
        answers = await client.finish()

    assert "respectable" in text_of(answers)
    assert client.socket.close_code == 1000


async def test_stopping_gives_everyone_their_last_words(networks: Networks) -> None:
    """Going away, the recogniser settles what it has heard and closes with 1001."""

    async def listen(client: LiveClient) -> None:
        heard.extend(finals(await client.rest()))

    heard: list[object] = []
    async with asyncio.TaskGroup() as tasks:
        async with open_recogniser(networks=networks) as recogniser:
            socket = await connect(f"{recogniser.url}?{urlencode(PHONE)}", proxy=None)
            client = LiveClient(socket)
            for name in ("austen_0870", "austen_0920", "austen_0870"):  # longer than a segment
                await client.play(recording(name))
            await client.play(b"\xff" * 2 * SECOND)
            heard.append(await client.next())
            listening = tasks.create_task(listen(client))
        await listening

    assert len(heard) == 2
    assert socket.close_code == 1001


async def test_an_engine_that_fails_ends_the_session_and_says_so(networks: Networks) -> None:
    """An error and close code 1011, at which clients connect again; its place is free."""
    broken = with_engine(networks, BrokenEngine)
    # a traceback on a terminal, with all samples in it, takes longer than all the rest
    with capture_logs():
        async with open_recogniser(networks=broken, max_sessions=1) as recogniser:
            for _ in range(2):
                async with open_client(recogniser, **PHONE) as client:
                    await client.play(recording("austen_0920") + b"\xff" * SECOND)
                    [answer] = await client.rest()
                await until(lambda: recogniser.sessions == 0)

                assert answer.errors is not None
                assert answer.errors[0].code == "50000"
                assert client.socket.close_code == 1011


async def test_what_is_to_be_redacted_is_in_no_answer(networks: Networks) -> None:
    """Not in finals, and not in partials, where the number is still growing."""
    cards = with_engine(networks, CardEngine)
    params = PHONE | {"redact": "pci,numbers", "interim_results": "true"}
    async with (
        open_recogniser(networks=cards) as recogniser,
        open_client(recogniser, **params) as client,
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
        open_client(recogniser, words="true", **PHONE) as client,
    ):
        await client.play(b"\xff" * SECOND + recording("austen_0920"))
        [final] = finals(await client.finish())

    assert final.words is not None
    assert " ".join(word.word for word in final.words) == final.transcript
    begins, ends = final.start_time or 0, (final.start_time or 0) + (final.duration or 0)
    assert begins <= final.words[0].start < final.words[-1].end <= ends + 0.001
    [married] = [word for word in final.words if word.word == "married"]
    assert (married.start, married.end) == pytest.approx((1.58, 1.9), abs=0.15)
