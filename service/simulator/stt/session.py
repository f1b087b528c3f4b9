"""One session of the STT WebSocket: scripted, or relayed to a recogniser."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

import msgspec
import structlog
from aiohttp import WSMessage, WSMsgType, web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from service.simulator.report import SttSessionReport
from service.simulator.rules.engines import CLOSE_STREAM as CLOSING_ENGINES
from service.simulator.rules.query import SttQuery
from service.simulator.scenario.stt_settings import SttSettings
from service.simulator.stt.reference_audio import TimedResult
from service.simulator.stt.results import ResultWriter
from service.simulator.stt.session_asr import SessionAsr, length_ms
from service.tasks import first_of
from service.wire.stt import CLOSE_STREAM

log = structlog.get_logger()

SEND_TIMEOUT_S = 10.0
_PASSED_ON = {1000, 1001, 1011, 1012, 1013}


class Responder(Protocol):
    """Answers a session: from the script, or by a recogniser."""

    async def push(self, data: bytes) -> None:
        """Take audio; send the results that there are."""

    async def control(self, kind: str, text: str) -> None:
        """Take a text message; `kind` is its `type`, or "" if it has none."""

    async def flush(self) -> None:
        """Send the last results: the session ends."""


class SttSession:
    """One open session with an application, until either side ends it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        query: SttQuery,
        report: SttSessionReport,
        settings: SttSettings,
        *,
        cut_after_ms: int | None,
    ) -> None:
        self._socket = socket
        self._query = query
        self._idle_timeout_s = settings.idle_timeout_s
        self._cut_after_ms = cut_after_ms
        some = settings.close_stream == "some" and query.engine in CLOSING_ENGINES
        self._closes = some or settings.close_stream == "all"
        self.report = report

    async def run(self, responder: Responder) -> None:
        """Read what the application sends. Sets `report.end` to closed, idle, cut or gone."""
        while not self.report.end:
            try:
                message = await self._socket.receive(timeout=self._idle_timeout_s)
            except TimeoutError:
                await responder.flush()
                self.report.end = "idle"
            else:
                await self._receive(message, responder)

    async def send(self, messages: Iterable[str]) -> None:
        """Send results; nothing if the application has gone."""
        for message in messages:
            if self._socket.closed:
                return
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send_str(message)
            except (ConnectionError, TimeoutError):
                self.report.end = self.report.end or "gone"
                return

    async def close(self, code: int) -> None:
        """Close the socket, because the recogniser did."""
        self.report.end = self.report.end or "closed"
        if not self._socket.closed:
            await self._socket.close(code=code)

    async def _receive(self, message: WSMessage, responder: Responder) -> None:
        if message.type is WSMsgType.BINARY:
            self.report.audio_bytes += len(message.data)
            await responder.push(message.data)
            length = length_ms(self._query, self.report.audio_bytes)
            if self._cut_after_ms is not None and length >= self._cut_after_ms:
                self.report.end = "cut"
        elif message.type is WSMsgType.TEXT:
            await self._control(message.data, responder)
        else:
            self.report.end = self.report.end or "gone"

    async def _control(self, text: str, responder: Responder) -> None:
        kind = _kind_of(text)
        closing = kind == "CloseStream"
        if not closing or self._closes:
            await responder.control(kind, text)
        if closing and self._closes:
            self.report.end = self.report.end or "closed"


class ScriptedResponder:
    """Answers from the script."""

    def __init__(self, session: SttSession, asr: SessionAsr, writer: ResultWriter) -> None:
        self._session = session
        self._asr = asr
        self._writer = writer

    async def push(self, data: bytes) -> None:
        """Send the results of this audio."""
        await self._send(self._asr.push(data))
        self._session.report.unknown_ms = self._asr.unknown_ms

    async def control(self, kind: str, _text: str) -> None:
        """Flush on `Finalize` and `CloseStream`; ignore other messages."""
        if kind in {"Finalize", "CloseStream"}:
            await self.flush()

    async def flush(self) -> None:
        """Make the open utterance final."""
        await self._send(self._asr.finalize())

    async def _send(self, results: Iterable[TimedResult]) -> None:
        for result in results:
            await self._session.send(self._writer.write(result))


class RelayedResponder:
    """Passes everything on to a recogniser; `relay` sends back what it answers."""

    def __init__(self, upstream: ClientConnection, flushed: asyncio.Event) -> None:
        self._upstream = upstream
        self._flushed = flushed

    async def push(self, data: bytes) -> None:
        """Pass audio on."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(data)

    async def control(self, kind: str, text: str) -> None:
        """Pass a message on; after `CloseStream`, wait for the last results."""
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await self._upstream.send(text)
            if kind == "CloseStream":
                await self._flushed.wait()

    async def flush(self) -> None:
        """Ask for the last results, and wait for them."""
        await self.control("CloseStream", CLOSE_STREAM)


async def relay(session: SttSession, upstream: ClientConnection, writer: ResultWriter) -> None:
    """Run a session with a recogniser until either side ends it."""
    flushed = asyncio.Event()

    async def pass_back() -> None:
        try:
            async for text in upstream:
                written = writer.rewrite(text)
                await session.send([] if written is None else [written])
        except (WebSocketException, ConnectionError, TimeoutError):
            log.info("recogniser_closed")
        finally:
            flushed.set()
        if not session.report.end:
            code = upstream.close_code
            await session.close(code if code in _PASSED_ON else 1011)

    await first_of(session.run(RelayedResponder(upstream, flushed)), pass_back())


def _kind_of(text: str) -> str:
    """Return the `type` of a control message; "" for what is none, which is ignored."""
    try:
        message = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return ""
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else ""
