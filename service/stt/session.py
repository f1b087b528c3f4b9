"""One session with an engine: a track's audio out, its results in, until it ends somehow."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from service.calls.engines import Engine
from service.calls.inputs import Input
from service.errors import RecognitionLostError
from service.stt.choices import LATE, STALLED, WRITE_STALLED
from service.stt.connection import Connection
from service.stt.formats import CHUNK_MS, WireFormat
from service.stt.limits import Limits
from service.stt.stint import Stint
from service.stt.track import Track
from service.stt.utterances import Utterances
from service.tasks import first_of
from service.wire.stt import CLOSE_STREAM, FINALIZE, KEEP_ALIVE, SttResult

UNANSWERED = "unanswered"
"""Why a session was lost that ended in order, without the words it owed."""
_SILENCE_MS = 100
_SHARE_TO_SEND = 1 / 3
"""So much of what is left to the deadline the rest may take to be sent."""
_STOOD_STILL_S = 1.0
"""A timer so late was held up by this process, which then cannot say who else is late."""


class Session:
    """Runs one connection. `run` ends when all was said, or says why the session was lost."""

    _early_ends: int
    """How many sessions were lost over a replay: then this one waits for the answer to each
    utterance, and goes on slowly meanwhile; after several, from its beginning to the first answer.
    """
    _due_until = 0.0
    """Until when an answer may be waited for."""
    _late_since: float | None = None
    _writing = _finishing = _behind = False
    _has_closed = False
    """Whether it was us who closed the connection."""

    def __init__(
        self,
        connection: Connection,
        track: Track,
        stint: Stint,
        emit: Callable[[Iterable[Input]], None],
        *,
        engine: Engine,
        audio: WireFormat,
        linger_s: float,
        stall_s: float,
        others_stalled: bool,
        has_substitute: Callable[[], bool],
        left_s: Callable[[], float],
        limits: Limits,
        clock: Callable[[], float],
    ) -> None:
        self._connection = connection
        self._track = track
        self.stint = stint
        self._emit = emit
        self._engine = engine
        self._audio = audio
        self._linger_s = linger_s
        self._stall_s = stall_s
        self._others_stalled = others_stalled
        self._has_substitute = has_substitute
        self._left_s = left_s
        self._limits = limits
        self._clock = clock
        self._began_at = self._result_at = self._audio_at = clock()
        self._wake = asyncio.Event()
        self._answered = asyncio.Event()
        """A final came."""
        self._idle = False
        """All there was is sent, and `pass_on` sends what comes."""
        self._must_finalize = engine.endpointing == "finalize"
        self._early_ends = 0 if stint.is_utterance else stint.habits.early_ends
        looks = self._must_finalize or self._early_ends
        self._utterances = Utterances(track.speech, stint.clock.start_ms) if looks else None

    async def run(self) -> None:
        """Return when the session ended as it should after the last audio.

        Raises:
            RecognitionLostError: It dropped, stalled, spoke garbage, or owes words.
            RecognitionRefusedError: The engine will not have it.
        """
        await first_of(self._receive(), self._send(), self._watch())
        await self._receive()  # what had arrived when the connection was closed
        self._emit(self._track.release())
        in_order = self._connection.closed_in_order
        owes = self._track.is_owed if in_order else self._track.may_be_owed
        is_cut_short = in_order and not self._has_closed and self._is_cut_short()
        if not self._finishing or is_cut_short or (owes(self.stint) and not in_order):
            raise self._connection.close_fault()
        if owes(self.stint) and not self._track.owes_half_word(self.stint):
            raise RecognitionLostError(UNANSWERED)

    def _is_cut_short(self) -> bool:
        """Say whether the engine closed it for its age, and its last text may be half of one.

        What it was asked for then, at the end, it may not have read any more.
        """
        age_s, habits = self._clock() - self._began_at, self.stint.habits
        if not self._finishing:
            habits.shortest_full_life_s = min(habits.shortest_full_life_s, age_s)
            return False
        return habits.may_end_at(age_s) and self._track.doubt_last(self.stint)

    def pass_on(self) -> None:
        """Send the newest audio at once, unless older audio or the socket is in the way.

        Saves waking a task for every piece, which would cost more than all else we do with it.
        """
        if self._idle and self._connection.has_room():
            self._audio_at = now = self._clock()
            while (data := self._track.next_chunk(self.stint, now)) is not None:
                self._connection.send_now(data)
            if self._must_finalize and self._has_utterance_ended():
                self._connection.send_now(FINALIZE)
            if self._track.is_in_moment:
                self._emit(self._track.release())
            if self.stint.until_ms is None:
                return
        self._wake.set()

    def end(self) -> None:
        """Send what is left for the stint, which has an end, and have the engine say the rest."""
        self._wake.set()

    async def _send(self) -> None:
        """Send what is waiting; once that is done, `pass_on` does the rest, up to the end."""
        while await self._catch_up():
            if self._track.has_all(self.stint):
                await self._finish()
                return
            self._idle = True
            await self._wake.wait()
            self._idle = False
            self._wake.clear()

    async def _catch_up(self) -> bool:
        """Send all there is; False once the connection is closed."""
        sent, track = True, self._track
        while sent and (data := track.next_chunk(self.stint, self._clock())) is not None:
            self._writing, self._audio_at = True, self._clock()
            sent = await self._connection.send(data)
            self._writing = False
            if sent and self._early_ends and track.waiting_ms(self.stint) >= self._limits.replay_ms:
                sent = await self._wait_in_replay()
        return sent and await self._end_utterance()

    async def _wait_in_replay(self) -> bool:
        """Send no faster than was spoken while an answer is due; False once it is closed."""
        sent = await self._end_utterance()
        is_slow = self._early_ends > 1 and not self.stint.has_final
        if is_slow or self._clock() < self._due_until:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._breath_s()):
                    await self._answered.wait()
        return sent

    def _breath_s(self) -> float:
        """Return how long one piece takes at the pace of speech; less where time is short.

        At the end the rest has to be sent, and answered, before the deadline.
        """
        waiting_s = self._track.waiting_ms(self.stint) / 1000
        return CHUNK_MS / 1000 * min(1.0, self._left_s() * _SHARE_TO_SEND / waiting_s)

    async def _end_utterance(self) -> bool:
        """Have the engine answer, if an utterance ended; False once the connection is closed."""
        if not self._has_utterance_ended():
            return True
        self._answered.clear()
        self._due_until = self._clock() + (self.stint.answer_patience_s or self._stall_s)
        return not self._must_finalize or await self._connection.send(FINALIZE)

    async def _finish(self) -> None:
        """Have the engine say the rest; close once nothing more is to be expected of it."""
        self._finishing = True
        self._result_at = self._clock()
        if self._engine.endpointing == "socket":
            await self._wait_for_answer()  # it begins to when nothing comes any more
        else:
            await self._flush()
        self._has_closed = not self._connection.is_closed
        await self._connection.close()

    async def _wait_for_answer(self) -> None:
        """Wait for a final: while it is owed, else no longer than one may take before the end."""
        patience_s = self.stint.answer_patience_s or self._limits.last_retry_s
        while not self._answered.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._answered.wait()
            if not self._is_owed():
                return

    async def _flush(self) -> None:
        send, closes = self._connection.send, self._engine.close_stream
        sent = await send(self._audio.silence(self._limits.tail_silence_ms))
        if self._must_finalize:
            sent = await send(FINALIZE)
        if closes:
            sent = await send(CLOSE_STREAM)
        asked_at = self._clock()
        while sent and (self._is_owed() or self._clock() - self._result_at < self._linger_s):
            await asyncio.sleep(_SILENCE_MS / 1000)
            if not closes or self._clock() - asked_at >= self._linger_s:
                # It was not heeded; but an engine ends an utterance by the pause that it hears.
                sent = await send(self._audio.silence(_SILENCE_MS))

    def _is_owed(self) -> bool:
        return self._track.is_owed(self.stint)

    def _has_utterance_ended(self) -> bool:
        """Look whether an utterance ended in what was sent until now."""
        position_ms = self.stint.clock.position_ms
        return self._utterances is not None and self._utterances.has_ended(position_ms)

    async def _receive(self) -> None:
        async for result in self._connection:
            self._result_at = now = self._clock()
            self._emit(self._track.receive(self.stint, result, now))
            self._note_lateness(result, now)
            if result.is_final is not False:
                self._answered.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._limits.tick_s
            await asyncio.sleep(self._limits.tick_s)
            now = self._clock()
            if loop.time() - due >= _STOOD_STILL_S:
                self.stint.excuse(now)
                self._audio_at = now
                continue
            self._check_progress(now)
            self._check_backlog(now)
            self._emit(self._track.release())
            if self._engine.keep_alive and not self._finishing and not self._writing:
                await self._keep_alive(now)

    def _check_progress(self, now: float) -> None:
        if self._writing and now - self._audio_at >= self._limits.write_stall_s:
            raise RecognitionLostError(WRITE_STALLED)
        limits = self._limits
        overdue_s = self._overdue_s(now)
        if overdue_s >= self._patience_s(overdue_s) and not self._has_time(overdue_s):
            raise RecognitionLostError(STALLED)
        late_since = self._late_since
        is_late = late_since is not None and now - late_since >= limits.late_s
        if is_late and self._has_substitute():
            raise RecognitionLostError(LATE)

    def _overdue_s(self, now: float) -> float:
        """Return for how long an answer is due; at the end, also to what was sent at once."""
        limits = self._limits
        patience_s = limits.stall_without_partials_s - limits.stall_s
        overdue_s = self.stint.overdue_s(now, patience_s=patience_s)
        return max(overdue_s, self.stint.stuck_s(now)) if self._is_waiting() else overdue_s

    def _patience_s(self, overdue_s: float) -> float:
        """Return how long an answer may take; not too long for another session, at the end.

        Unless that would be too late as well: of an engine that is slow, with nobody else to ask.
        Whether one that never answered is slow nobody knows, but where another stalled before, it
        is likelier that it stalled too. What is longer than the usual patience leaves some time to
        another session all the same: who was late before may be dead now.
        """
        if not self._is_waiting():
            return self._stall_s
        last_s, last_retry_s = self.stint.last_patience_s, self._limits.last_retry_s
        if last_s is not None and last_s <= last_retry_s:
            return min(self._stall_s, last_s)
        known_s = self.stint.answer_patience_s or 0.0
        has_stalled = not known_s and self._others_stalled
        if has_stalled or self._has_substitute():
            return min(self._stall_s, last_retry_s)
        return max(self._stall_s, min(known_s, overdue_s + self._left_s() - last_retry_s))

    def _has_time(self, overdue_s: float) -> bool:
        """Say whether the end is far enough for one that answered to be later than ever.

        Another session is to have its time as well; and if somebody else is to be asked, or one
        before it stalled, he is to have all of it.
        """
        retry_s = self._limits.last_retry_s + self.stint.habits.slowest_open_s
        is_late = self.stint.last_patience_s is not None and overdue_s < self._stall_s
        is_alone = not (self._others_stalled or self._has_substitute())
        return is_late and is_alone and self._is_waiting() and self._left_s() > retry_s

    def _is_waiting(self) -> bool:
        """Say whether all is sent, and nothing but answers are to come."""
        return self._finishing and self._is_owed()

    def _check_backlog(self, now: float) -> None:
        behind = self._track.waiting_ms(self.stint) > self._limits.behind_ms
        settled_in = now - self._began_at >= self._limits.stable_s
        if behind and settled_in and not self._behind:
            self._behind = True
            self._emit([self._track.inputs.degraded("falling_behind")])

    def _note_lateness(self, result: SttResult, now: float) -> None:
        """Note since when results are far behind, where the engine says what they are of."""
        behind_ms = self.stint.behind_ms(result, now)
        if behind_ms is None:
            return
        if behind_ms <= self._limits.late_ms:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now

    async def _keep_alive(self, now: float) -> None:
        if now - self._audio_at >= self._limits.keep_alive_s:
            self._audio_at = now
            # Nobody is waiting to write, so this does not wait either.
            await self._connection.send(KEEP_ALIVE)
