"""A file transcription service to test against: a real server that reads the form, as scripted."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

PATH = "/v2/ai/audio/transcriptions"


@dataclass(slots=True, kw_only=True)
class Reply:
    """What to answer once. `body` is JSON unless it is bytes."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"text": "hello world"})
    headers: Mapping[str, str] = field(default_factory=dict)
    unread: bool = False
    """Answered without looking at what was posted."""
    stall: bool = False
    """Nothing comes after the headers."""
    drop: bool = False
    """The connection ends without an answer."""


@dataclass(slots=True, kw_only=True)
class Posted:
    """One request as the server saw it."""

    headers: Mapping[str, str]
    fields: list[tuple[str, str]] = field(default_factory=list)
    file: bytes = b""
    filename: str = ""
    content_type: str = ""


class FilesPeer:
    """The server's memory and script; the last reply is given over and over."""

    def __init__(self, *replies: Reply) -> None:
        self.base_url = ""
        self.replies = list(replies) or [Reply()]
        self.posted: list[Posted] = []
        self._over = asyncio.Event()

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Read what is posted, if that is the script, and answer."""
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        posted = Posted(headers={name.lower(): text for name, text in request.headers.items()})
        self.posted.append(posted)
        if not reply.unread:
            await self._read(request, posted)
        if reply.drop:
            assert request.transport
            request.transport.close()
            return web.Response()
        if reply.stall:
            response = web.StreamResponse()
            await response.prepare(request)
            await self._over.wait()
            return response
        if isinstance(reply.body, bytes):
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        return web.json_response(reply.body, status=reply.status, headers=reply.headers)

    def release(self) -> None:
        """Let go of what stalls."""
        self._over.set()

    async def _read(self, request: web.Request, posted: Posted) -> None:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.filename:
                posted.filename = part.filename
                posted.content_type = part.headers["Content-Type"]
                posted.file = bytes(await part.read())
            else:
                posted.fields.append((part.name or "", await part.text()))


@asynccontextmanager
async def open_files_peer(*replies: Reply) -> AsyncIterator[FilesPeer]:
    """Run the server on a free port."""
    peer = FilesPeer(*replies)
    app = web.Application(client_max_size=200 * 1024 * 1024)
    app.router.add_post(PATH, peer.transcribe)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        peer.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
        yield peer
    finally:
        peer.release()
        await runner.cleanup()
