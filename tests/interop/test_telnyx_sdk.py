"""Telnyx's own SDK for Python: streams, by either of its clients, and files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telnyx import AsyncTelnyx
from telnyx.lib import AsyncSpeechToTextWS, SpeechToTextStreamParams
from telnyx.types.transcribe_server_event import TranscriptFrame

from tests.interop.programs import KEY, PATIENCE_S, Recogniser
from tests.interop.recordings import MOST_ERRORS, error_rate, mp3, wav, words_in

SPOKEN = ("austen_0920", "jfk")
FRAME_BYTES = 4_096


@asynccontextmanager
async def sdk(recogniser: Recogniser) -> AsyncIterator[AsyncTelnyx]:
    """Open the SDK; the addresses are all that is not Telnyx's."""
    async with (
        asyncio.timeout(PATIENCE_S),
        AsyncTelnyx(
            api_key=KEY,
            base_url=f"{recogniser.http}/v2",
            websocket_base_url=f"{recogniser.ws}/v2",
            max_retries=0,
        ) as client,
    ):
        yield client


@pytest.mark.parametrize("input_format", ["mp3", "wav"])
async def test_a_stream_is_heard(recogniser: Recogniser, input_format: str) -> None:
    """`speech_to_text.transcribe` gets partials and finals until the close that it asks for."""
    audio = {"mp3": mp3, "wav": wav}[input_format](*SPOKEN)
    query = {
        "transcription_engine": "Deepgram",
        "model": "deepgram/nova-3",
        "input_format": input_format,
        "interim_results": "true",
    }
    async with (
        sdk(recogniser) as client,
        client.speech_to_text.transcribe(extra_query=query) as connection,
    ):
        for at in range(0, len(audio), FRAME_BYTES):
            await connection.send_raw(audio[at : at + FRAME_BYTES])
        await connection.send({"type": "CloseStream"})
        frames = [frame async for frame in connection if isinstance(frame, TranscriptFrame)]
    heard = " ".join(frame.transcript for frame in frames if frame.is_final)

    assert error_rate(words_in(*SPOKEN), heard) <= MOST_ERRORS
    assert any(frame.is_final is False for frame in frames)


async def test_a_stream_is_heard_by_the_helper_in_its_library(recogniser: Recogniser) -> None:
    """`AsyncSpeechToTextWS`, which cannot ask for the end, gets finals as people pause."""
    audio, heard = wav(*SPOKEN), ""
    params = SpeechToTextStreamParams(transcription_engine="Deepgram", input_format="wav")
    async with (
        asyncio.timeout(PATIENCE_S),
        AsyncSpeechToTextWS(KEY, params, base_url=f"{recogniser.http}/v2") as client,
    ):
        for at in range(0, len(audio), FRAME_BYTES):
            await client.send(audio[at : at + FRAME_BYTES])
        async for event in client.events():
            heard += f" {event.transcript}" if event.is_final else ""
            if error_rate(words_in(*SPOKEN), heard) <= MOST_ERRORS:
                return
    pytest.fail(f"the stream has ended, and this is all that was heard: {heard}")
