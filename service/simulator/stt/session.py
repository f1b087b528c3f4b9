"""One session of the STT WebSocket: what comes in, what goes out, and how it ends."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from service.simulator.report import SttAnswer, SttSessionReport
from service.simulator.rng import Rng
from service.simulator.rules.engines import CLOSE_STREAM as CLOSING_ENGINES
from service.simulator.rules.query import SttQuery
from service.simulator.scenario.stt_settings import SttBehaviour
from service.simulator.stt.faults import Outgoing, ResultFaults
from service.simulator.stt.outbox import Outbox
from service.simulator.stt.session_asr import length_ms
from service.tasks import first_of

SEND_TIMEOUT_S = 10.0
MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class Responder(Protocol):
    """Answers a session: from the script, or by a recogniser."""

    async def push(self, data: bytes) -> None:
        """Take audio; send the results that there are."""

    async def control(self, kind: str, text: str) -> None:
        """Take a text message; `kind` is its `type`, or "" if it has none."""

    async def flush(self) -> None:
        """Send the last results: the session ends."""


def new_socket(behaviour: SttBehaviour) -> web.WebSocketResponse:
    """Return the socket of a session, to be prepared."""
    return web.WebSocketResponse(
        max_msg_size=MAX_MESSAGE_BYTES, timeout=1, autoping=behaviour.answers_pings
    )


class SttSession:
    """One open session with an application, until either side ends it."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        query: SttQuery,
        report: SttSessionReport,
        behaviour: SttBehaviour,
        rng: Rng,
    ) -> None:
        self._socket = socket
        self._query = query
        self.behaviour = behaviour
        some = behaviour.close_stream == "some" and query.engine in CLOSING_ENGINES
        self._closes = some or behaviour.close_stream == "all"
        self._outbox = Outbox(self._send, ResultFaults(behaviour, rng))
        self._stalled = False
        self.is_deaf = False
        """Nothing is answered any more, and nothing closed."""
        self.report = report

    async def run(self, responder: Responder, *also: Coroutine[Any, Any, object]) -> None:
        """Read what the application sends, and do `also` what never ends by itself.

        Sets `report.end` to closed, idle, cut, limit or gone.
        """
        await first_of(self._read(responder), self._outbox.run(), *also)

    async def send(self, results: Iterable[Outgoing]) -> None:
        """Send results, as the faults make them."""
        await self._outbox.put(results)

    async def close(self, code: int) -> None:
        """Close the socket once all results are sent."""
        await self._outbox.drain()
        self.report.end = self.report.end or "closed"
        if not self._socket.closed:
            await self._socket.close(code=code)

    async def _read(self, responder: Responder) -> None:
        limit = asyncio.timeout(self.behaviour.session_limit_s)
        try:
            async with limit:
                while not self.report.end:
                    await self._read_one(responder)
        except TimeoutError:
            if not limit.expired():
                raise
            self.report.end = "limit"
        if self.report.end in {"cut", "limit"} and self.behaviour.flush_first:
            await responder.flush()
        if self.report.end in {"closed", "idle"} or self.behaviour.flush_first:
            await self._outbox.drain()

    async def _read_one(self, responder: Responder) -> None:
        idle_s = None if self.is_deaf else self.behaviour.idle_timeout_s
        try:
            message = await self._socket.receive(timeout=idle_s)
        except TimeoutError:
            await responder.flush()
            self.report.end = "idle"
        else:
            await self._receive(message, responder)

    async def _receive(self, message: WSMessage, responder: Responder) -> None:
        if message.type is WSMsgType.BINARY:
            await self._take_audio(message.data, responder)
        elif message.type is WSMsgType.TEXT:
            await self._control(message.data, responder)
        elif message.type is WSMsgType.PING:
            if not self.is_deaf:
                await self._socket.pong(message.data)
        else:
            self.report.end = self.report.end or "gone"

    async def _take_audio(self, data: bytes, responder: Responder) -> None:
        behaviour, before_ms = self.behaviour, self._passed_ms
        self.report.audio_bytes += len(data)
        if self.is_deaf:
            return
        passed_ms = self._passed_ms
        ends_ms = min(
            (at for at in (behaviour.close_after_ms, behaviour.deaf_after_ms) if at is not None),
            default=passed_ms,
        )
        if before_ms < ends_ms < passed_ms:  # nobody hears the rest of this piece
            data = data[: len(data) * (ends_ms - before_ms) // (passed_ms - before_ms) & ~1]
        await responder.push(data)
        if _reached(passed_ms, behaviour.close_after_ms):
            self.report.end = self.report.end or "cut"
        if _reached(passed_ms, behaviour.stall_after_ms) and not self._stalled:
            self._stalled = True
            await asyncio.sleep(behaviour.stall_s)
        self.is_deaf = self.is_deaf or _reached(passed_ms, behaviour.deaf_after_ms)

    @property
    def _passed_ms(self) -> int:
        """How much audio came."""
        return length_ms(self._query, self.report.audio_bytes)

    async def _control(self, text: str, responder: Responder) -> None:
        kind = _kind_of(text)
        if self.is_deaf:
            return
        closing = kind == "CloseStream"
        if not closing or self._closes:
            await responder.control(kind, text)
        if closing and self._closes:
            self.report.end = self.report.end or "closed"

    async def _send(self, text: str) -> None:
        """Send a message; nothing if the application has gone, or this is deaf."""
        if self._socket.closed or self.is_deaf:
            return
        self.report.answers.append(SttAnswer(self._passed_ms, text))
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_str(text)
        except (ConnectionError, TimeoutError):
            self.report.end = self.report.end or "gone"


def _reached(passed_ms: int, after_ms: int | None) -> bool:
    return after_ms is not None and passed_ms >= after_ms


def _kind_of(text: str) -> str:
    """Return the `type` of a control message; "" for what is none, which is ignored."""
    try:
        message = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return ""
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else ""
