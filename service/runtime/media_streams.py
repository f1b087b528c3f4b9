"""The audio side of the live calls: the streams there are, and the recognitions they go to.

Audio never passes the call session. The session opens and finishes recognitions (control
plane); frames go from the media socket straight into them (data plane).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog

from service.calls.commands import (
    CloseSound,
    FinishRecognitions,
    HastenRecognitions,
    JudgeSound,
    OpenRecognition,
    PauseStream,
    RecordStream,
)
from service.calls.inputs import (
    Input,
    MediaRefused,
    MediaStarted,
    MediaTurnedAway,
    RecognitionFinished,
)
from service.calls.transcription import STOPPING
from service.errors import CallElsewhereError, JournalUnavailableError
from service.ids import CallId, LegId, StreamId, Track
from service.ports import (
    Recognition,
    RecognitionPlan,
    Recognitions,
    Recorder,
    StreamStart,
)
from service.runtime.dedup import Dedup
from service.runtime.judged_sound import JudgedSound
from service.runtime.media_stream import CallInbox, MediaStream
from service.runtime.succession import Succession
from service.tasks import Tasks
from service.wire.audio import carried, decodable

RETRY_S = 0.5
"""How long a stream that begins waits before it is offered to the journal again."""
FINISH_S = 10.0
"""How long a recognition may take for its tail at a call's end; below the call's own patience."""
LIVE_FINISH_S = 30.0
"""The same while the call goes on, as at a pause or where a stream is dialled again: an engine that
is away may come back and answer. Nobody keeps audio for longer.
"""
MAX_STREAMS_KNOWN = 10_000
"""Of how many streams it is known that they were dialled before."""
_MAX_TRIES = 3
"""How often a call is taken for a socket while others take it."""

log = structlog.get_logger()


class MediaStreams:
    """Keeps the streams that came of tokens (`media_tokens.py`)."""

    def __init__(
        self,
        *,
        recognitions: Recognitions,
        recorder: Recorder,
        tasks: Tasks,
        clock: Callable[[], float],
    ) -> None:
        """Begin without any."""
        self._recognitions = recognitions
        self._recorder = recorder
        self._sound = JudgedSound()
        self._tasks = tasks
        self._clock = clock
        self._streams: dict[StreamId, MediaStream] = {}
        self._known: Dedup[StreamId] = Dedup(MAX_STREAMS_KNOWN)
        self._starts: OrderedDict[LegId, StreamStart] = OrderedDict()
        self._dialled = 0
        self._finishing: dict[asyncio.Task[None], tuple[LegId, Recognition]] = {}
        self._succession: Succession[tuple[CallId, Track]] = Succession()
        self._ends: dict[int, Callable[[], None]] = {}
        """What is to be done once a recognition, by its `id`, has said its last word."""

    def now(self) -> float:
        """Return what the telephone network's time is."""
        return self._clock()

    async def begin(self, call: CallInbox, start: StreamStart, at: float) -> MediaStream | None:
        """Tell the call session that audio comes `at` a time; None if it does not want it.

        While the journal is away it is told again: audio waits in the socket meanwhile.
        """
        self._keep_start(start)
        start = self._with_own_id(start)
        encoding, sample_rate_hz = carried(start.encoding, start.sample_rate_hz)
        heard = replace(start, encoding=encoding, sample_rate_hz=sample_rate_hz)
        stream = MediaStream(heard, call, self._clock, at)
        self._streams[start.stream_id] = stream
        started = MediaStarted(
            leg_id=start.leg_id,
            stream_id=start.stream_id,
            at=at,
            encoding=start.encoding,
            sample_rate_hz=start.sample_rate_hz,
            parameters=start.parameters,
        )
        try:
            await _tell(call, started)
        except CallElsewhereError:
            self._streams.pop(start.stream_id, None)
            raise
        except asyncio.CancelledError:
            stream.stopped(orderly=False)  # what is committed yet is to know that nothing comes
            self._streams.pop(start.stream_id, None)
            raise
        if stream.recognitions or stream.paused:
            return stream
        self._streams.pop(start.stream_id, None)
        return None

    def last_start(self, leg_id: LegId) -> StreamStart | None:
        """Return what the last stream of a leg began with, unless that is long ago."""
        return self._starts.get(leg_id)

    def _keep_start(self, start: StreamStart) -> None:
        self._starts[start.leg_id] = start
        self._starts.move_to_end(start.leg_id)
        if len(self._starts) > MAX_STREAMS_KNOWN:
            self._starts.popitem(last=False)

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

    def turn_away(self, call: CallInbox, leg_id: LegId) -> None:
        """Queue for the call session that we closed a socket it may have wanted."""
        call.post(MediaTurnedAway(leg_id=leg_id, at=self._clock()))

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
                is_judged=command.is_judged,
                post=call.post,
            )
            stream.is_judged = command.is_judged
            if command.is_judged:
                self._sound.keep(stream)

    def judge(self, command: JudgeSound | CloseSound) -> None:
        """Let go of what a recording held back, as far as it is known by now."""
        if isinstance(command, JudgeSound):
            self._sound.judge(command)
        else:
            self._sound.close(command)

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
        stream.is_muted = command.is_muted
        stream.hear(command.ref, self._opened(plan, call), carried=command.carried)
        self._sound.heard(command.ref.stream_id, stream)

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
        self._sound.end(stream)
        self._let_finish(stream)

    def hasten(self, command: HastenRecognitions) -> None:
        """Have recognitions that are finishing take no more time than a call that is over has."""
        for leg_id, recognition in list(self._finishing.values()):
            if leg_id == command.leg_id:
                self._tasks.start(recognition.finish(timeout_s=FINISH_S), "hasten_recognition")

    def pause(self, command: PauseStream) -> None:
        """Have nobody hear a stream any more, for now; what heard it says its last word."""
        stream = self._streams.get(command.stream_id)
        if stream is not None:
            self._let_finish(stream)

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
        self._finish_all(call_id, "erased")
        self._recorder.forget(call_id)

    def let_go(self, call_id: CallId) -> None:
        """Hang up the sockets of a call that is another worker's; what was recorded stays."""
        self._finish_all(call_id, "taken_over")

    def _finish_all(self, call_id: CallId, reason: str) -> None:
        for stream in [one for one in self._streams.values() if one.call.call_id == call_id]:
            start = stream.start
            self.finish(
                FinishRecognitions(leg_id=start.leg_id, stream_id=start.stream_id, reason=reason)
            )
            self._sound.give_up(stream)
            self.hasten(HastenRecognitions(leg_id=start.leg_id))

    def _let_finish(self, stream: MediaStream) -> None:
        for recognition in stream.pause():
            finish = recognition.finish(timeout_s=LIVE_FINISH_S)
            task = self._tasks.start(finish, "finish_recognition")
            self._finishing[task] = stream.start.leg_id, recognition
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        _, recognition = self._finishing.pop(task)
        self._ends.pop(id(recognition))()

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
    """A token that was good for an upgrade (`MediaTicket`).

    Whoever has the socket has the call: `own` makes it this process's, and returns it.
    """

    leg_id: LegId
    own: Callable[[], Awaitable[CallInbox]]
    streams: MediaStreams

    @property
    def last_start(self) -> StreamStart | None:
        """Return what the last stream of the leg began with, if that is known."""
        return self.streams.last_start(self.leg_id)

    async def started(self, start: StreamStart) -> MediaStream | None:
        """Tell the call session that audio is about to come.

        It came when this was asked for: to take the call of another worker lasts, and meanwhile
        audio waits in the socket. It is heard, so that is no gap.
        """
        at = self.streams.now() - start.heard_s
        for _ in range(_MAX_TRIES - 1):
            try:
                return await self._begin(start, at)
            except CallElsewhereError:
                continue  # it was taken from us; now we take it
        return await self._begin(start, at)

    async def _begin(self, start: StreamStart, at: float) -> MediaStream | None:
        call = await self.own()
        try:
            if decodable(start.encoding, start.sample_rate_hz, start.channels):
                return await self.streams.begin(call, start, at)
            await self.streams.refuse(call, start)
        except asyncio.CancelledError:  # the journal was away for longer than audio waits
            self.streams.turn_away(call, self.leg_id)
            raise
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
