"""One media WebSocket, from `connected` to its end.

Source: TELNYX.md §4. Both tracks of a leg share one socket. A second `start` with another
`stream_id` may come on it; its audio goes on where the first one's ended.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import get_args

import structlog
from aiohttp import WebSocketError, WSCloseCode, WSMsgType

from service.errors import BadInputError, CallscribeError
from service.ids import LegId, StreamId, Track
from service.ingress.counters import IngressCounters
from service.ingress.decoding_feed import DecodingFeed
from service.ingress.frame_socket import FrameSocket, Received
from service.ingress.jitter.jitter_buffer import JitterBuffer
from service.ingress.limits import MediaLimits
from service.ingress.rate_limiter import RateLimiter
from service.ports import AudioFeed, MediaTicket, StreamStart
from service.wire.audio import carried, decodable, payload_timing
from service.wire.media import TRACKS, Message, parse_message, parse_number
from service.wire.webhook_fields import read_parameters

log = structlog.get_logger()

_MAX_ID = 256
_MAX_TITLE = 80


@dataclass(frozen=True, slots=True)
class SocketEnd:
    """How a media WebSocket ended: the close code, and a slug for the counters and the peer."""

    code: WSCloseCode
    reason: str
    is_orderly: bool = False


@dataclass(slots=True)
class _OpenStream:
    id: StreamId
    feed: AudioFeed
    buffer: JitterBuffer


class MediaSocket:
    """Reads one admitted media WebSocket and passes its audio on, in order.

    Frames are taken as they are parsed (`FrameSocket`), all else is read by the task of `run`. It
    counts and leaves out what it does not understand; what breaks the rules (no `start` in
    5 s, the wrong leg, media before `start`, a flood, binary or oversized messages) ends it. It
    never sends anything. `clock` is steady, in seconds.
    """

    def __init__(
        self,
        socket: FrameSocket,
        ticket: MediaTicket,
        *,
        limits: MediaLimits,
        counters: IngressCounters,
        clock: Callable[[], float],
    ) -> None:
        self._socket = socket
        self._ticket = ticket
        self._limits = limits
        self._counters = counters
        self._clock = clock
        self._stream: _OpenStream | None = None
        self._failure: Exception | None = None
        """What went wrong where nobody could be told."""
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = asyncio.timeout(limits.start_s)
        self._frame_limiters = {track: self._limiter() for track in get_args(Track)}
        self._other_limiter = self._limiter()

    async def run(self) -> SocketEnd:
        """Return how it ended. However it ends, cancelled as well, the feed has been told."""
        end = SocketEnd(WSCloseCode.POLICY_VIOLATION, "no_start")
        self._socket.leave_to(self._take)
        try:
            async with self._deadline:
                end = await self._read()
        except TimeoutError:
            log.info("media_not_started", reason=end.reason)
        finally:
            self._socket.leave_to(None)
            self._end_stream(is_orderly=end.is_orderly)
        return end

    def _take(self, received: Received) -> bool:
        """Take a frame of the open stream, if it is one and nothing is wrong with it."""
        if received.type is not WSMsgType.TEXT:
            return False
        try:
            return self._take_frame(parse_message(received.data), self._clock())
        except BadInputError:
            return False
        except Exception as error:  # noqa: BLE001 - raised where the socket is read
            self._failure = error
            return False

    async def _read(self) -> SocketEnd:
        while True:
            received = await self._socket.receive()
            if self._failure is not None:
                raise self._failure
            if received.type is not WSMsgType.TEXT:
                return _end_by(received.type, received.data)
            now = self._clock()
            try:
                message = parse_message(received.data)
            except BadInputError:
                end = self._take_bad(now)
            else:
                if message.event == "media" and self._stream is None:
                    end = await self._take_unannounced(message, now)
                elif message.event == "media":
                    end = self._take_media(message, now)
                else:
                    end = await self._take_other(message, now)
            if end is not None:
                return end

    async def _take_unannounced(self, message: Message, now: float) -> SocketEnd | None:
        """Begin without a `start`: Telnyx may dial a stream again, and just go on.

        A `start` comes before there is any audio, a frame when all of it was said.
        """
        start, media = self._ticket.last_start, message.media
        if start is None or media is None:
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "media_before_start")
        stream_id = StreamId((message.stream_id or start.stream_id)[:_MAX_ID])
        payloads = payload_timing(start.encoding, start.sample_rate_hz)
        heard_s = payloads.read(media.payload).duration_ms / 1000
        begun = replace(start, stream_id=stream_id, heard_s=heard_s)
        end = await self._begin(begun, now - heard_s)
        return end or self._take_media(message, now)

    def _take_media(self, message: Message, now: float) -> SocketEnd | None:
        stream, media = self._stream, message.media
        if stream is None or self._take_frame(message, now):
            return None
        if not stream.feed.is_wanted:
            return SocketEnd(WSCloseCode.OK, "not_wanted")
        if media is None or media.track not in TRACKS or message.stream_id not in (stream.id, None):
            return self._take_bad(now)
        return SocketEnd(WSCloseCode.POLICY_VIOLATION, "flooded")

    def _take_frame(self, message: Message, now: float) -> bool:
        """Take a frame of the open stream that is wanted, unless too many of its track come.

        Called for every frame of every call, as all that it calls: a few instructions each.
        """
        stream, media, stream_id = self._stream, message.media, message.stream_id
        if stream is None or media is None or message.event != "media":
            return False
        track = TRACKS.get(media.track)
        if track is None or not (stream_id == stream.id or stream_id is None):
            return False
        if not stream.feed.is_wanted or not self._frame_limiters[track].take(now):
            return False
        wake_at = stream.buffer.push(
            track,
            media.payload,
            chunk=media.chunk,
            sequence_number=message.sequence_number,
            now=now,
            stamp=media.timestamp,
        )
        if wake_at is not None and self._timer is None:
            self._wake_later(wake_at - now)
        return True

    async def _take_other(self, message: Message, now: float) -> SocketEnd | None:
        if not self._other_limiter.take(now):
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "flooded")
        stream = self._stream
        if message.event == "start":
            return await self._take_start(message, now)
        if stream is None or message.stream_id not in (stream.id, None):
            return None  # `connected`, or the end of a stream that another one has replaced
        if message.event == "stop":
            return SocketEnd(WSCloseCode.OK, "stopped", is_orderly=True)
        if message.event == "error" and message.payload is not None:
            title = (message.payload.title or "")[:_MAX_TITLE]
            log.warning("media_error_told", code=message.payload.code, title=title)
        stream.buffer.count_message(message.sequence_number, now)
        return None

    def _take_bad(self, now: float) -> SocketEnd | None:
        self._counters.frames["bad_messages"] += 1
        if self._stream is None:
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "no_media_message")
        if not self._other_limiter.take(now):
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "flooded")
        return None

    # --- streams -----------------------------------------------------------------------------

    async def _take_start(self, message: Message, now: float) -> SocketEnd | None:
        start = self._read_start(message)
        if isinstance(start, SocketEnd):
            return start
        if self._stream is not None and self._stream.id == start.stream_id:
            return None  # the same one again
        return await self._begin(start, now)

    async def _begin(self, start: StreamStart, now: float) -> SocketEnd | None:
        loop = asyncio.get_running_loop()
        self._deadline.reschedule(loop.time() + self._limits.taken_s)
        try:
            feed = await self._ticket.started(start)
        except (CallscribeError, TimeoutError) as error:
            log.warning("media_stream_not_taken", reason=str(error))
            return SocketEnd(WSCloseCode.TRY_AGAIN_LATER, "not_taken")
        self._deadline.reschedule(None)
        if feed is None:
            return _end_unwanted(start)
        self._end_stream(is_orderly=True)  # one that this one replaces
        audio = (start.encoding, start.sample_rate_hz)
        if carried(*audio) != audio:
            feed = DecodingFeed(feed, start.encoding)
        is_fast = self._limits.speed > 1
        buffer = JitterBuffer(feed, payload_timing(*audio), now=now, is_fast=is_fast)
        self._stream = _OpenStream(start.stream_id, feed, buffer)
        log.info("media_stream_started", stream_id=start.stream_id, encoding=start.encoding)
        return None

    def _read_start(self, message: Message) -> StreamStart | SocketEnd:
        start, stream_id = message.start, message.stream_id
        if start is None or not stream_id or len(stream_id) > _MAX_ID:
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "bad_start")
        leg_id = self._ticket.leg_id or LegId((start.call_control_id or "")[:_MAX_ID])
        if not leg_id or start.call_control_id != leg_id:
            return SocketEnd(WSCloseCode.POLICY_VIOLATION, "wrong_leg")
        return StreamStart(
            leg_id=leg_id,
            stream_id=StreamId(stream_id),
            encoding=start.media_format.encoding.upper(),
            sample_rate_hz=parse_number(start.media_format.sample_rate) or 0,
            channels=parse_number(start.media_format.channels) or 0,
            parameters=read_parameters(start.custom_parameters),
        )

    def _end_stream(self, *, is_orderly: bool) -> None:
        stream, self._stream = self._stream, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if stream is None:
            return
        stream.buffer.flush(self._clock())
        counts = asdict(stream.buffer.counts)
        if isinstance(stream.feed, DecodingFeed):
            counts["undecodable_frames"] = stream.feed.bad_frames
        self._counters.frames.update(counts)
        log.info("media_stream_ended", stream_id=stream.id, orderly=is_orderly, **counts)
        stream.feed.stopped(orderly=is_orderly)

    def _wake_later(self, delay_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(delay_s, 0.001), self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._stream is not None:
            now = self._clock()
            wake_at = self._stream.buffer.wake(now)
            if wake_at is not None:
                self._wake_later(wake_at - now)

    def _limiter(self) -> RateLimiter:
        return RateLimiter(
            per_s=self._limits.frames_per_s * self._limits.speed, burst_s=self._limits.burst_s
        )


def _end_unwanted(start: StreamStart) -> SocketEnd:
    """Say why the call session does not want a stream."""
    if decodable(start.encoding, start.sample_rate_hz, start.channels):
        return SocketEnd(WSCloseCode.OK, "not_wanted")
    return SocketEnd(WSCloseCode.UNSUPPORTED_DATA, "unsupported_codec")


def _end_by(kind: WSMsgType, data: object) -> SocketEnd:
    """Say how the peer ended it, or what it sent that ends it."""
    if kind is WSMsgType.BINARY:
        return SocketEnd(WSCloseCode.UNSUPPORTED_DATA, "binary_message")
    if kind is WSMsgType.ERROR and isinstance(data, WebSocketError):
        return SocketEnd(WSCloseCode(data.code), "bad_websocket")
    return SocketEnd(WSCloseCode.OK, "dropped")
