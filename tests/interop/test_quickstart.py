"""Telnyx's quickstart, five programs: nothing is changed in them but the address and the key."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.interop.programs import HERE, KEY, PATIENCE_S, Program, Recogniser, running
from tests.interop.recordings import MOST_ERRORS, error_rate, mp3, words_in
from tests.interop.stations import Station, broadcasting

QUICKSTART = HERE / "quickstart"
PROGRAMME = ("austen_0870", "jfk")
PYTHON, NODE = sys.executable, "node"


async def printed_until_heard(program: Program, said: str) -> list[str]:
    """Return what the program printed until its finals said `said`, give or take some words."""
    lines: list[str] = []
    finals = ""
    async with asyncio.timeout(PATIENCE_S):
        while error_rate(said, finals) > MOST_ERRORS:
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
        broadcasting(mp3(*PROGRAMME)) as station,
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
        broadcasting(mp3(*PROGRAMME)) as station,
        listening(recogniser, station, NODE, str(QUICKSTART / "stream.js")) as program,
    ):
        lines = await printed_until_heard(program, words_in(*PROGRAMME))

    assert any(line.startswith("[partial]") for line in lines)
