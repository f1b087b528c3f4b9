"""LiveKit's plug-in for Telnyx: a client nobody here wrote, and that never says it is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit.agents import stt
from livekit.plugins import telnyx
from livekit.rtc import AudioFrame

from tests.interop.builders import MAX_ERROR_RATE, error_rate, pcm, words_in
from tests.interop.harness import KEY, PATIENCE_S, Recogniser

SPOKEN = ("austen_0870", "austen_0920")
RATE_HZ = 16_000
FRAME_SAMPLES = RATE_HZ // 50


def frames(*names: str) -> list[AudioFrame]:
    """Return recordings as an agent gets them: 20 ms at a time."""
    audio = pcm(*names, rate_hz=RATE_HZ)
    pieces = (audio[at : at + 2 * FRAME_SAMPLES] for at in range(0, len(audio), 2 * FRAME_SAMPLES))
    return [AudioFrame(piece, RATE_HZ, 1, len(piece) // 2) for piece in pieces]


@asynccontextmanager
async def opened(recogniser: Recogniser) -> AsyncIterator[telnyx.STT]:
    """Open the plug-in's recogniser; the address is all that is not Telnyx's."""
    address = f"{recogniser.ws}/v2/speech-to-text/transcription"
    client = telnyx.STT(api_key=KEY, base_url=address)
    try:
        yield client
    finally:
        await client.aclose()


async def test_an_agent_hears_what_is_said_while_it_listens(recogniser: Recogniser) -> None:
    """Speech begins, is understood, and ends, on a stream that stays open."""
    kinds, heard = [], ""
    async with opened(recogniser) as client, client.stream() as stream:
        for frame in frames(*SPOKEN):
            stream.push_frame(frame)
        async with asyncio.timeout(PATIENCE_S):
            while error_rate(words_in(*SPOKEN), heard) > MAX_ERROR_RATE:
                event = await anext(stream)
                kinds.append(event.type)
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    heard += " " + event.alternatives[0].text

    assert kinds[0] is stt.SpeechEventType.START_OF_SPEECH
    assert stt.SpeechEventType.END_OF_SPEECH in kinds


async def test_a_client_that_never_says_it_is_done_gets_its_answer(recogniser: Recogniser) -> None:
    """It waits for the server to close: that does, after 20 s without audio, and orderly."""
    async with opened(recogniser) as client, asyncio.timeout(PATIENCE_S):
        event = await client.recognize(frames(*SPOKEN))

    assert error_rate(words_in(*SPOKEN), event.alternatives[0].text) <= MAX_ERROR_RATE
