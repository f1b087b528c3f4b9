"""A client for the tests: a stranger's WebSocket library, our fixtures, and word error rates."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import jiwer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import Samples
from service.recogniser.server import Recogniser
from service.wire.stt import CLOSE_STREAM, Answer, parse_answer

FIXTURES = Path(__file__).parents[2] / "fixtures"
PHONE = {"transcription_engine": "local", "input_format": "mulaw", "sample_rate": "8000"}
PATIENCE_S = 20.0
READ_CLIPS = ("austen_0870", "austen_0920", "jfk", "sonnet1_14s")


def recording(name: str) -> bytes:
    """Return a recording of `fixtures/speech` as mu-law, 8 kHz."""
    return (FIXTURES / "speech" / f"{name}.ulaw").read_bytes()


def audio(name: str) -> Samples:
    """Return a recording as samples, 8 kHz."""
    return RawDecoder("mulaw", 8000).feed(recording(name))


def reference(name: str) -> str:
    """Return what is said in it."""
    return (FIXTURES / "speech" / f"{name}.txt").read_text()


def word_error_rate(said: str, heard: str) -> float:
    """Compare words, not their spelling or punctuation."""
    return float(jiwer.wer(_plain(said), _plain(heard) or "nothing"))


def _plain(text: str) -> str:
    text = text.lower().replace("mister", "mr").replace("y'know", "you know")
    return " ".join(re.sub(r"[^a-z' ]", " ", text).split())


def finals(answers: Iterable[Answer]) -> list[Answer]:
    """Return the finals that say something."""
    return [answer for answer in answers if answer.is_final and answer.transcript]


def partials(answers: Iterable[Answer]) -> list[Answer]:
    """Return the partials."""
    return [answer for answer in answers if answer.is_final is False]


def text_of(answers: Iterable[Answer]) -> str:
    """Return all finals in one line."""
    return " ".join(answer.transcript or "" for answer in finals(answers))


class Talk:
    """One session as a client sees it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.headers = socket.response.headers if socket.response else {}

    async def play(self, audio: bytes, *, frame_bytes: int = 1600) -> None:
        """Send audio as fast as it is taken."""
        for at in range(0, len(audio), frame_bytes):
            await self.socket.send(audio[at : at + frame_bytes])

    async def next(self) -> Answer:
        """Wait for the next answer."""
        async with asyncio.timeout(PATIENCE_S):
            return parse_answer(await self.socket.recv())

    async def rest(self) -> list[Answer]:
        """Wait for the close and return the answers up to it."""
        answers = []
        async with asyncio.timeout(PATIENCE_S):
            try:
                while True:
                    answers.append(parse_answer(await self.socket.recv()))
            except ConnectionClosed:
                return answers

    async def finish(self) -> list[Answer]:
        """Ask for the end and return all answers up to it."""
        await self.socket.send(CLOSE_STREAM)
        return await self.rest()


@asynccontextmanager
async def talk(
    recogniser: Recogniser | str, *, key: str | None = None, **params: str
) -> AsyncIterator[Talk]:
    """Open a session; `params` are those of the query."""
    url = recogniser if isinstance(recogniser, str) else recogniser.url
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    async with connect(
        f"{url}?{urlencode(params)}", additional_headers=headers, proxy=None
    ) as socket:
        yield Talk(socket)


async def vacancy(recogniser: Recogniser) -> None:
    """Wait until the server has seen its side of the close, too."""
    async with asyncio.timeout(5):
        while recogniser.sessions:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
