"""Files for the recogniser over real sockets, and a place that a `file_url` can lead to."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from service.recogniser.files.routes import PATHS
from service.recogniser.server import Recogniser

PATIENCE_S = 60.0
Fields = list[tuple[str, str]]


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
    timeout = aiohttp.ClientTimeout(PATIENCE_S)
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
