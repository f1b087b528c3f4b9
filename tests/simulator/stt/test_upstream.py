"""Relaying audio to a recogniser."""

import asyncio

import pytest
from aiohttp import web

from service.simulator.stt.upstream import RelayedAsr, UpstreamRecogniser
from service.wire.stt import SttResult
from tests.serving import serve
from tests.waiting import PATIENCE_S


@pytest.mark.parametrize(
    ("url", "socket", "files"),
    [
        ("http://r:1", "ws://r:1/v2/speech-to-text/transcription?a=b+c&a=d", "http://r:1"),
        ("wss://r/stt/", "wss://r/stt?a=b+c&a=d", "https://r"),
    ],
)
def test_a_recognisers_address_may_be_its_base_or_its_socket(
    url: str, socket: str, files: str
) -> None:
    """With any of the four schemes."""
    recogniser = UpstreamRecogniser(url)

    assert recogniser.socket_url([("a", "b c"), ("a", "d")]) == socket
    assert recogniser.files_url() == f"{files}/v2/ai/audio/transcriptions"


async def run_against(
    behave: str, *, pieces: int, patience_s: float = 0.2
) -> tuple[list[SttResult], RelayedAsr]:
    """Play silence to a recogniser that behaves so, and finish."""
    heard: list[SttResult] = []
    stuck = asyncio.Event()

    async def session(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        if behave == "never_opens":
            await stuck.wait()
        await socket.prepare(request)
        if behave == "garbage":
            await socket.send_str("{")
            await socket.send_str('{"transcript": "hi", "is_final": true}')
            await socket.close()
        await stuck.wait()
        return socket

    app = web.Application()
    app.router.add_get("/v2/speech-to-text/transcription", session)
    async with serve(app) as url, asyncio.timeout(PATIENCE_S):
        asr = RelayedAsr(UpstreamRecogniser(url, patience_s=patience_s), {}, heard.append)
        task = asyncio.create_task(asr.run())
        for _ in range(pieces):
            await asr.push(bytes(320))
        await asr.finish()
        stuck.set()
        await task
    return heard, asr


async def test_garbage_is_skipped_and_words_are_heard() -> None:
    """What cannot be read stops nothing."""
    heard, _ = await run_against("garbage", pieces=1)

    assert [answer.transcript for answer in heard] == ["hi"]


async def test_a_recogniser_that_takes_no_audio_is_given_up() -> None:
    """After its patience; later audio is dropped at once."""
    heard, asr = await run_against("never_opens", pieces=60)

    assert heard == []
    async with asyncio.timeout(0.1):
        await asr.push(bytes(320))


async def test_a_recogniser_that_never_finishes_is_cut_off() -> None:
    """The call's end does not wait for it any longer."""
    heard, _ = await run_against("silent", pieces=3)

    assert heard == []


async def test_an_abandoned_session_says_nothing_more() -> None:
    """Its connection is cut."""
    heard: list[SttResult] = []
    opened, closed = asyncio.Event(), asyncio.Event()

    async def session(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        opened.set()
        await socket.receive()
        closed.set()
        return socket

    app = web.Application()
    app.router.add_get("/v2/speech-to-text/transcription", session)
    async with serve(app) as url, asyncio.timeout(PATIENCE_S):
        asr = RelayedAsr(UpstreamRecogniser(url, "KEY"), {}, heard.append)
        task = asyncio.create_task(asr.run())
        await asr.push(bytes(320))
        await opened.wait()
        asr.abandon()
        await task
        await closed.wait()

    assert heard == []
