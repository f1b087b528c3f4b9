"""Telnyx's quickstart, five programs: nothing is changed in them but the address and the key."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.interop.builders import MAX_ERROR_RATE, error_rate, mp3, words_in
from tests.interop.harness import HERE, KEY, PATIENCE_S, Program, Recogniser, run, running
from tests.interop.peers import Station, open_station

QUICKSTART = HERE / "quickstart"
PROGRAMME = ("austen_0870", "jfk")
PYTHON, NODE = sys.executable, "node"
MODEL = "openai/whisper-large-v3-turbo"


async def printed_until_heard(program: Program, said: str) -> list[str]:
    """Return what the program printed until its finals said `said`, give or take some words."""
    lines: list[str] = []
    finals = ""
    async with asyncio.timeout(PATIENCE_S):
        while error_rate(said, finals) > MAX_ERROR_RATE:
            lines.append(await program.line())
            assert lines[-1], f"the program has ended, and this is all it heard: {finals}"
            finals = " ".join(line for line in lines if line.startswith("[FINAL]"))
            finals = finals.replace("[FINAL]", "")
    return lines


@asynccontextmanager
async def listening(
    recogniser: Recogniser, station: Station, *command: str
) -> AsyncIterator[Program]:
    """Run a program that has a station's stream transcribed."""
    address, stream_url = recogniser.ws, f"{station.url}/stream.mp3"
    async with running(*command, API_KEY=KEY, ADDRESS=address, STREAM_URL=stream_url) as program:
        yield program


async def test_python_hears_the_radio(recogniser: Recogniser) -> None:
    """Partials and finals of an endless MP3 come while it plays; when it ends, so does all."""
    async with (
        open_station(mp3(*PROGRAMME)) as station,
        listening(recogniser, station, PYTHON, str(QUICKSTART / "stream.py")) as program,
    ):
        lines = await printed_until_heard(program, words_in(*PROGRAMME))
        station.go_off_air()
        code = await program.exit_code()

    assert any(line.startswith("[partial]") for line in lines)
    assert code == 0


async def test_node_hears_the_radio(recogniser: Recogniser) -> None:
    """The same, with the `ws` package."""
    async with (
        open_station(mp3(*PROGRAMME)) as station,
        listening(recogniser, station, NODE, str(QUICKSTART / "stream.js")) as program,
    ):
        lines = await printed_until_heard(program, words_in(*PROGRAMME))

    assert any(line.startswith("[partial]") for line in lines)


@pytest.mark.parametrize(
    "command",
    [(PYTHON, "transcribe.py"), (NODE, "transcribe.js")],
    ids=["python", "node"],
)
async def test_openais_client_has_a_file_transcribed(
    recogniser: Recogniser, command: tuple[str, str], tmp_path: Path
) -> None:
    """The `openai` package of either language uploads an MP3 and gets its text."""
    (tmp_path / "audio.mp3").write_bytes(mp3(*PROGRAMME))
    program = str(QUICKSTART / command[1])

    heard = await run(command[0], program, cwd=tmp_path, API_KEY=KEY, ADDRESS=recogniser.http)

    assert error_rate(words_in(*PROGRAMME), heard) <= MAX_ERROR_RATE


def curl(recogniser: Recogniser, *fields: str) -> tuple[str, ...]:
    """Return the command that posts a form to where Telnyx documents it."""
    return (
        "curl", "--silent", "--show-error", "--fail-with-body",
        "-X", "POST", f"{recogniser.http}/v2/ai/audio/transcriptions",
        "-H", f"Authorization: Bearer {KEY}",
        *(part for field in (f"model={MODEL}", *fields) for part in ("-F", field)),
    )  # fmt: skip


async def test_curl_has_a_file_transcribed(recogniser: Recogniser, tmp_path: Path) -> None:
    """The answer to an upload is a JSON object with the text."""
    (tmp_path / "audio.mp3").write_bytes(mp3(*PROGRAMME))

    answer = json.loads(await run(*curl(recogniser, "file=@audio.mp3"), cwd=tmp_path))

    assert error_rate(words_in(*PROGRAMME), answer["text"]) <= MAX_ERROR_RATE


async def test_curl_has_an_address_transcribed(recogniser: Recogniser) -> None:
    """The file is fetched from where it is, and nothing is uploaded."""
    async with open_station(mp3(*PROGRAMME)) as station:
        address = f"file_url={station.url}/audio.mp3"
        answer = json.loads(await run(*curl(recogniser, address)))

    assert error_rate(words_in(*PROGRAMME), answer["text"]) <= MAX_ERROR_RATE
