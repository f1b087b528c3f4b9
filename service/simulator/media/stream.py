"""The media WebSocket: Telnyx connects to the application and streams the call to it.

Source: Telnyx, "Media Streaming over WebSockets"; the auth token header is as several
integrations have it.
"""

import asyncio
from collections.abc import Mapping

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException

from service.simulator.legs.leg import Leg
from service.simulator.media import messages
from service.simulator.media.frames import Frame, FrameFaults
from service.simulator.media.messages import StreamRequest
from service.simulator.report import History, StreamReport
from service.simulator.rng import Rng
from service.simulator.scenario.carrier_settings import MediaSettings
from service.wire.media import AUTH_HEADER

log = structlog.get_logger()

OPEN_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 10.0
MAX_RECONNECTS = 5
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_encode = msgspec.json.Encoder().encode


class MediaStream:
    """One stream of a leg: an `AudioConsumer`. `run` is one task's work.

    `push` waits while the application does not read; after `stall_timeout_s` it is cut off.
    """

    def __init__(
        self,
        leg: Leg,
        request: StreamRequest,
        settings: MediaSettings,
        rng: Rng,
        *,
        history: History,
        dials: bool = True,
    ) -> None:
        """Begin a stream. One that never `dials` waits until it is stopped."""
        self._dials = dials
        self._leg = leg
        self._request = request
        self._settings = settings
        self._history = history
        self._ids = rng.derive("ids")
        self.stream_id = self._ids.uuid()
        self._faults = FrameFaults(settings, request.encoding, rng.derive("faults"))
        self._socket: ClientConnection | None = None
        self._began_ms: int | None = None
        self._stopping = asyncio.Event()
        self._done = asyncio.Event()
        self._report = StreamReport(leg.id.control_id, self.stream_id)

    @property
    def ended(self) -> bool:
        """Whether the stream is over: stopped, failed, or closed by the application."""
        return self._done.is_set()

    async def run(self) -> None:
        """Connect, stream until stopped, and emit the events of both."""
        try:
            if not self._dials:
                await self._wait_in_vain()
            elif self._settings.fails is None:
                await self._stream()
                self._leg.emit("streaming.stopped", {"stream_url": self._request.url})
            else:
                self._fail(self._settings.fails)
        except (OSError, TimeoutError, WebSocketException, InvalidURI) as error:
            log.info("stream_failed", error=type(error).__name__)
            self._fail("connection_failed")
        finally:
            self._leg.detach(self)
            self._done.set()

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Send the frames of every track from `start_ms` to `end_ms`."""
        if self._socket is None:
            return
        if self._began_ms is None:
            self._began_ms = start_ms
        audio, encoding = self._leg.audio, self._request.encoding
        for track in self._request.tracks:
            if payload := audio.slice(track, encoding, start_ms, end_ms):
                span = (start_ms, end_ms)
                await self._send_frames(self._faults.push(track, payload, span, self._began_ms))
        await self._end_at(end_ms)

    async def finish(self) -> None:
        """Stop, since the call is over."""
        await self.stop()

    async def stop(self) -> None:
        """Send what is held, send `stop`, and close; returns once `run` has ended."""
        socket, self._socket = self._socket, None
        self._stopping.set()
        if socket is not None:
            self._socket = socket
            await self._send_frames(self._faults.flush())
            self._socket = None
            await self._end(socket)
        await self._done.wait()

    async def _stream(self) -> None:
        for _ in range(MAX_RECONNECTS + 1):
            async with self._connect() as socket:
                await self._start(socket)
                await self._answer(socket)
            if self._stopping.is_set() or not self._settings.reconnect:
                return
            await self._wait_to_reconnect()
            if self._stopping.is_set():
                return

    async def _wait_in_vain(self) -> None:
        self._report.end = "never_dialled"
        self._history.note(self._report)
        self._leg.report.streams.append(self._report)
        await self._stopping.wait()

    def _connect(self) -> connect:
        token = self._request.auth_token if self._settings.auth_header else None
        return connect(
            self._request.url,
            additional_headers={AUTH_HEADER: token} if token else {},
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1,
            compression=None,
            proxy=None,
            ping_interval=None,
            max_size=MAX_MESSAGE_BYTES,
        )

    async def _start(self, socket: ClientConnection) -> None:
        again = bool(self._report.end)
        if again:
            self._renew()
        self._history.note(self._report)
        self._leg.report.streams.append(self._report)
        if not again or self._settings.reconnect_starts:
            await self._introduce(socket, again=again)
        self._socket = socket
        if self._stopping.is_set():
            self._socket = None
            await self._end(socket)
        else:
            self._leg.attach(self)

    async def _introduce(self, socket: ClientConnection, *, again: bool) -> None:
        await self._send_message(socket, messages.connected(self._request, self._settings))
        if not again:
            self._leg.emit("streaming.started", {"stream_url": self._request.url})
        start = messages.start(self._leg, self._request, self.stream_id)
        await self._send_message(socket, start)

    def _renew(self) -> None:
        if self._settings.new_stream_id:
            self.stream_id = self._ids.uuid()
        self._faults.restart()
        self._began_ms = None
        self._report = StreamReport(self._leg.id.control_id, self.stream_id)

    async def _answer(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                reply = messages.answer_to(message, self.stream_id)
                if reply is not None:
                    await self._send_message(socket, reply)
        except (ConnectionClosed, TimeoutError):
            socket.transport.abort()
        finally:
            self._socket = None
            self._leg.detach(self)
            self._report.lost_frames = self._faults.lost_frames
            if not self._report.end:
                self._report.end = "stopped" if self._stopping.is_set() else "closed_by_peer"

    async def _send_frames(self, frames: list[Frame]) -> None:
        if self._socket is None or not frames:
            return
        try:
            async with asyncio.timeout(self._settings.stall_timeout_s):
                for frame in frames:
                    await self._socket.send(frame.encode(self.stream_id))
                    self._report.frames += 1
                    self._report.audio_bytes += len(frame.payload)
                    self._report.sent(frame.track, *frame.span)
        except ConnectionClosed:
            self._socket = None
        except TimeoutError:
            log.warning("stream_not_read")
            self._cut()

    async def _send_message(self, socket: ClientConnection, message: Mapping[str, object]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await socket.send(_encode(message).decode())

    async def _end(self, socket: ClientConnection) -> None:
        last = messages.stop(self._leg, self.stream_id, self._faults.next_number())
        try:
            await self._send_message(socket, last)
            # Without a code, as Telnyx was seen to close: the application reads 1005.
            await socket.close(code=None)  # type: ignore[arg-type] # the protocol below takes None
        except (ConnectionClosed, TimeoutError):
            socket.transport.abort()

    async def _end_at(self, position_ms: int) -> None:
        """Let the connection die, or the stream end, if this is where that is set."""
        settings, began_ms = self._settings, self._began_ms or 0
        if self._socket is None:
            return
        # A stream that began later is another one: it does not die at the same position again.
        if _passes(settings.stops_at_ms, began_ms, position_ms):
            await self.stop()
        elif _passes(settings.drop_after_ms, began_ms, position_ms) or (
            settings.drop_every_ms is not None and position_ms - began_ms >= settings.drop_every_ms
        ):
            self._report.end = "dropped"
            self._cut()

    def _cut(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.transport.abort()

    async def _wait_to_reconnect(self) -> None:
        speed = self._leg.timeline.speed
        try:
            async with asyncio.timeout(self._settings.reconnect_after_s / speed if speed else 0):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _fail(self, reason: str) -> None:
        self._report.end = "failed"
        params = {"stream_url": self._request.url, "track": self._request.track_name}
        details = {"failure_reason": reason, "stream_id": self.stream_id, "stream_params": params}
        self._leg.emit("streaming.failed", {**details, "stream_type": "websocket"})


def _passes(at_ms: int | None, began_ms: int, position_ms: int) -> bool:
    return at_ms is not None and began_ms < at_ms <= position_ms
