"""The audio side of the live calls: who may send it, and the recognitions it goes to.

Audio never passes the call session. The session opens and finishes recognitions (control
plane); frames go from the media socket straight into them (data plane).
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog

from service.calls.commands import (
    FinishRecognitions,
    OpenRecognition,
    PauseStream,
    RecordStream,
)
from service.calls.inputs import (
    Input,
    MediaRefused,
    MediaStarted,
    RecognitionFinished,
)
from service.calls.transcription import STOPPING
from service.errors import JournalUnavailableError
from service.ids import CallId, LegId, StreamId, Track
from service.ports import (
    Journal,
    MediaToken,
    Recognition,
    RecognitionPlan,
    Recognitions,
    Recorder,
    StreamStart,
    StreamTarget,
)
from service.runtime.dedup import Dedup
from service.runtime.media_stream import CallInbox, MediaStream
from service.runtime.succession import Succession
from service.tasks import Tasks
from service.wire.audio import carried, decodable

TOKEN_LIFE_S = 60.0
"""How long Telnyx may take to open the media WebSocket after it was asked to."""
USED_LIFE_S = 4 * 3600.0
"""How long it may take to dial it again, if the call goes on for so long."""
RETRY_S = 0.5
"""How long a stream that begins waits before it is offered to the journal again."""
FINISH_S = 10.0
"""How long a recognition may take for its tail; below the session's own patience."""
MAX_STREAMS_KNOWN = 10_000
"""Of how many streams it is known that they were dialled before."""

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
        self._known: Dedup[StreamId] = Dedup(MAX_STREAMS_KNOWN)
        self._dialled = 0
        self._finishing: set[asyncio.Task[None]] = set()
        self._succession: Succession[tuple[CallId, Track]] = Succession()
        self._ends: dict[int, Callable[[], None]] = {}
        """What is to be done once a recognition, by its `id`, has said its last word."""

    async def issue(self, call_id: CallId, leg_id: LegId) -> StreamTarget:
        """Make a token that opens the media WebSockets of this leg, one at a time.

        It is good for a minute, and from its first use on for as long as the call goes on.

        Raises:
            JournalUnavailableError: It could not be remembered, so it would be good for nothing.
        """
        token, auth_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        kept = MediaToken(
            token_hash=_hash(token),
            header_hash=_hash(auth_token),
            call_id=call_id,
            leg_id=leg_id,
            expires_at=self._clock() + TOKEN_LIFE_S,
        )
        await self._journal.keep_token(kept)
        return StreamTarget(url=f"{self._media_url}{token}", auth_token=auth_token)

    async def redeem(self, token: str, auth_token: str | None) -> MediaToken | None:
        """Return whose a token is; None if it is not good, or the header is not its own.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """
        now = self._clock()
        kept = await self._journal.use_token(_hash(token), now=now, keep_until=now + USED_LIFE_S)
        if kept is None or auth_token is None:
            return kept
        return kept if hmac.compare_digest(kept.header_hash, _hash(auth_token)) else None

    async def begin(self, call: CallInbox, start: StreamStart) -> MediaStream | None:
        """Tell the call session that audio comes; None if it does not want it.

        While the journal is away it is told again: audio waits in the socket meanwhile.
        """
        start = self._with_own_id(start)
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
            await _tell(call, started)
        except asyncio.CancelledError:
            stream.stopped(orderly=False)  # what is committed yet is to know that nothing comes
            self._streams.pop(start.stream_id, None)
            raise
        if stream.recognitions or stream.paused:
            return stream
        self._streams.pop(start.stream_id, None)
        return None

    def _with_own_id(self, start: StreamStart) -> StreamStart:
        """Give a stream that is dialled again an id of its own: the first may not have finished."""
        self._dialled += 1
        if start.stream_id in self._known:
            again = StreamId(f"{start.stream_id}+{self._dialled}")
            return replace(start, stream_id=again)
        self._known.update([start.stream_id])
        return start

    async def refuse(self, call: CallInbox, start: StreamStart) -> None:
        """Tell the call session that the audio cannot be decoded here."""
        refused = MediaRefused(
            leg_id=start.leg_id,
            stream_id=start.stream_id,
            at=self._clock(),
            encoding=start.encoding,
        )
        await _tell(call, refused)

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
                post=call.post,
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
        stream.recognitions[command.ref.track] = self._opened(plan, call)

    def _opened(self, plan: RecognitionPlan, call: CallInbox) -> Recognition:
        """Open a recognition that speaks in its turn."""
        key = call.call_id, plan.ref.track
        speaker = self._succession.next(key, call.post)
        recognition = self._recognitions.open(plan, speaker.say)
        self._ends[id(recognition)] = partial(self._succession.end, key, speaker)
        return recognition

    def finish(self, command: FinishRecognitions) -> None:
        """Have the recognitions of a stream say their last word; no more audio goes to them."""
        stream = self._streams.pop(command.stream_id, None)
        if stream is None:
            return
        stream.is_wanted = command.reason == STOPPING  # the next process goes on with it
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
            task.add_done_callback(partial(self._finished, recognition))

    def _finished(self, recognition: Recognition, task: asyncio.Task[None]) -> None:
        self._ends.pop(id(recognition))()
        self._finishing.discard(task)

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
    """A token that was good for an upgrade (`MediaTicket`)."""

    leg_id: LegId
    call: CallInbox
    streams: MediaStreams

    async def started(self, start: StreamStart) -> MediaStream | None:
        """Tell the call session that audio is about to come."""
        if decodable(start.encoding, start.sample_rate_hz, start.channels):
            return await self.streams.begin(self.call, start)
        await self.streams.refuse(self.call, start)
        return None


async def _tell(call: CallInbox, item: Input) -> None:
    """Tell a call something again and again until the journal took it."""
    while True:
        try:
            await call.tell(item)
        except JournalUnavailableError:
            log.warning("media_waits", reason="journal_unavailable")
            await asyncio.sleep(RETRY_S)
        else:
            return


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
