"""Clients of the recogniser, live and with files, and a place that a `file_url` can lead to."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.recogniser.files.route import PATHS
from service.recogniser.server import Recogniser
from service.wire.stt import CLOSE_STREAM, SttResult, parse_result

PHONE = {"transcription_engine": "local", "input_format": "mulaw", "sample_rate": "8000"}
PATIENCE_S = 60.0
FILE_PATIENCE_S = 120.0
Fields = list[tuple[str, str]]


class LiveClient:
    """One session as a client sees it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.headers = socket.response.headers if socket.response else {}

    async def play(self, audio: bytes, *, frame_bytes: int = 1600) -> None:
        """Send audio as fast as it is taken."""
        for at in range(0, len(audio), frame_bytes):
            await self.socket.send(audio[at : at + frame_bytes])

    async def next(self) -> SttResult:
        """Wait for the next answer."""
        async with asyncio.timeout(PATIENCE_S):
            return parse_result(await self.socket.recv())

    async def rest(self) -> list[SttResult]:
        """Wait for the close and return the answers up to it."""
        answers = []
        async with asyncio.timeout(PATIENCE_S):
            try:
                while True:
                    answers.append(parse_result(await self.socket.recv()))
            except ConnectionClosed:
                return answers

    async def finish(self) -> list[SttResult]:
        """Ask for the end and return all answers up to it."""
        await self.socket.send(CLOSE_STREAM)
        return await self.rest()


@asynccontextmanager
async def open_client(
    recogniser: Recogniser | str, *, key: str | None = None, **params: str
) -> AsyncIterator[LiveClient]:
    """Open a session; `params` are those of the query."""
    url = recogniser if isinstance(recogniser, str) else recogniser.url
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    async with connect(
        f"{url}?{urlencode(params)}", additional_headers=headers, proxy=None
    ) as socket:
        yield LiveClient(socket)


def finals(answers: Iterable[SttResult]) -> list[SttResult]:
    """Return the finals that say something."""
    return [answer for answer in answers if answer.is_final and answer.transcript]


def partials(answers: Iterable[SttResult]) -> list[SttResult]:
    """Return the partials."""
    return [answer for answer in answers if answer.is_final is False]


def text_of(answers: Iterable[SttResult]) -> str:
    """Return all finals in one line."""
    return " ".join(answer.transcript or "" for answer in finals(answers))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    text: str
    json: Any
    headers: dict[str, str]

    @property
    def fault(self) -> tuple[int, str, str]:
        """Status, code and parameter of a refusal."""
        error = self.json["errors"][0]
        return self.status, error["code"], error["source"]["parameter"]


async def post(
    recogniser: Recogniser,
    file: Any = None,  # noqa: ANN401 - whatever the client can send
    fields: Fields | None = None,
    *,
    model: str | None = "openai/whisper-large-v3-turbo",
    path: str = PATHS[0],
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send a form as any client would."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields or []:
        form.add_field(name, value)
    if model is not None:
        form.add_field("model", model)
    if file is not None:
        content = io.BytesIO(file) if isinstance(file, bytes) else file
        form.add_field("file", content, filename="audio.bin")
    timeout = aiohttp.ClientTimeout(FILE_PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(recogniser.base_url + path, data=form, headers=headers) as reply,
    ):
        text = await reply.text()
        is_json = reply.content_type == "application/json"
        return Reply(
            reply.status, text, await reply.json() if is_json else None, dict(reply.headers)
        )


@asynccontextmanager
async def open_shelf(
    files: dict[str, bytes], redirects: dict[str, str] | None = None
) -> AsyncIterator[str]:
    """Serve files at `/name`, and redirects; gives the address without the slash."""

    async def give(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if redirects and name in redirects:
            return web.Response(status=302, headers={"location": redirects[name]})
        if name not in files:
            return web.Response(status=404)
        return web.Response(body=files[name])

    app = web.Application()
    app.router.add_get("/{name}", give)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
