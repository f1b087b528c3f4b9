"""One session with an engine: a track's audio out, its results in, until it ends somehow."""

import asyncio
from collections.abc import Callable, Iterable

from service.calls.engines import Engine
from service.calls.inputs import Input
from service.errors import RecognitionLostError
from service.stt.connection import Connection
from service.stt.formats import WireFormat
from service.stt.limits import Limits
from service.stt.timing import LAG_MS
from service.stt.track import Track
from service.tasks import first_of
from service.wire.stt import CLOSE_STREAM, KEEP_ALIVE

_SILENCE_MS = 100
_REPLAY_SPEED = 3
"""How much faster than speech an engine works off a replay, at least."""
_UNANSWERED_MS = 300
"""Less speech than this since the last result is no reason to expect one."""


class Session:
    """Runs one connection. `run` ends when all was said, or says why the session was lost."""

    def __init__(
        self,
        connection: Connection,
        track: Track,
        emit: Callable[[Iterable[Input]], None],
        *,
        engine: Engine,
        audio: WireFormat,
        linger_s: float,
        stall_s: float,
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._track = track
        self._emit = emit
        self._engine = engine
        self._audio = audio
        self._linger_s = linger_s
        self._stall_s = stall_s
        self._limits = limits
        self._clock = clock
        self._began_at = self._result_at = self._audio_at = clock()
        self._wake = asyncio.Event()
        self._idle = False
        """All there was is sent, and `pass_on` sends what comes."""
        self._writing = False
        self._finishing = False
        self._behind = False

    async def run(self) -> None:
        """Return when the session ended as it should after the last audio.

        Raises:
            RecognitionLostError: It dropped, stalled, or spoke garbage.
            RecognitionRefusedError: The engine will not have it.
        """
        await first_of(self._receive(), self._send(), self._watch())
        await self._receive()  # what had arrived when the connection was closed
        as_it_should = self._connection.closed_in_order or not self._track.may_be_owed()
        if not (self._finishing and as_it_should):
            raise self._connection.close_fault()

    def pass_on(self) -> None:
        """Send the newest audio at once, unless older audio or the socket is in the way.

        Saves waking a task for every piece, which would cost more than all else we do with it.
        """
        if self._idle and self._connection.has_room():
            self._audio_at = self._clock()
            while (chunk := self._track.next_chunk()) is not None:
                self._connection.send_now(chunk.data)
        else:
            self._wake.set()

    def end(self) -> None:
        """Send what is left of the track, which has ended, and have the engine say the rest."""
        self._wake.set()

    async def _send(self) -> None:
        """Send what is waiting; once that is done, `pass_on` does the rest, up to the end."""
        while await self._catch_up():
            if self._track.ended:
                await self._finish()
                return
            self._idle = True
            await self._wake.wait()
            self._idle = False
            self._wake.clear()

    async def _catch_up(self) -> bool:
        """Send all there is; False once the connection is closed."""
        sent = True
        while sent and (chunk := self._track.next_chunk()):
            self._writing, self._audio_at = True, self._clock()
            sent = await self._connection.send(chunk.data)
            self._writing = False
        return sent

    async def _finish(self) -> None:
        """Have the engine say the rest; close once nothing more is to be expected of it."""
        self._finishing = True
        send, closes = self._connection.send, self._engine.close_stream
        sent = await send(self._audio.silence(self._limits.tail_silence_ms))
        if closes:
            sent = await send(CLOSE_STREAM)
        self._result_at = asked_at = self._clock()
        while sent and (self._track.is_owed() or self._clock() - self._result_at < self._linger_s):
            await asyncio.sleep(_SILENCE_MS / 1000)
            if not closes or self._clock() - asked_at >= self._linger_s:
                # It was not heeded; but an engine ends an utterance by the pause that it hears.
                sent = await send(self._audio.silence(_SILENCE_MS))
        await self._connection.close()

    async def _receive(self) -> None:
        async for result in self._connection:
            self._result_at = self._clock()
            self._emit(self._track.receive(result, lag_ms=self._lag_ms()))

    def _lag_ms(self) -> int:
        """How far a result may be behind: more while the engine works off a replay."""
        elapsed_ms = round((self._clock() - self._began_at) * 1000)
        return LAG_MS + max(0, self._track.session_ms - elapsed_ms * _REPLAY_SPEED)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._limits.tick_s)
            now = self._clock()
            self._check_progress(now)
            self._check_backlog(now)
            self._emit(self._track.release())
            if self._engine.keep_alive and not self._finishing and not self._writing:
                await self._keep_alive(now)

    def _check_progress(self, now: float) -> None:
        if self._writing and now - self._audio_at >= self._limits.write_stall_s:
            raise RecognitionLostError("write_stalled")
        if now - self._result_at < self._stall_s:
            return
        if self._track.speech_since_result() >= _UNANSWERED_MS:
            raise RecognitionLostError("stalled")

    def _check_backlog(self, now: float) -> None:
        settled_in = now - self._began_at >= self._limits.stable_s
        if self._track.waiting_ms > self._limits.behind_ms and settled_in and not self._behind:
            self._behind = True
            self._emit(self._track.degraded("falling_behind"))

    async def _keep_alive(self, now: float) -> None:
        if now - self._audio_at >= self._limits.keep_alive_s:
            self._audio_at = now
            # Nobody is waiting to write, so this does not wait either.
            await self._connection.send(KEEP_ALIVE)
