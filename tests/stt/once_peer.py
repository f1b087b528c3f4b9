"""An STT service whose engine answers once, when the audio stops: each utterance its own socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from service.wire.audio import Decoder
from service.wire.stt import encode_transcript
from tests.stt.builders import Ear

IDLE_S = 0.2
"""How long nothing comes before the audio has stopped."""


@dataclass(slots=True)
class Visit:
    """One connection as the server saw it."""

    query: dict[str, str]
    audio: bytearray = field(default_factory=bytearray)
    controls: list[str] = field(default_factory=list)
    said: str | None = None


@dataclass(slots=True)
class OncePeer:
    """The server. It takes linear16 at 8 kHz, and hears `builders.speak` in it."""

    closes: bool = True
    """Whether it closes, with 1000, when it has answered; else it holds the socket open."""
    says_nothing: set[int] = field(default_factory=set)
    """Connections, by their number, that it closes without an answer."""
    drops: set[int] = field(default_factory=set)
    """Connections that are gone instead of being answered."""
    says: str | None = None
    """What it answers whatever it hears; None for what it hears."""
    holds: dict[int, asyncio.Event] = field(default_factory=dict)
    """Connections that are not answered before this."""
    url: str = ""
    visits: list[Visit] = field(default_factory=list)

    async def serve(self, socket: ServerConnection) -> None:
        """Hear one utterance."""
        assert socket.request
        number = len(self.visits)
        visit = Visit(dict(parse_qsl(urlsplit(socket.request.path).query)))
        self.visits.append(visit)
        with suppress(ConnectionClosed):
            await self._hear(socket, visit)
            await self._answer(socket, visit, number)

    async def _hear(self, socket: ServerConnection, visit: Visit) -> None:
        """Return when the audio has stopped."""
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout(IDLE_S if visit.audio else None):
                    message = await socket.recv()
                if isinstance(message, str):
                    visit.controls.append(message)
                else:
                    visit.audio += message

    async def _answer(self, socket: ServerConnection, visit: Visit, number: int) -> None:
        if number in self.holds:
            await self.holds[number].wait()
        if number in self.drops:
            socket.transport.abort()
            return
        if number not in self.says_nothing:
            visit.said = self.says or " ".join(_words(bytes(visit.audio)))
            await socket.send(encode_transcript(visit.said, is_final=True))
        if self.closes or number in self.says_nothing:
            await socket.close()
        await socket.wait_closed()


def _words(linear: bytes) -> Iterator[str]:
    ear = Ear()
    ear.hear(_mulaw(linear))
    return (word.text for word in ear.words)


def _mulaw(linear: bytes) -> bytes:
    """Return the mu-law that these samples were: there is one code for each."""
    codes = {Decoder("PCMU", 8000).decode(bytes((code,))): code for code in range(256)}
    return bytes(codes[linear[at : at + 2]] for at in range(0, len(linear), 2))


@asynccontextmanager
async def open_once_peer(peer: OncePeer | None = None) -> AsyncIterator[OncePeer]:
    """Run one on a free port."""
    peer = peer or OncePeer()
    async with serve(peer.serve, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        peer.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield peer
