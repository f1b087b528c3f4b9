"""`callscribe transcribe --engine local` with the real recogniser: files, subtitles and streams."""

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from service.exits import Exit
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_recogniser_process
from tests.cli.harness import Done, callscribe
from tests.recogniser.builders import side_by_side

pytestmark = [pytest.mark.speech, pytest.mark.slow]
SPEECH = Path(__file__).parents[2] / "fixtures" / "speech" / "jfk.ulaw"
KEY = "ours"


@pytest.fixture
def audio(tmp_path: Path) -> str:
    """Make a WAV file of somebody asking what you can do for your country."""
    samples = RawDecoder("mulaw", 8_000).feed(SPEECH.read_bytes())
    file = tmp_path / "jfk.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes((samples * 32_000).astype(np.int16).tobytes())
    return str(file)


@asynccontextmanager
async def recogniser() -> AsyncIterator[dict[str, str]]:
    """Run a recogniser, and give the settings that lead to it."""
    async with open_recogniser_process(ProcessSettings(api_key=KEY), quiet=True) as running:
        yield {
            "CALLSCRIBE_RECOGNISER_URL": running.url,
            "CALLSCRIBE_RECOGNISER_API_KEY": KEY,
        }


async def local(audio: str, *arguments: str, **variables: str) -> Done:
    """Run the command with our own engine."""
    return await callscribe("transcribe", audio, "--engine", "local", *arguments, **variables)


async def test_a_file_is_transcribed_on_this_machine(audio: str) -> None:
    """As text, and as subtitles that are in time."""
    async with recogniser() as variables:
        text = await local(audio, **variables)
        subtitles = await local(audio, "--format", "vtt", **variables)

    assert (text.code, subtitles.code) == (Exit.OK, Exit.OK)
    assert "your country can do for you" in text.out.lower()
    assert subtitles.out.startswith("WEBVTT\n\n00:00:00.")
    assert "country" in subtitles.out


async def test_a_file_is_streamed_on_this_machine(audio: str) -> None:
    """The last words are heard too."""
    async with recogniser() as variables:
        done = await local(audio, "--follow", **variables)

    assert (done.code, done.err) == (Exit.OK, "")
    finals = [line for line in done.out.lower().splitlines() if line.startswith("[final]")]
    assert "country" in finals[-1]


async def test_a_wrong_key_is_told(audio: str) -> None:
    """By both ways in."""
    async with recogniser() as variables:
        variables["CALLSCRIBE_RECOGNISER_API_KEY"] = "another"
        posted = await local(audio, **variables)
        streamed = await local(audio, "--follow", **variables)

    assert posted.code == streamed.code == Exit.FAILED
    assert "HTTP 401" in posted.err
    assert "refuses the key" in streamed.err


async def test_the_channels_of_a_recording_are_told_apart(tmp_path: Path) -> None:
    """Two people, each in a channel of their own: text and subtitles say which."""
    file = tmp_path / "call.wav"
    file.write_bytes(side_by_side("jfk", "austen_0920"))
    async with recogniser() as variables:
        text = await local(str(file), "--channels", **variables)
        subtitles = await local(str(file), "--channels", "--format", "srt", **variables)

    assert (text.code, text.err) == (Exit.OK, "")
    said = {line[:9]: line for line in text.out.splitlines()}
    assert set(said) == {"Channel 0", "Channel 1"}
    assert "country" in text.out
    assert "[Channel 1]" in subtitles.out
