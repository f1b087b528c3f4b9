"""A stream of audio that somebody else makes, followed over the STT WebSocket: a radio, a file.

Unlike a call's track it has no clock of ours and no second chance: what is read is sent. Where
its format can be joined in the middle, a dropped session is followed by another one.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from service.calls.engines.formats import RAW
from service.calls.routes import Route
from service.errors import (
    BadInputError,
    RecognitionError,
    RecognitionLostError,
    RecognitionRefusedError,
)
from service.stt.formats import WireFormat
from service.stt.query import engine_of, session_url
from service.stt.results import MAX_RESULT_BYTES, fault_in, fault_of_status, read_result
from service.wire.stt import CLOSE_STREAM, Answer

log = structlog.get_logger()

_quiet = logging.getLogger("service.stt.follow.wire")
_quiet.setLevel(logging.ERROR)  # at DEBUG the library logs the key, and every word

FRAME_BYTES = 4096
"""Source: Telnyx's quickstart; its "Messages" page recommends 2048 to 8192."""
_QUEUED_FRAMES = 64
"""When so much waits for the engine, nothing more is read: a live source will fall behind."""
_WIDE = RAW | {"wav", "flac"}
_JOINABLE = frozenset({"mp3", "linear16", "linear32", "mulaw", "alaw"})
"""Formats that can be understood from any moment on."""
_ORDERLY_CODES = frozenset({1000, 1001, 1005})
_REFUSED_CLOSE_CODE = 1008


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLimits:
    """How patient a follower is."""

    open_timeout_s: float = 10.0
    close_timeout_s: float = 1.0
    ping_s: float = 15.0
    backoff_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 5.0)
    """Before each new session in a row that heard nothing; then it is given up."""
    jitter_s: float = 0.5
    linger_s: float = 30.0
    """Without an answer, after the last audio, for an engine that closes when it is done."""
    short_linger_s: float = 2.5
    """The same for an engine that does not."""
    max_garbage: int = 3
    """So many unreadable answers in a row end a session."""
    bytes_per_s: float = 81_920.0
    """The most that is sent: the quickstart's 4096 bytes every 50 ms."""
    wide_bytes_per_s: float = 409_600.0
    """The same for audio that is not compressed."""


class Follower:
    """Follows one stream. `run` is for one task; `stop` may be called any time."""

    def __init__(
        self,
        url: str,
        api_key: str | None,
        route: Route,
        audio: WireFormat,
        *,
        hear: Callable[[Answer], None],
        limits: FollowLimits | None = None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """Begin. `hear` is told every answer with text, and must neither wait nor raise."""
        self._url = stream_url(url, route, audio)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else None
        self._closes = engine_of(route).close_stream
        self._joinable = audio.input_format in _JOINABLE
        self._hear = hear
        self._limits = limits = limits or FollowLimits()
        self._dice = dice
        wide = audio.input_format in _WIDE
        self._bytes_per_s = limits.wide_bytes_per_s if wide else limits.bytes_per_s
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_FRAMES)
        self._stop = asyncio.Event()
        self._over = False
        """All the audio was sent."""
        self._answered = False
        self._answered_at = 0.0
        self._closing = False

    def stop(self) -> None:
        """Send no more audio, take what the engine still has to say, and end."""
        self._stop.set()

    async def run(self, audio: AsyncIterator[bytes]) -> None:
        """Follow the audio to its end, or until `stop`.

        Raises:
            RecognitionRefusedError: The engine will not have it.
            RecognitionLostError: The session dropped and could not be had again.
            Exception: Whatever `audio` raised, once the engine said what it had heard of it.
        """
        broken: list[Exception] = []
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(audio, broken), name="read the audio")
            fault = await self._sessions()
            reading.cancel()
        if fault:
            raise fault
        if broken and not self._stop.is_set():
            raise broken[0]

    async def _read(self, audio: AsyncIterator[bytes], broken: list[Exception]) -> None:
        try:
            async for chunk in audio:
                for start in range(0, len(chunk), FRAME_BYTES):
                    await self._frames.put(chunk[start : start + FRAME_BYTES])
        except Exception as error:  # noqa: BLE001 - told by `run`, when the rest is heard
            broken.append(error)
        await self._frames.put(None)

    async def _sessions(self) -> RecognitionError | None:
        """Run one session after the other; return why there will not be another."""
        failures = 0
        while True:
            self._answered = False
            fault = await self._session()
            failures = 1 if self._answered else failures + 1
            if fault is None or not self._may_go_on(fault):
                return fault
            if failures > len(self._limits.backoff_s):
                return fault
            log.warning("follow_session_lost", reason=str(fault), code=fault.code)
            delay_s = self._limits.backoff_s[failures - 1] + self._dice() * self._limits.jitter_s
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stop.wait()

    def _may_go_on(self, fault: RecognitionError) -> bool:
        refused = isinstance(fault, RecognitionRefusedError)
        return self._joinable and not (refused or self._over or self._stop.is_set())

    async def _session(self) -> RecognitionError | None:
        limits = self._limits
        try:
            async with _Connect(
                self._url,
                additional_headers=self._headers,
                compression=None,
                proxy=None,
                open_timeout=limits.open_timeout_s,
                close_timeout=limits.close_timeout_s,
                ping_interval=limits.ping_s,
                ping_timeout=limits.ping_s,
                max_size=MAX_RESULT_BYTES,
                logger=_quiet,
            ) as socket:
                return await self._converse(socket)
        except InvalidStatus as error:
            return fault_of_status(error.response.status_code)
        except InvalidURI:
            return RecognitionRefusedError("bad_url")
        except (OSError, WebSocketException):  # TimeoutError is an OSError
            return RecognitionLostError("connect_failed")

    async def _converse(self, socket: ClientConnection) -> RecognitionError | None:
        self._closing = False
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(socket))
            receiving = group.create_task(self._receive(socket))
            stopping = group.create_task(self._stop.wait())
            parts = (sending, receiving, stopping)
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            sending.cancel()
            stopping.cancel()
            if not receiving.done():
                await self._finish(socket, receiving)
        return None if receiving.cancelled() else receiving.result()

    async def _send(self, socket: ClientConnection) -> None:
        """Send what is read, no faster than the limits say, until there is no more."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        with suppress(ConnectionClosed):
            while (frame := await self._frames.get()) is not None:
                await socket.send(frame)
                due = max(due + len(frame) / self._bytes_per_s, loop.time())
                await asyncio.sleep(due - loop.time())
            self._over = True

    async def _finish(
        self, socket: ClientConnection, receiving: asyncio.Task[RecognitionError | None]
    ) -> None:
        """Have the engine say the rest; close once nothing more is to be expected of it."""
        loop = asyncio.get_running_loop()
        limits = self._limits
        linger_s = limits.linger_s if self._closes else limits.short_linger_s
        self._closing, self._answered_at = True, loop.time()
        try:
            if self._closes:
                await socket.send(CLOSE_STREAM)
            while not receiving.done() and (
                (left_s := self._answered_at + linger_s - loop.time()) > 0
            ):
                await asyncio.wait((receiving,), timeout=left_s)
        except ConnectionClosed:
            await asyncio.wait((receiving,), timeout=limits.close_timeout_s)
        receiving.cancel()
        await socket.close()

    async def _receive(self, socket: ClientConnection) -> RecognitionError | None:
        """Tell what is heard; return why the session ended, None if it was to."""
        garbage = 0
        while True:
            try:
                answer = read_result(await socket.recv(decode=False))
            except ConnectionClosed:
                return self._ended(socket)
            except BadInputError:
                garbage += 1
                if garbage >= self._limits.max_garbage:
                    return RecognitionLostError("garbage")
                continue
            garbage = 0
            if fault := fault_in(answer):
                return fault
            self._answered, self._answered_at = True, asyncio.get_running_loop().time()
            if answer.transcript:
                self._hear(answer)

    def _ended(self, socket: ClientConnection) -> RecognitionError | None:
        if self._closing and socket.close_code in _ORDERLY_CODES:
            return None
        if socket.close_code == _REFUSED_CLOSE_CODE and not self._answered:
            return RecognitionRefusedError("refused_by_engine", code=str(socket.close_code))
        return RecognitionLostError("connection_lost")


class _Connect(connect):
    """`connect` that follows no redirects: audio and key go where they were meant to go."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def stream_url(base: str, route: Route, audio: WireFormat) -> str:
    """Return the URL of a session; a container says its own sample rate, so the URL does not."""
    parts = urlsplit(session_url(base, route, audio))
    query = parse_qsl(parts.query)
    if audio.input_format not in RAW:
        query = [(name, value) for name, value in query if name != "sample_rate"]
    return urlunsplit(parts._replace(query=urlencode(query)))
