"""OpenAI's own client for Python: every answer that it can ask for, and refusals it understands."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Literal

import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError
from openai.types.audio import TranscriptionSegment

from tests.interop.builders import MAX_ERROR_RATE, error_rate, mp3, words_in
from tests.interop.harness import KEY, PATIENCE_S, Recogniser

SPOKEN = ("austen_0870", "jfk")
MODEL = "deepgram/nova-3"
"""One that gives times. At Telnyx, those of Whisper's give none."""
CUE = re.compile(r"(\d\d:\d\d:\d\d[.,]\d{3}) --> (\d\d:\d\d:\d\d[.,]\d{3})\n(.+)\n")


@asynccontextmanager
async def openai(
    recogniser: Recogniser, *, path: str = "/v2", key: str = KEY
) -> AsyncIterator[AsyncOpenAI]:
    """Open the client; the address and the key are all that is not OpenAI's."""
    async with (
        asyncio.timeout(PATIENCE_S),
        AsyncOpenAI(api_key=key, base_url=recogniser.http + path, max_retries=0) as client,
    ):
        yield client


@cache
def recording() -> tuple[str, bytes]:
    """Return a file to upload."""
    return "call.mp3", mp3(*SPOKEN)


@pytest.mark.parametrize("path", ["/v2", "/v2/ai"])
async def test_who_asks_for_nothing_else_gets_the_text(recogniser: Recogniser, path: str) -> None:
    """It comes as JSON, by the path that Telnyx documents and by the one its examples make."""
    async with openai(recogniser, path=path) as client:
        answer = await client.audio.transcriptions.create(model=MODEL, file=recording())

    assert error_rate(words_in(*SPOKEN), answer.text) <= MAX_ERROR_RATE


async def test_verbose_json_has_the_times_of_segments(recogniser: Recogniser) -> None:
    """They are in order, within the file, and say together what the text says."""
    async with openai(recogniser) as client:
        answer = await client.audio.transcriptions.create(
            model=MODEL, file=recording(), response_format="verbose_json"
        )
    segments = answer.segments or []

    assert error_rate(words_in(*SPOKEN), answer.text) <= MAX_ERROR_RATE
    assert error_rate(answer.text, " ".join(segment.text for segment in segments)) == 0
    times = [0.0, *(at for one in segments for at in (one.start, one.end)), answer.duration]
    assert times == sorted(times)


async def test_verbose_json_has_the_times_of_words(recogniser: Recogniser) -> None:
    """They come if asked for, in order, and say together what the text says."""
    async with openai(recogniser) as client:
        answer = await client.audio.transcriptions.create(
            model=MODEL,
            file=recording(),
            response_format="verbose_json",
            timestamp_granularities=["word"],
        )
    words = answer.words or []

    assert error_rate(words_in(*SPOKEN), answer.text) <= MAX_ERROR_RATE
    assert error_rate(answer.text, " ".join(word.word for word in words)) == 0
    times = [0.0, *(at for word in words for at in (word.start, word.end)), answer.duration]
    assert times == sorted(times)


async def test_text_is_the_text_and_nothing_else(recogniser: Recogniser) -> None:
    """There is no JSON around it."""
    async with openai(recogniser) as client:
        text = await client.audio.transcriptions.create(
            model=MODEL, file=recording(), response_format="text"
        )

    assert error_rate(words_in(*SPOKEN), text) <= MAX_ERROR_RATE
    assert "{" not in text


@pytest.mark.parametrize(
    ("response_format", "beginning", "point"), [("srt", "1\n", ","), ("vtt", "WEBVTT\n\n", ".")]
)
async def test_subtitles_are_shown_one_after_the_other(
    recogniser: Recogniser, response_format: Literal["srt", "vtt"], beginning: str, point: str
) -> None:
    """Every cue has its times, as the format writes them, and its words."""
    async with openai(recogniser) as client:
        subtitles = await client.audio.transcriptions.create(
            model=MODEL, file=recording(), response_format=response_format
        )
    cues = CUE.findall(subtitles)

    assert error_rate(words_in(*SPOKEN), " ".join(cue[2] for cue in cues)) <= MAX_ERROR_RATE
    assert subtitles.startswith(beginning)
    assert all(point in time for cue in cues for time in cue[:2])
    assert [cue[0] for cue in cues] == sorted(cue[0] for cue in cues)
    assert len(cues) >= len(SPOKEN)


async def test_a_wrong_key_is_refused(recogniser: Recogniser) -> None:
    """The client raises what it raises for a wrong key of OpenAI's."""
    async with openai(recogniser, key="KEY_of_somebody_else") as client:
        with pytest.raises(AuthenticationError) as refused:
            await client.audio.transcriptions.create(model=MODEL, file=recording())

    assert (refused.value.code, refused.value.type) == ("10009", "invalid_request_error")


async def test_a_file_that_is_no_audio_is_refused(recogniser: Recogniser) -> None:
    """The client raises what it raises for a bad file of OpenAI's: nothing to try again."""
    async with openai(recogniser) as client:
        with pytest.raises(BadRequestError) as refused:
            await client.audio.transcriptions.create(model=MODEL, file=("call.mp3", b"no" * 999))

    assert (refused.value.code, refused.value.param) == ("10015", "file")
    assert refused.value.type == "invalid_request_error"
    assert str(refused.value).endswith("no audio can be read from it")


async def test_a_field_that_cannot_be_honoured_is_named(recogniser: Recogniser) -> None:
    """In the error's `param`, with a message for people."""
    async with openai(recogniser) as client:
        with pytest.raises(BadRequestError) as refused:
            await client.audio.transcriptions.create(model=MODEL, file=recording(), language="de")

    assert (refused.value.code, refused.value.param) == ("10015", "language")
    assert "English" in refused.value.message


async def test_a_segment_is_whole_to_openais_types(recogniser: Recogniser) -> None:
    """Every field that their schema requires is there, and of its type."""
    async with openai(recogniser) as client:
        answer = await client.audio.transcriptions.create(
            model=MODEL,
            file=recording(),
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    segments = answer.segments or []
    words = answer.words or []

    assert segments
    for segment in segments:
        whole = TranscriptionSegment.model_validate(segment.model_dump(), strict=True)
        assert -1 < whole.avg_logprob < 0
    inside = [
        any(one.start <= word.start <= word.end <= one.end for one in segments) for word in words
    ]
    assert all(inside)
