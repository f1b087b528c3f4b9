"""One WebSocket session with an engine: audio out, answers in, until it ends one way or another."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import broadcast  # works for clients just the same
from websockets.exceptions import ConnectionClosed

from service.errors import (
    BadInputError,
    RecognitionError,
    RecognitionLostError,
    RecognitionRefusedError,
)
from service.stt.clock import SessionClock
from service.stt.limits import Limits
from service.stt.results import fault_in, read_result
from service.stt.ring import Chunk
from service.stt.timing import LAG_MS
from service.stt.track import Hearing
from service.wire.stt import CLOSE_STREAM, KEEP_ALIVE

log = structlog.get_logger()

_ORDERLY_CODES = frozenset({1000, 1001, 1005})
_FORBIDDEN_CODE = 1008
"""RFC 6455: policy violation. Telnyx documents no close codes."""
_FULL_BYTES = 32 * 1024
"""More than this in the socket's buffer is left in the ring."""
_SILENCE_MS = 100
_REPLAY_SPEED = 3
"""How much faster than speech an engine works off a replay, at least."""
_UNANSWERED_MS = 300
"""Less speech than this since the last answer is no reason to expect one."""


class Session:
    """Runs one connection. `run` ends when all was said, or says why the session was lost."""

    def __init__(
        self,
        socket: ClientConnection,
        hearing: Hearing,
        position: SessionClock,
        *,
        limits: Limits,
        clock: Callable[[], float],
        stall_s: float,
    ) -> None:
        self._socket = socket
        self._hearing = hearing
        self._position = position
        self._limits = limits
        self._clock = clock
        self._stall_s = stall_s
        self._began_at = self._answered_at = self._audio_at = clock()
        self._answered_ms = position.start_ms
        self._writing = False
        self._closing = False
        self._behind = False
        self._idle = False
        self._over = asyncio.Event()
        self._outcome: RecognitionError | None = None
        self.answered = False
        """Whether the engine said anything worth reading."""

    async def run(self) -> None:
        """Return when the session ended as it should after the last audio.

        Raises:
            RecognitionLostError: It dropped, stalled, or spoke garbage.
            RecognitionRefusedError: The engine will not have it.
        """
        self._hearing.pass_on = self._pass_on
        try:
            async with asyncio.TaskGroup() as group:
                parts = [
                    group.create_task(self._part(part))
                    for part in (self._send, self._receive, self._watch)
                ]
                await self._over.wait()
                for part in parts:
                    part.cancel()
        finally:
            self._hearing.pass_on = self._hearing.wake.set
        if self._outcome:
            raise self._outcome

    async def _part(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        except ConnectionClosed:
            self._end(self._closed())
        except RecognitionError as error:
            self._end(error)

    def _end(self, outcome: RecognitionError | None) -> None:
        if not self._over.is_set():
            self._outcome = outcome
            self._over.set()

    def _closed(self) -> RecognitionError | None:
        code = self._socket.close_code
        hearing = self._hearing
        settled = not hearing.transcript.may_be_owed(hearing.heard_ms)
        if self._closing and (code in _ORDERLY_CODES or settled):
            return None
        log.info("stt_socket_closed", close_code=code)
        if code == _FORBIDDEN_CODE and not self.answered:
            return RecognitionRefusedError("refused_by_engine", code=str(code))
        return RecognitionLostError("connection_lost")

    def _pass_on(self) -> None:
        """Send the newest audio at once, unless older audio or the socket is in the way.

        Saves waking a task for every piece, which would cost more than all else we do with it.
        """
        if self._idle and self._socket.transport.get_write_buffer_size() < _FULL_BYTES:
            while chunk := self._next():
                broadcast((self._socket,), chunk.data)
        else:
            self._hearing.wake.set()

    def _next(self) -> Chunk | None:
        chunk = self._hearing.ring.next()
        if chunk:
            self._position.sent(chunk.start_ms, chunk.end_ms)
            self._audio_at = self._clock()
        return chunk

    async def _send(self) -> None:
        """Send what is waiting in the ring; once that is done, `_pass_on` does the rest."""
        wake = self._hearing.wake
        while not self._hearing.finishing:
            await self._catch_up()
            wake.clear()
            self._idle = not self._hearing.finishing
            if self._idle:
                await wake.wait()
            self._idle = False
        await self._catch_up()
        await self._finish()

    async def _catch_up(self) -> None:
        while chunk := self._next():
            self._writing = True
            await self._socket.send(chunk.data)
            self._writing = False

    async def _finish(self) -> None:
        """Have the engine say the rest; close once nothing more is to be expected of it."""
        socket, closes = self._socket, self._hearing.engine.close_stream
        silence = self._hearing.audio.silence
        self._closing = True
        await socket.send(silence(self._limits.tail_silence_ms))
        if closes:
            await socket.send(CLOSE_STREAM)
        self._answered_at = asked_at = self._clock()
        endpointing_ms = self._hearing.plan.route.endpointing_ms or 0
        linger_s = self._limits.linger_s + endpointing_ms / 1000
        while self._is_owed() or self._clock() - self._answered_at < linger_s:
            await asyncio.sleep(_SILENCE_MS / 1000)
            if not closes or self._clock() - asked_at >= linger_s:
                # It was not heeded; but an engine ends an utterance by the pause that it hears.
                await socket.send(silence(_SILENCE_MS))
        await socket.close()

    def _is_owed(self) -> bool:
        return self._hearing.transcript.is_owed(self._hearing.heard_ms)

    async def _receive(self) -> None:
        garbage = 0
        while True:
            data = await self._socket.recv(decode=False)
            try:
                answer = read_result(data)
            except BadInputError as error:
                garbage += 1
                log.warning("stt_answer_unreadable", size=len(data))
                if garbage >= self._limits.max_garbage:
                    raise RecognitionLostError("garbage") from error
                continue
            garbage = 0
            if fault := fault_in(answer):
                raise fault
            self._answered_at, self._answered_ms = self._clock(), self._position.position_ms
            self.answered = True
            transcript = self._hearing.transcript
            self._hearing.words(transcript.add(answer, lag_ms=self._lag_ms()))
            if answer.is_final:
                self._hearing.ring.release(transcript.resume_from())

    def _lag_ms(self) -> int:
        """How far an answer may be behind: more while the engine works off a replay."""
        elapsed_ms = round((self._clock() - self._began_at) * 1000)
        return LAG_MS + max(0, self._position.sent_ms - elapsed_ms * _REPLAY_SPEED)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._limits.tick_s)
            now = self._clock()
            self._check_progress(now)
            self._check_backlog(now)
            self._hearing.ring.release(self._hearing.transcript.resume_from())
            self._hearing.tell_lost()
            if self._hearing.engine.keep_alive and not self._closing and not self._writing:
                await self._keep_alive(now)

    def _check_progress(self, now: float) -> None:
        if self._writing and now - self._audio_at >= self._limits.write_stall_s:
            raise RecognitionLostError("write_stalled")
        if now - self._answered_at < self._stall_s:
            return
        said_ms = self._hearing.speech.between(self._answered_ms, self._position.position_ms)
        if said_ms >= _UNANSWERED_MS:
            raise RecognitionLostError("stalled")

    def _check_backlog(self, now: float) -> None:
        waiting_ms = self._hearing.heard_ms - self._position.position_ms
        settled_in = now - self._began_at >= self._limits.stable_s
        if waiting_ms > self._limits.behind_ms and settled_in and not self._behind:
            self._behind = True
            self._hearing.degraded("falling_behind")

    async def _keep_alive(self, now: float) -> None:
        if now - self._audio_at >= self._limits.keep_alive_s:
            self._audio_at = now
            # Nobody is waiting to write, so this does not wait either.
            await self._socket.send(KEEP_ALIVE)
