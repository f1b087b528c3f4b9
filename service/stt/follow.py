"""A stream of audio that somebody else makes, followed over the STT WebSocket: a radio, a file.

Unlike a call's track it has no clock of ours and no second chance: what is read is sent. Where
its format can be joined in the middle, a dropped session is followed by another one.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog

from service.calls.engines.formats import RAW
from service.calls.routes import Route
from service.errors import RecognitionError, RecognitionRefusedError
from service.stt.connection import Connection, open_connection
from service.stt.formats import WireFormat
from service.stt.limits import ConnectionLimits
from service.stt.query import engine_of, session_url
from service.tasks import first_of, open_tasks
from service.wire.stt import CLOSE_STREAM, SttResult

log = structlog.get_logger()

FRAME_BYTES = 4096
"""Source: Telnyx's quickstart; its "Messages" page recommends 2048 to 8192."""
_MAX_QUEUED_FRAMES = 64
"""When so much waits for the engine, nothing more is read: a live source will fall behind."""
_WIDE = RAW | {"wav", "flac"}
_JOINABLE = frozenset({"mp3", "linear16", "linear32", "mulaw", "alaw"})
"""Formats that can be understood from any moment on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLimits(ConnectionLimits):
    """How patient a follower is. After a session in vain for each delay it gives up."""

    linger_s: float = 30.0
    """Without a result, after the last audio, for an engine that closes when it is done."""
    short_linger_s: float = 2.5
    """The same for an engine that does not."""
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
        emit: Callable[[SttResult], None],
        limits: FollowLimits | None = None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """Begin. `emit` is given every result with text, and must neither wait nor raise."""
        self._url = stream_url(url, route, audio)
        self._api_key = api_key
        self._closes = engine_of(route).close_stream
        self._joinable = audio.input_format in _JOINABLE
        self._emit = emit
        self._limits = limits = limits or FollowLimits()
        self._dice = dice
        wide = audio.input_format in _WIDE
        self._bytes_per_s = limits.wide_bytes_per_s if wide else limits.bytes_per_s
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_MAX_QUEUED_FRAMES)
        self._source_error: Exception | None = None
        self._stop = asyncio.Event()
        self._all_sent = False
        self._finishing = False
        """The engine was asked for the rest: no other session will follow."""
        self._lingered = False
        self._result_at = 0.0
        self._failures = 0
        """Sessions that dropped since the last result."""

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
        async with open_tasks() as tasks:
            tasks.start(self._read(audio), "follow_source")
            await self._sessions()
        if self._source_error and not self._stop.is_set():
            raise self._source_error

    async def _read(self, audio: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in audio:
                for start in range(0, len(chunk), FRAME_BYTES):
                    await self._frames.put(chunk[start : start + FRAME_BYTES])
        except Exception as error:  # noqa: BLE001 - raised by `run`, when the rest is heard
            self._source_error = error
        await self._frames.put(None)

    async def _sessions(self) -> None:
        """Run one session after the other, until one ends well or there is no sense in another."""
        delays_s = self._limits.backoff_s
        while True:
            try:
                await self._session()
            except RecognitionError as fault:
                self._failures += 1
                if self._failures > len(delays_s) or not self._may_go_on(fault):
                    raise
                log.warning("follow_session_lost", reason=str(fault), code=fault.code)
            else:
                return
            delay_s = delays_s[self._failures - 1] + self._dice() * self._limits.jitter_s
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stop.wait()

    def _may_go_on(self, fault: RecognitionError) -> bool:
        refused = isinstance(fault, RecognitionRefusedError)
        return self._joinable and not (refused or self._all_sent or self._stop.is_set())

    async def _session(self) -> None:
        """Run one session to its end.

        Raises:
            RecognitionError: It ended before all was said.
        """
        async with open_connection(self._url, self._api_key, self._limits) as connection:
            await first_of(self._receive(connection), self._send(connection))
            if self._lingered:
                return
            await self._receive(connection)  # what had arrived when it was closed
            if not (self._finishing and connection.closed_in_order):
                raise connection.close_fault()

    async def _receive(self, connection: Connection) -> None:
        async for result in connection:
            self._result_at, self._failures = asyncio.get_running_loop().time(), 0
            if result.transcript:
                self._emit(result)

    async def _send(self, connection: Connection) -> None:
        """Send what is read until it ends or is to stop, then have the engine say the rest."""
        await first_of(self._send_frames(connection), self._stop.wait())
        if self._all_sent or self._stop.is_set():
            await self._finish(connection)

    async def _send_frames(self, connection: Connection) -> None:
        """Send what is read, no faster than the limits say, until there is no more."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while (frame := await self._frames.get()) is not None:
            if not await connection.send(frame):
                return
            due = max(due + len(frame) / self._bytes_per_s, loop.time())
            await asyncio.sleep(due - loop.time())
        self._all_sent = True

    async def _finish(self, connection: Connection) -> None:
        """Have the engine say the rest; return once nothing more is to be expected of it."""
        loop = asyncio.get_running_loop()
        self._finishing, self._result_at = True, loop.time()
        if self._closes and not await connection.send(CLOSE_STREAM):
            return
        linger_s = self._limits.linger_s if self._closes else self._limits.short_linger_s
        left_s = linger_s
        while left_s > 0:
            await asyncio.sleep(left_s)
            left_s = self._result_at + linger_s - loop.time()  # longer with each result
        self._lingered = True


def stream_url(base: str, route: Route, audio: WireFormat) -> str:
    """Return the URL of a session; a container says its own sample rate, so the URL does not."""
    parts = urlsplit(session_url(base, route, audio))
    query = parse_qsl(parts.query)
    if audio.input_format not in RAW:
        query = [(name, value) for name, value in query if name != "sample_rate"]
    return urlunsplit(parts._replace(query=urlencode(query)))
