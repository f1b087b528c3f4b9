"""Telnyx's own SDK for Python: streams, by either of its clients, and files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from telnyx import AsyncTelnyx
from telnyx.lib import AsyncSpeechToTextWS, SpeechToTextStreamParams
from telnyx.resources.speech_to_text import AsyncSpeechToTextResourceConnection
from telnyx.types.transcribe_server_event import SttErrorFrame, TranscriptFrame
from websockets.exceptions import ConnectionClosedError
from websockets.frames import CloseCode

from tests.interop.builders import MAX_ERROR_RATE, error_rate, mp3, wav, words_in
from tests.interop.harness import KEY, PATIENCE_S, Recogniser

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


@asynccontextmanager
async def transcribing(
    recogniser: Recogniser, **query: str
) -> AsyncIterator[AsyncSpeechToTextResourceConnection]:
    """Open a stream of the SDK, with Deepgram's parameters."""
    query = {"transcription_engine": "Deepgram", **query}
    async with (
        sdk(recogniser) as client,
        client.speech_to_text.transcribe(extra_query=query) as connection,
    ):
        yield connection


def pieces(audio: bytes) -> list[bytes]:
    """Cut audio as Telnyx recommends."""
    return [audio[at : at + FRAME_BYTES] for at in range(0, len(audio), FRAME_BYTES)]


@pytest.mark.parametrize("input_format", ["mp3", "wav"])
async def test_a_stream_is_heard(recogniser: Recogniser, input_format: str) -> None:
    """`speech_to_text.transcribe` gets partials and finals until the close that it asks for."""
    audio = pieces({"mp3": mp3, "wav": wav}[input_format](*SPOKEN))
    into_the_first_sentence = len(audio) // 6
    query = {"model": "deepgram/nova-3", "input_format": input_format, "interim_results": "true"}
    async with transcribing(recogniser, **query) as connection:
        for piece in audio[:into_the_first_sentence]:
            await connection.send_raw(piece)
        partial = await connection.recv()
        for piece in audio[into_the_first_sentence:]:
            await connection.send_raw(piece)
        await connection.send({"type": "CloseStream"})
        frames = [frame async for frame in connection if isinstance(frame, TranscriptFrame)]
    heard = " ".join(frame.transcript for frame in frames if frame.is_final)

    assert isinstance(partial, TranscriptFrame)
    assert partial.is_final is False
    assert error_rate(words_in(*SPOKEN), heard) <= MAX_ERROR_RATE


async def test_handlers_are_called_for_what_is_heard(recogniser: Recogniser) -> None:
    """`on("transcript")` fires for each answer, by the type that the SDK's schema has."""
    heard: list[TranscriptFrame] = []
    async with transcribing(recogniser, input_format="wav") as connection:
        connection.on("transcript", heard.append)
        for piece in pieces(wav(*SPOKEN)):
            await connection.send_raw(piece)
        await connection.send({"type": "CloseStream"})
        await connection.dispatch_events()
    finals = " ".join(frame.transcript for frame in heard if frame.is_final)

    assert {frame.type for frame in heard} == {"transcript"}
    assert error_rate(words_in(*SPOKEN), finals) <= MAX_ERROR_RATE


async def test_a_handler_is_called_for_an_error(recogniser: Recogniser) -> None:
    """`on("error")` gets the SDK's own frame, with the reason; the documented one is beside it."""
    refused: list[SttErrorFrame] = []
    async with transcribing(recogniser, input_format="linear16") as connection:
        connection.on("error", refused.append)
        with pytest.raises(ConnectionClosedError):
            await connection.dispatch_events()
    [frame] = refused

    assert frame.error == "sample_rate is required for linear16."
    assert (frame.model_extra or {})["errors"][0]["code"] == "40003"


async def test_a_message_that_is_too_long_is_an_error_with_a_reason(recogniser: Recogniser) -> None:
    """A whole file in one message, as newcomers send it."""
    refused: list[SttErrorFrame] = []
    async with transcribing(recogniser, input_format="wav") as connection:
        connection.on("error", refused.append)
        await connection.send_raw(wav(*SPOKEN))
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.dispatch_events()

    assert "262144" in refused[0].error
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.MESSAGE_TOO_BIG


async def test_a_stream_is_heard_by_the_helper_in_its_library(recogniser: Recogniser) -> None:
    """`AsyncSpeechToTextWS`, which cannot ask for the end, gets finals as people pause."""
    audio, heard = wav(*SPOKEN), ""
    params = SpeechToTextStreamParams(transcription_engine="Deepgram", input_format="wav")
    async with (
        asyncio.timeout(PATIENCE_S),
        AsyncSpeechToTextWS(KEY, params, base_url=f"{recogniser.http}/v2") as client,
    ):
        for piece in pieces(audio):
            await client.send(piece)
        async for event in client.events():
            heard += f" {event.transcript}" if event.is_final else ""
            if error_rate(words_in(*SPOKEN), heard) <= MAX_ERROR_RATE:
                return
    pytest.fail(f"the stream has ended, and this is all that was heard: {heard}")


async def test_a_file_is_transcribed_with_times(recogniser: Recogniser) -> None:
    """`ai.audio.transcribe` uploads a file, its model's options in brackets, and gets segments."""
    async with sdk(recogniser) as client:
        answer = await client.ai.audio.transcribe(
            model="deepgram/nova-3",
            file=("call.wav", wav(*SPOKEN)),
            response_format="verbose_json",
            timestamp_granularities="segment",
            model_config={"punctuate": True},
        )
    segments = answer.segments or []

    assert error_rate(words_in(*SPOKEN), answer.text) <= MAX_ERROR_RATE
    assert error_rate(answer.text, " ".join(segment.text for segment in segments)) == 0
    ends = [at for segment in segments for at in (segment.start, segment.end)]
    assert ends == sorted(ends)
    assert 0 <= ends[0] < ends[-1] <= (answer.duration or 0)
