"""The audio side of the live calls: who may send it, and the recognitions it goes to.

Audio never passes the call session. The session opens and finishes recognitions (control
plane); frames go from the media socket straight into them (data plane).
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from service.calls.commands import FinishRecognitions, OpenRecognition, RecordStream
from service.calls.inputs import (
    Input,
    MediaRefused,
    MediaStarted,
    MediaStopped,
    RecognitionFinished,
)
from service.calls.routes import Route
from service.errors import JournalUnavailableError
from service.ids import CallId, LegId, StreamId, Track
from service.ports import (
    Journal,
    Recognition,
    RecognitionPlan,
    Recognitions,
    Recorder,
    StreamStart,
    StreamTarget,
    Tape,
)

TOKEN_LIFE_S = 60.0
"""How long Telnyx may take to open the media WebSocket after it was asked to."""
FINISH_S = 10.0
"""How long a recognition may take for its tail; below the session's own patience."""

log = structlog.get_logger()


class Listener(Protocol):
    """The live call behind a stream."""

    call_id: CallId

    def post(self, item: Input) -> None:
        """Queue an input; returns at once."""

    async def tell(self, item: Input) -> None:
        """Queue an input and return once what came of it is under way."""


@dataclass(slots=True)
class Stream:
    """One media WebSocket and the recognitions that hear it. This is the `AudioFeed`."""

    start: StreamStart
    call: Listener
    clock: Callable[[], float]
    recognitions: dict[Track, Recognition] = field(default_factory=dict)
    tape: Tape | None = None

    def push(self, track: Track, payload: bytes) -> None:
        """Take one frame's payload; of a track nobody hears it is dropped."""
        if self.tape is not None:
            self.tape.write(track, payload)
        recognition = self.recognitions.get(track)
        if recognition is not None:
            recognition.send(payload)

    def skip(self, track: Track, duration_ms: int) -> None:
        """Move the clock of a track on without audio."""
        if self.tape is not None:
            self.tape.skip(track, duration_ms)
        recognition = self.recognitions.get(track)
        if recognition is not None:
            recognition.skip(duration_ms)

    async def stopped(self, *, orderly: bool) -> None:
        """Tell the call session that the socket is done."""
        stopped = MediaStopped(
            leg_id=self.start.leg_id,
            stream_id=self.start.stream_id,
            at=self.clock(),
            orderly=orderly,
        )
        self.call.post(stopped)


class MediaStreams:
    """Issues and takes tokens (`MediaDoor`), and keeps the streams that came of them."""

    def __init__(
        self,
        *,
        journal: Journal,
        recognitions: Recognitions,
        recorder: Recorder,
        find: Callable[[CallId], Listener],
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float],
    ) -> None:
        self.media_url = ""
        """What a token is appended to; known once the service listens."""
        self._journal = journal
        self._recognitions = recognitions
        self._recorder = recorder
        self._find = find
        self._tasks = tasks
        self._clock = clock
        self._streams: dict[StreamId, Stream] = {}
        self._finishing: set[asyncio.Task[None]] = set()

    async def issue(self, call_id: CallId, leg_id: LegId) -> StreamTarget:
        """Make a token for one media WebSocket of this leg, good for a minute and one use.

        Raises:
            JournalUnavailableError: It could not be remembered, so it would be good for nothing.
        """
        token, auth_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires_at = self._clock() + TOKEN_LIFE_S
        await self._journal.keep_token(_digest(token, auth_token), call_id, leg_id, expires_at)
        return StreamTarget(url=f"{self.media_url}{token}", auth_token=auth_token)

    async def admit(self, token: str, auth_token: str | None) -> "Ticket | None":
        """Use a token up; None if it is not good, or the header does not belong to it.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """
        owner = await self._journal.use_token(_digest(token, auth_token or ""), self._clock())
        if owner is None:
            return None
        call_id, leg_id = owner
        return Ticket(leg_id, self._find(call_id), self)

    async def begin(self, call: Listener, start: StreamStart) -> Stream | None:
        """Tell the call session that audio comes; None if it opened no recognition for it."""
        stream = Stream(start, call, self._clock)
        self._streams[start.stream_id] = stream
        started = MediaStarted(
            leg_id=start.leg_id,
            stream_id=start.stream_id,
            at=self._clock(),
            encoding=start.encoding,
            sample_rate_hz=start.sample_rate_hz,
        )
        try:
            await call.tell(started)
        except JournalUnavailableError:
            log.warning("media_refused", reason="journal_unavailable")
        if stream.recognitions:
            return stream
        self._streams.pop(start.stream_id, None)
        return None

    async def refuse(self, call: Listener, start: StreamStart) -> None:
        """Tell the call session that the audio cannot be decoded here."""
        refused = MediaRefused(
            leg_id=start.leg_id,
            stream_id=start.stream_id,
            at=self._clock(),
            encoding=start.encoding,
        )
        await call.tell(refused)

    def record(self, call: Listener, command: RecordStream) -> None:
        """Keep the audio of a stream, as far as the recorder can."""
        stream = self._streams.get(command.stream_id)
        if stream is not None:
            stream.tape = self._recorder.open(
                call.call_id,
                stream.start,
                offset_ms=command.offset_ms,
                delete_at=None,
                tell=call.post,
            )

    def open(self, call: Listener, route: Route, command: OpenRecognition) -> None:
        """Open a recognition for one track of a stream."""
        stream = self._streams.get(command.stream_id)
        if stream is None:
            call.post(
                RecognitionFinished(
                    leg_id=command.leg_id,
                    stream_id=command.stream_id,
                    track=command.track,
                    audio_ms=0,
                )
            )
            return
        plan = RecognitionPlan(
            call_id=call.call_id,
            leg_id=command.leg_id,
            stream_id=command.stream_id,
            track=command.track,
            route=route,
            encoding=stream.start.encoding,
            sample_rate_hz=stream.start.sample_rate_hz,
        )
        stream.recognitions[command.track] = self._recognitions.open(plan, call.post)

    def finish(self, command: FinishRecognitions) -> None:
        """Have the recognitions of a stream say their last word; no more audio goes to them."""
        stream = self._streams.pop(command.stream_id, None)
        if stream is None:
            return
        if stream.tape is not None:
            stream.tape.close()
        for track, recognition in stream.recognitions.items():
            name = f"finish {command.stream_id} {track}"
            task = self._tasks.create_task(recognition.finish(timeout_s=FINISH_S), name=name)
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)
        stream.recognitions = {}

    @property
    def hearing(self) -> int:
        """How many recognitions are open."""
        return sum(len(stream.recognitions) for stream in self._streams.values())

    @property
    def finishing(self) -> int:
        """How many recognitions are saying their last word."""
        return len(self._finishing)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A token that was good for one upgrade (`MediaTicket`)."""

    leg_id: LegId
    call: Listener
    streams: MediaStreams

    async def started(self, start: StreamStart, *, decodable: bool) -> Stream | None:
        """Tell the call session that audio is about to come."""
        if decodable:
            return await self.streams.begin(self.call, start)
        await self.streams.refuse(self.call, start)
        return None


def _digest(token: str, auth_token: str) -> bytes:
    """Bind the token in the path and the one in the header together; neither is kept."""
    return hashlib.sha256(f"{token}.{auth_token}".encode()).digest()
