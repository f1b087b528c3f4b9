"""STT services to test against: real WebSocket servers, one that hears and one that plays a script.

One `Peer` serves many tracks at once: the `model` of a session's URL names its `Manner`.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from service.wire.stt import CLOSE_STREAM, FINALIZE, HeardWord, encode_transcript
from tests.stt.builders import Ear, Spoken, stamp_of
from tests.waiting import until

_SWITCHING = HTTPStatus.SWITCHING_PROTOCOLS


@dataclass(slots=True, kw_only=True)
class Manner:
    """How the engine behaves on one track. Times are milliseconds of a session's audio."""

    lag_ms: int = 0
    """How far its results are behind the audio."""
    endpointing_ms: int = 300
    partials: bool = True
    times: Literal["none", "span", "words"] = "none"
    most_words: int = 1000
    """A final is due after so many words, pause or not."""
    drops_ms: list[int] = field(default_factory=list)
    """Session after session, after how much audio to drop the connection."""
    drop_code: int | None = None
    """With which code to close it then in order; None does without."""
    statuses: list[int] = field(default_factory=list)
    """Connection after connection, what to answer in place of the upgrade."""
    closes: bool = True
    """Whether `CloseStream` is honoured."""
    deaf: list[bool] = field(default_factory=list)
    """Session after session, whether it says nothing at all."""
    says: dict[int, list[str | bytes]] = field(default_factory=dict)
    """What to say, word for word, once so much audio came; then nothing is heard."""
    garbage: int = 0
    """So many messages that nobody can read follow each result."""
    closes_ms: int | None = None
    """After how much audio to close by itself, with `close_code`."""
    close_code: int = 1000
    hold: asyncio.Event | None = None
    """Connections are not answered before this."""
    handshake_s: float = 0.0
    """How long each of them takes to be made."""


@dataclass(slots=True, kw_only=True)
class Script:
    """What one session is answered, whatever it is sent. `says` goes by how many bytes came."""

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


@dataclass(slots=True)
class Visit:
    """One connection as the server saw it."""

    query: dict[str, list[str]]
    headers: dict[str, str]
    at: float
    socket: ServerConnection | None = None
    audio: bytearray = field(default_factory=bytearray)
    largest: int = 0
    """Bytes of the largest message with audio."""
    controls: list[str] = field(default_factory=list)
    over: bool = False
    close_code: int | None = None


class Peer:
    """A server that hears `builders.speak`: its memory and its manners, by model."""

    def __init__(self) -> None:
        self.url = ""
        self.manners: dict[str, Manner] = {}
        self.visits: dict[str, list[Visit]] = defaultdict(list)
        self.knocks = 0

    async def heard(self, model: str, stamp: int) -> None:
        """Wait until the running session had the stamped piece, and its results arrived.

        The piece after which a connection dropped is not waited for a second time: a new one
        is made when there is more to send.
        """
        visits = self.visits[model]
        await until(
            lambda: bool(visits) and (visits[-1].over or stamp_of(visits[-1].audio) == stamp)
        )
        if visits[-1].over:
            known = len(visits)
            with suppress(TimeoutError):
                await until(lambda: len(visits) > known, timeout_s=0.05)
            return
        socket = visits[-1].socket
        assert socket
        with suppress(ConnectionClosed):
            await (await socket.ping())

    async def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the upgrade."""
        model = _model(request.path)
        manner = self.manners.setdefault(model, Manner())
        self.knocks += 1
        if manner.hold:
            await manner.hold.wait()
        await asyncio.sleep(manner.handshake_s)
        self.visits[model].append(_visit(request))
        return _upgrade(connection, manner.statuses.pop(0) if manner.statuses else 101)

    async def serve(self, socket: ServerConnection) -> None:
        """Run one session."""
        assert socket.request
        model = _model(socket.request.path)
        visit = self.visits[model][-1]
        visit.socket = socket
        manner = self.manners[model]
        session = _Session(manner, first=len(self.visits[model]) == 1)
        try:
            async for message in socket:
                await self._hear(socket, visit, session, message)
        except ConnectionClosed:
            pass
        finally:
            visit.over = True

    async def _hear(
        self, socket: ServerConnection, visit: Visit, session: "_Session", message: str | bytes
    ) -> None:
        manner = session.manner
        if isinstance(message, str):
            visit.controls.append(message)
            if message == FINALIZE or (message == CLOSE_STREAM and manner.closes):
                for answer in session.flush():
                    await socket.send(answer)
            if message == CLOSE_STREAM and manner.closes:
                await socket.close()
            return
        visit.audio += message
        for answer in session.hear(message):
            await socket.send(answer)
            for _ in range(manner.garbage):
                await socket.send("{")
        if session.drop_ms is not None and session.position_ms >= session.drop_ms:
            if manner.drop_code is None:
                socket.transport.abort()
            else:
                await socket.close(manner.drop_code)
        if manner.closes_ms is not None and session.position_ms >= manner.closes_ms:
            await socket.close(manner.close_code)


def _model(path: str) -> str:
    return dict(parse_qsl(urlsplit(path).query))["model"].removeprefix("peer/")


class _Session:
    def __init__(self, manner: Manner, *, first: bool) -> None:
        self.manner = manner
        self.drop_ms = manner.drops_ms.pop(0) if manner.drops_ms else None
        self._ear = Ear("uh" if manner.times == "words" else None)
        self._deaf = manner.deaf.pop(0) if manner.deaf else False
        self._says = dict(manner.says) if first else {}
        self._scripted = bool(manner.says)
        self._segment: list[Spoken] = []
        self._taken = 0
        self._received = 0

    @property
    def position_ms(self) -> int:
        return self._received // 8

    def hear(self, audio: bytes) -> Iterator[str | bytes]:
        self._received += len(audio)
        if self._scripted:
            for at_ms in [at_ms for at_ms in self._says if at_ms <= self.position_ms]:
                yield from self._says.pop(at_ms)
            return
        self._ear.hear(audio)
        if not self._deaf:
            yield from self._answers(self._ear.position_ms - self.manner.lag_ms)

    def flush(self) -> Iterator[str | bytes]:
        if not self._deaf and not self._scripted:
            yield from self._answers(10**9)

    def _answers(self, until_ms: int) -> Iterator[str]:
        for word in self._ear.words[self._taken :]:
            yield from self._ended(min(until_ms, word.start_ms))
            if word.end_ms > until_ms:
                return
            self._taken += 1
            self._segment.append(word)
            if len(self._segment) >= self.manner.most_words:
                yield self._final()
            elif self.manner.partials:
                yield self._say(self._segment, is_final=False)
        loud_ms = self._ear.loud_since_ms
        yield from self._ended(until_ms if loud_ms is None else min(until_ms, loud_ms))

    def _ended(self, quiet_until_ms: int) -> Iterator[str]:
        if self._segment and (
            quiet_until_ms - self._segment[-1].end_ms >= self.manner.endpointing_ms
        ):
            yield self._final()

    def _final(self) -> str:
        text = self._say(self._segment, is_final=True)
        self._segment = []
        return text

    def _say(self, words: list[Spoken], *, is_final: bool) -> str:
        text = " ".join(word.text for word in words)
        if is_final:
            text = text.capitalize() + "."
        start_s, end_s = words[0].start_ms / 1000, words[-1].end_ms / 1000
        heard = [HeardWord(w.text, w.start_ms / 1000, w.end_ms / 1000) for w in words]
        times = self.manner.times
        return encode_transcript(
            text,
            is_final=is_final,
            confidence=0.9 if is_final else 0.0,
            words=heard if times == "words" else None,
            start_time=start_s if times != "none" else None,
            duration=end_s - start_s if times != "none" else None,
        )


class ScriptedPeer:
    """A server with a script for each session; the last one is played over and over."""

    def __init__(self, *scripts: Script) -> None:
        self.url = ""
        self.scripts = list(scripts) or [Script()]
        self.sessions: list[Visit] = []

    def greet(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer the upgrade."""
        self.sessions.append(_visit(request))
        status = self.scripts[0].status
        return _upgrade(connection, status if status == _SWITCHING else self._script().status)

    async def serve(self, socket: ServerConnection) -> None:
        """Play one session."""
        script, visit = self._script(), self.sessions[-1]
        with suppress(ConnectionClosed):
            await self._play(socket, visit, script)
        await socket.wait_closed()
        visit.over, visit.close_code = True, socket.close_code

    async def _play(self, socket: ServerConnection, visit: Visit, script: Script) -> None:
        says = dict(script.says)
        async for message in socket:
            if isinstance(message, str):
                await self._control(socket, visit, script, message)
                continue
            visit.audio += message
            visit.largest = max(visit.largest, len(message))
            for at in sorted(at for at in says if at <= len(visit.audio)):
                for text in says.pop(at):
                    await socket.send(text)
            if script.drops_at is not None and len(visit.audio) >= script.drops_at:
                socket.transport.abort()
                return
            if script.closes_at is not None and len(visit.audio) >= script.closes_at:
                await socket.close(script.close_code)

    async def _control(
        self, socket: ServerConnection, visit: Visit, script: Script, message: str
    ) -> None:
        visit.controls.append(message)
        for text in script.last:
            await socket.send(text)
        if script.closes:
            await socket.close(script.close_code)

    def _script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


@asynccontextmanager
async def open_peer(**manners: Manner) -> AsyncIterator[Peer]:
    """Run a server that hears, on a free port."""
    peer = Peer()
    peer.manners.update(manners)
    async with _serving(peer):
        yield peer


@asynccontextmanager
async def open_scripted_peer(*scripts: Script) -> AsyncIterator[ScriptedPeer]:
    """Run a server that plays scripts, on a free port."""
    peer = ScriptedPeer(*scripts)
    async with _serving(peer):
        yield peer


@asynccontextmanager
async def _serving(peer: Peer | ScriptedPeer) -> AsyncIterator[None]:
    async with serve(
        peer.serve, "127.0.0.1", 0, process_request=peer.greet, compression=None
    ) as server:
        port = server.sockets[0].getsockname()[1]
        peer.url = f"ws://127.0.0.1:{port}/v2/speech-to-text/transcription"
        yield


def _visit(request: Request) -> Visit:
    headers = {name.lower(): value for name, value in request.headers.raw_items()}
    return Visit(parse_qs(urlsplit(request.path).query), headers, time.monotonic())


def _upgrade(connection: ServerConnection, status: int) -> Response | None:
    return None if status == _SWITCHING else connection.respond(HTTPStatus(status), "no\n")
