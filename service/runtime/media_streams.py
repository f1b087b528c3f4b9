"""The audio side of the live calls: who may send it, and the recognitions it goes to.

Audio never passes the call session. The session opens and finishes recognitions (control
plane); frames go from the media socket straight into them (data plane).
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog

from service.calls.commands import (
    FinishRecognitions,
    OpenRecognition,
    PauseStream,
    RecordStream,
)
from service.calls.inputs import (
    MediaRefused,
    MediaStarted,
    RecognitionFinished,
)
from service.errors import JournalUnavailableError
from service.ids import CallId, LegId, StreamId
from service.ports import (
    Journal,
    Recognition,
    RecognitionPlan,
    Recognitions,
    Recorder,
    StreamStart,
    StreamTarget,
)
from service.runtime.media_stream import CallInbox, MediaStream
from service.tasks import Tasks
from service.wire.audio import carried, decodable

TOKEN_LIFE_S = 60.0
"""How long Telnyx may take to open the media WebSocket after it was asked to."""
FINISH_S = 10.0
"""How long a recognition may take for its tail; below the session's own patience."""

log = structlog.get_logger()


class MediaStreams:
    """Issues and redeems tokens, and keeps the streams that came of them."""

    def __init__(
        self,
        *,
        journal: Journal,
        recognitions: Recognitions,
        recorder: Recorder,
        media_url: str,
        tasks: Tasks,
        clock: Callable[[], float],
    ) -> None:
        """Begin without any. A token is appended to `media_url`."""
        self._media_url = media_url
        self._journal = journal
        self._recognitions = recognitions
        self._recorder = recorder
        self._tasks = tasks
        self._clock = clock
        self._streams: dict[StreamId, MediaStream] = {}
        self._finishing: set[asyncio.Task[None]] = set()

    async def issue(self, call_id: CallId, leg_id: LegId) -> StreamTarget:
        """Make a token for one media WebSocket of this leg, good for a minute and one use.

        Raises:
            JournalUnavailableError: It could not be remembered, so it would be good for nothing.
        """
        token, auth_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires_at = self._clock() + TOKEN_LIFE_S
        await self._journal.keep_token(_digest(token, auth_token), call_id, leg_id, expires_at)
        return StreamTarget(url=f"{self._media_url}{token}", auth_token=auth_token)

    async def redeem(self, token: str, auth_token: str | None) -> tuple[CallId, LegId] | None:
        """Use a token up and return whose it was; None if it, or the header, is not good.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """
        return await self._journal.use_token(_digest(token, auth_token or ""), self._clock())

    async def begin(self, call: CallInbox, start: StreamStart) -> MediaStream | None:
        """Tell the call session that audio comes; None if it does not want it."""
        encoding, sample_rate_hz = carried(start.encoding, start.sample_rate_hz)
        heard = replace(start, encoding=encoding, sample_rate_hz=sample_rate_hz)
        stream = MediaStream(heard, call, self._clock)
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
        if stream.recognitions or stream.paused:
            return stream
        self._streams.pop(start.stream_id, None)
        return None

    async def refuse(self, call: CallInbox, start: StreamStart) -> None:
        """Tell the call session that the audio cannot be decoded here."""
        refused = MediaRefused(
            leg_id=start.leg_id,
            stream_id=start.stream_id,
            at=self._clock(),
            encoding=start.encoding,
        )
        await call.tell(refused)

    def record(self, call: CallInbox, command: RecordStream) -> None:
        """Keep the audio of a stream, as far as the recorder can."""
        stream = self._streams.get(command.stream_id)
        days = command.keep_days
        if stream is not None:
            stream.recording = self._recorder.open(
                call.call_id,
                stream.start,
                offset_ms=command.offset_ms,
                delete_at=None if days is None else self._clock() + days * 86_400,
                tell=call.post,
            )

    def open(self, call: CallInbox, command: OpenRecognition) -> None:
        """Open a recognition for one track of a stream."""
        stream = self._streams.get(command.socket_id or command.ref.stream_id)
        if stream is None:
            call.post(RecognitionFinished(ref=command.ref, audio_ms=0))
            return
        if stream.paused:
            stream.resume()
        plan = RecognitionPlan(
            call_id=call.call_id,
            ref=command.ref,
            route=command.route,
            encoding=stream.start.encoding,
            sample_rate_hz=stream.start.sample_rate_hz,
        )
        stream.recognitions[command.ref.track] = self._recognitions.open(plan, call.post)

    def finish(self, command: FinishRecognitions) -> None:
        """Have the recognitions of a stream say their last word; no more audio goes to them."""
        stream = self._streams.pop(command.stream_id, None)
        if stream is None:
            return
        if stream.recording is not None:
            stream.recording.close()
        self._let_finish(stream.pause())

    def pause(self, command: PauseStream) -> None:
        """Have nobody hear a stream any more, for now; what heard it says its last word."""
        stream = self._streams.get(command.stream_id)
        if stream is not None:
            self._let_finish(stream.pause())

    @contextmanager
    def pausing(self, call_id: CallId) -> Iterator[None]:
        """Have nobody hear the streams of a call while it is being asked to pause.

        What comes of it is a matter of a commit, and what is said meanwhile is said after.
        """
        streams = [one for one in self._streams.values() if one.call.call_id == call_id]
        for stream in streams:
            stream.ask_pause(on=True)
        try:
            yield
        finally:
            for stream in streams:
                stream.ask_pause(on=False)

    def forget(self, call_id: CallId) -> None:
        """Have nobody hear a call any more; delete what was recorded, and record no more."""
        for stream in [one for one in self._streams.values() if one.call.call_id == call_id]:
            reason, start = "erased", stream.start
            self.finish(
                FinishRecognitions(leg_id=start.leg_id, stream_id=start.stream_id, reason=reason)
            )
        self._recorder.forget(call_id)

    def _let_finish(self, recognitions: Iterable[Recognition]) -> None:
        for recognition in recognitions:
            task = self._tasks.start(recognition.finish(timeout_s=FINISH_S), "finish_recognition")
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)

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
    call: CallInbox
    streams: MediaStreams

    async def started(self, start: StreamStart) -> MediaStream | None:
        """Tell the call session that audio is about to come."""
        if decodable(start.encoding, start.sample_rate_hz, start.channels):
            return await self.streams.begin(self.call, start)
        await self.streams.refuse(self.call, start)
        return None


def _digest(token: str, auth_token: str) -> bytes:
    """Bind the token in the path and the one in the header together; neither is kept."""
    return hashlib.sha256(f"{token}.{auth_token}".encode()).digest()
