"""One session of the STT WebSocket: scripted, or relayed to a recogniser."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

import msgspec
import structlog
from aiohttp import WSMessage, WSMsgType, web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from service.simulator.report import SttSession
from service.simulator.rules.engines import CLOSE_STREAM as CLOSING_ENGINES
from service.simulator.rules.query import SttAsk
from service.simulator.scenario.fault_settings import SttSettings
from service.simulator.stt.reference_audio import Placed
from service.simulator.stt.results import Answers
from service.simulator.stt.session_asr import SessionEar, length_ms
from service.tasks import first_of
from service.wire.stt import CLOSE_STREAM

log = structlog.get_logger()

SEND_TIMEOUT_S = 10.0
_PASSED_ON = {1000, 1001, 1011, 1012, 1013}


class Mouth(Protocol):
    """Who answers a session: a script, or a recogniser."""

    async def hear(self, data: bytes) -> None:
        """Take audio, and answer what there is to answer."""

    async def control(self, kind: str, text: str) -> None:
        """Take a text message; `kind` is its `type`, or "" if it has none."""

    async def flush(self) -> None:
        """Say the last words: the session ends."""


class Session:
    """One open session: reads what the application sends, until one side has had enough."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        ask: SttAsk,
        entry: SttSession,
        settings: SttSettings,
        *,
        cut_after_ms: int | None,
    ) -> None:
        self._socket = socket
        self._ask = ask
        self._idle_timeout_s = settings.idle_timeout_s
        self._cut_after_ms = cut_after_ms
        some = settings.close_stream == "some" and ask.engine in CLOSING_ENGINES
        self._closes = some or settings.close_stream == "all"
        self.entry = entry

    async def run(self, mouth: Mouth) -> None:
        """Read until the end. Sets `entry.end`: closed, idle, cut, or gone."""
        while not self.entry.end:
            try:
                message = await self._socket.receive(timeout=self._idle_timeout_s)
            except TimeoutError:
                await mouth.flush()
                self.entry.end = "idle"
            else:
                await self._take(message, mouth)

    async def say(self, answers: Iterable[str]) -> None:
        """Send answers; nothing if the application has gone."""
        for answer in answers:
            if self._socket.closed:
                return
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send_str(answer)
            except (ConnectionError, TimeoutError):
                self.entry.end = self.entry.end or "gone"
                return

    async def hang_up(self, code: int) -> None:
        """Close, because the recogniser did."""
        self.entry.end = self.entry.end or "closed"
        if not self._socket.closed:
            await self._socket.close(code=code)

    async def _take(self, message: WSMessage, mouth: Mouth) -> None:
        if message.type is WSMsgType.BINARY:
            self.entry.audio_bytes += len(message.data)
            await mouth.hear(message.data)
            length = length_ms(self._ask, self.entry.audio_bytes)
            if self._cut_after_ms is not None and length >= self._cut_after_ms:
                self.entry.end = "cut"
        elif message.type is WSMsgType.TEXT:
            await self._obey(message.data, mouth)
        else:
            self.entry.end = self.entry.end or "gone"

    async def _obey(self, text: str, mouth: Mouth) -> None:
        kind = _control(text)
        closing = kind == "CloseStream"
        if not closing or self._closes:
            await mouth.control(kind, text)
        if closing and self._closes:
            self.entry.end = self.entry.end or "closed"


class Script:
    """Answers from the script."""

    def __init__(self, session: Session, ear: SessionEar, answers: Answers) -> None:
        self._session = session
        self._ear = ear
        self._answers = answers

    async def hear(self, data: bytes) -> None:
        """Answer with the words of this audio."""
        await self._say(self._ear.take(data))
        self._session.entry.unknown_ms = self._ear.unknown_ms

    async def control(self, kind: str, _text: str) -> None:
        """Make final what is open; other messages are ignored."""
        if kind in {"Finalize", "CloseStream"}:
            await self.flush()

    async def flush(self) -> None:
        """Make final what is open."""
        await self._say(self._ear.settle())

    async def _say(self, found: Iterable[Placed]) -> None:
        for placed in found:
            await self._session.say(self._answers.write(placed))


class Relay:
    """Hands everything to a recogniser; its answers come in `relay`."""

    def __init__(self, upstream: ClientConnection, spoken: asyncio.Event) -> None:
        self._upstream = upstream
        self._spoken = spoken

    async def hear(self, data: bytes) -> None:
        """Pass audio on."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(data)

    async def control(self, kind: str, text: str) -> None:
        """Pass it on; after `CloseStream`, wait for the last words."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(text)
            if kind == "CloseStream":
                await self._spoken.wait()

    async def flush(self) -> None:
        """Ask for the last words, and wait for them."""
        await self.control("CloseStream", CLOSE_STREAM)


async def relay(session: Session, upstream: ClientConnection, answers: Answers) -> None:
    """Run a session with a recogniser until either side ends it."""
    spoken = asyncio.Event()

    async def listen() -> None:
        try:
            async for text in upstream:
                written = answers.rewrite(text)
                await session.say([] if written is None else [written])
        except (WebSocketException, ConnectionError, TimeoutError):
            log.info("recogniser_closed")
        finally:
            spoken.set()
        if not session.entry.end:
            code = upstream.close_code
            await session.hang_up(code if code in _PASSED_ON else 1011)

    await first_of(session.run(Relay(upstream, spoken)), listen())


def _control(text: str) -> str:
    """Return the `type` of a control message; "" for what is none, which is ignored."""
    try:
        message = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return ""
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else ""
