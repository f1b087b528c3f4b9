"""An STT WebSocket that is streamed to: a real server that keeps a script, session by session."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response


@dataclass(slots=True, kw_only=True)
class Script:
    """What one session does. `says` goes by how many bytes of audio came."""

    status: int = 101
    says: Mapping[int, list[str]] = field(default_factory=dict)
    last: list[str] = field(default_factory=list)
    """Said when the client closes the stream."""
    closes: bool = True
    """Whether the stream's close is answered with the session's."""
    drops_at: int | None = None
    """After so many bytes the connection is gone."""
    close_code: int = 1000
    closes_at: int | None = None


@dataclass(slots=True, kw_only=True)
class Heard:
    """One session as the server saw it."""

    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    audio: bytearray = field(default_factory=bytearray)
    controls: list[str] = field(default_factory=list)
    largest: int = 0


class StreamPeer:
    """The server's memory and script; the last script is played over and over."""

    def __init__(self, *scripts: Script) -> None:
        self.url = ""
        self.scripts = list(scripts) or [Script()]
        self.sessions: list[Heard] = []
        self.changed = asyncio.Event()

    def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the upgrade."""
        headers = {name.lower(): text for name, text in request.headers.raw_items()}
        query = parse_qs(urlsplit(request.path).query)
        self.sessions.append(Heard(query=query, headers=headers))
        if self.scripts[0].status != HTTPStatus.SWITCHING_PROTOCOLS:
            return connection.respond(HTTPStatus(self._script().status), "no\n")
        return None

    async def serve(self, socket: ServerConnection) -> None:
        """Play one session."""
        script, heard = self._script(), self.sessions[-1]
        said = dict(script.says)
        try:
            async for message in socket:
                if isinstance(message, str):
                    heard.controls.append(message)
                    self.changed.set()
                    for text in script.last:
                        await socket.send(text)
                    if script.closes:
                        await socket.close(script.close_code)
                    continue
                heard.audio += message
                heard.largest = max(heard.largest, len(message))
                for at in sorted(at for at in said if at <= len(heard.audio)):
                    for text in said.pop(at):
                        await socket.send(text)
                if script.drops_at is not None and len(heard.audio) >= script.drops_at:
                    socket.transport.abort()
                    return
                if script.closes_at is not None and len(heard.audio) >= script.closes_at:
                    await socket.close(script.close_code)
                self.changed.set()
        except ConnectionClosed:
            pass

    def _script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


@asynccontextmanager
async def open_stream_peer(*scripts: Script) -> AsyncIterator[StreamPeer]:
    """Run the server on a free port."""
    peer = StreamPeer(*scripts)
    async with serve(
        peer.serve, "127.0.0.1", 0, process_request=peer.greet, compression=None
    ) as server:
        port = server.sockets[0].getsockname()[1]
        peer.url = f"ws://127.0.0.1:{port}/v2/speech-to-text/transcription"
        yield peer
