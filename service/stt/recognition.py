"""A recognition: one track's words, from the first choice of its route that gives them.

One engine after the other is asked, session after session; the track outlives them all, so that
no word is lost between them.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import inf

import structlog

from service.calls.engines import lost_capabilities
from service.calls.inputs import Input, WordsHeard
from service.errors import RecognitionError
from service.ports import RecognitionPlan
from service.stt.accounts import NOT_ANSWERED
from service.stt.choices import STALLED, Choice, Choices, Move
from service.stt.formats import choose_format
from service.stt.habits import Habits
from service.stt.limits import Limits
from service.stt.line import Line, Service
from service.stt.relay import Relay
from service.stt.results import GARBAGE
from service.stt.session import UNANSWERED
from service.stt.sockets import Sockets
from service.stt.spares import Spares, open_spares
from service.stt.track import Track

log = structlog.get_logger()

_CUT_SHORT, _FAILED = "cut_short", "recognition_failed"
_MAX_GARBAGE = 100
_SOUND_S, _MAX_SOUND_S = 30.0, 300.0
"""How long a session must last after a track's second trouble; twice as long after each more."""
_SHARE_OF_REST = 1 / 15
"""So much of what is left to the deadline there may be between two connections at the end."""
_TELL_EVERY_S = 1.0
"""How often it is told what is lost, while there is no session."""


class TrackRecognition:
    """`Recognition` of one track. `run` is its task; the other methods may be called any time."""

    _relay: Relay | Sockets | None = None
    """What runs the sessions: it gets the audio at once. Between them audio is kept."""
    _sound_s = 0.0
    """How long a session must have lasted, before its words are told as the end of trouble."""
    _began_at = 0.0
    """When the session began, if there is one."""
    _unanswered_ms: int | None = None
    """Where a session ended in order without the words it owed."""
    _stop_at: float | None = None
    _timer: asyncio.Timeout | None = None
    _finished = False

    def __init__(
        self,
        plan: RecognitionPlan,
        tell: Callable[[Input], None],
        choices: Sequence[Choice],
        service_of: Callable[[Choice], Service | None],
        *,
        switches: Counter[tuple[str, str, str]],
        limits: Limits,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        """Begin a track.

        Raises:
            ValueError: Nobody here can decode the plan's encoding.
        """
        self._plan = plan
        self._tell = tell
        self._choices = Choices(choices, limits)
        self._service_of = service_of
        self._switches = switches
        self._limits = limits
        self._clock = clock
        self._dice = dice
        self._track = Track(plan, keep_ms=limits.keep_ms)
        self._audio_came = asyncio.Event()
        self._told: set[tuple[str, str]] = set()
        """What trouble was told, by reason and code, whose end was not."""
        self._stalled: list[Choice] = []
        """Who was left for another one, as it had stalled."""
        self._habits: defaultdict[str, Habits] = defaultdict(Habits)
        """What is known of engines, by their names."""
        self._stall_s = limits.stall_s
        self._max_garbage = limits.max_garbage
        self._ending = asyncio.Event()
        self._stopped = asyncio.Event()

    def send(self, payload: bytes) -> None:
        """Take the next audio. Never waits, never raises."""
        if self._track.push(payload):
            self._pass_on()

    def skip(self, duration_ms: int, reason: str = "frames_lost") -> None:
        """Move the track's clock on without audio, which is lost for a reason, if there is one."""
        if self._track.skip(duration_ms, reason):
            self._pass_on()

    async def finish(self, *, timeout_s: float) -> None:
        """Flush, wait for the last final under the deadline, close, tell `RecognitionFinished`."""
        if not self._ending.is_set():
            self._track.end()
            if self._relay:
                self._relay.end()
            self._audio_came.set()
            self._ending.set()
        self._stop_by(asyncio.get_running_loop().time() + timeout_s)
        await self._stopped.wait()
        self.close()

    def _stop_by(self, stop_at: float) -> None:
        if self._stop_at is not None and self._stop_at <= stop_at:
            return
        self._stop_at = stop_at
        if self._timer is not None and not self._stopped.is_set():
            self._timer.reschedule(stop_at)

    def _left_s(self) -> float:
        if self._stop_at is None:
            return inf
        return max(0.0, self._stop_at - asyncio.get_running_loop().time())

    def cut_short(self) -> None:
        """Emit what is left of a recognition whose task was cancelled, or never began."""
        self._emit(self._track.give_up(_CUT_SHORT))
        self.close()

    def close(self) -> None:
        """Emit the end, once; for when `run` is over, or will never be run."""
        self._stopped.set()
        if not self._finished:
            self._finished = True
            self._track.end()
            self._emit(self._track.finish(self._why_lost))

    async def run(self) -> None:
        """Recognise the track to its end. Never raises: what goes wrong is emitted."""
        plan = self._plan
        with structlog.contextvars.bound_contextvars(call_id=plan.call_id, track=plan.ref.track):
            try:
                await self._run()
            except Exception:  # one recognition never stops another
                log.exception("recognition_crashed")
                self._emit(self._track.give_up(_FAILED))
                self._fail("internal_error", "")
            except asyncio.CancelledError:
                self._emit(self._track.give_up(_CUT_SHORT))  # before whoever waits in `finish`
                raise
            finally:
                self._stopped.set()

    async def _run(self) -> None:
        try:
            async with asyncio.timeout_at(self._stop_at) as self._timer, open_spares() as spares:
                await self._ask_choices(spares)
        except TimeoutError:
            log.warning("recognition_unfinished")
            self._emit(self._track.give_up(self._why_lost))

    @property
    def _why_lost(self) -> str:
        failed = self._track.lost_reason == _FAILED
        return _FAILED if failed else NOT_ANSWERED

    async def _ask_choices(self, spares: Spares) -> None:
        """Ask one choice after the other, until the track's end is heard."""
        left = self._choices.begin(self._clock())
        if left is not None:
            self._tell_switch(left, "circuit_open", "")
        while not self._track.is_done():
            line = self._line(spares)
            began_at = self._began_at = self._clock()
            try:
                await self._run_line(line)
            except RecognitionError as fault:
                at_the_end = self._ending.is_set()
                move = self._lost(fault, line, began_at)
                if at_the_end and move.all_refused:
                    return  # it was asked once more, and will be of the same mind
                await self._pause(move.delay_s)
            else:
                return

    def _line(self, spares: Spares) -> Line:
        choice, plan = self._choices.current, self._plan
        return Line(
            choice=choice,
            service=self._service_of(choice),
            audio=choose_format(choice.engine, plan.encoding, plan.sample_rate_hz),
            track=self._track,
            emit=self._emit,
            spares=spares,
            limits=self._limits,
            clock=self._clock,
            stall_s=self._stall_s,
            max_garbage=self._max_garbage,
            is_first=self._choices.is_first,
            others_stalled=any(other is not choice for other in self._stalled),
            has_substitute=self._has_substitute,
            left_s=self._left_s,
            habits=self._habits[choice.engine.name],
        )

    def _has_substitute(self) -> bool:
        return self._choices.has_substitute(self._clock(), at_the_end=self._ending.is_set())

    async def _run_line(self, line: Line) -> None:
        kind = Sockets if line.choice.engine.endpointing == "socket" else Relay
        self._relay = kind(line)
        try:
            await self._relay.run()
        finally:
            self._relay = None
            if line.had_result:
                self._stall_s = self._limits.stall_s
                self._choices.answered(self._clock())

    def _lost(self, fault: RecognitionError, line: Line, began_at: float) -> Move:
        """Take note that a session was lost, and tell what is to be told; say what follows."""
        reason, now = str(fault), self._clock()
        log.warning("recognition_lost", reason=reason, code=fault.code)
        self._emit(self._track.lose(is_pressed=self._is_pressed(line.habits)))
        idle = reason == "connection_lost" and not self._track.has_work()
        lived = now - began_at >= self._limits.stable_s and reason != STALLED
        was_well = line.had_result or lived
        if idle:
            return self._choices.idled(was_well=was_well)
        move = self._choices.failed(fault, now, was_well=was_well)
        if reason == STALLED and move.left is not None:
            self._stalled.append(move.left)
        if reason == STALLED and move.all_failed:
            self._stall_s = min(self._stall_s * 2, self._limits.max_stall_s)
        if reason == GARBAGE and line.had_result:
            self._max_garbage = min(self._max_garbage * 2, _MAX_GARBAGE)
        if reason == UNANSWERED:
            self._forgo_or_retry(all_failed=move.all_failed)
        self._tell_trouble(fault, move)
        return move

    def _is_pressed(self, habits: Habits) -> bool:
        """Say whether the time to the deadline is too short for two connections for each answer.

        Sessions that end soon may give no more than one each.
        """
        each_s = habits.slowest_open_s + self._soon_s
        return self._left_s() < 2 * each_s * max(1, self._track.stretches_owed())

    @property
    def _soon_s(self) -> float:
        """How long it takes at most until the next connection, where that is to be soon."""
        return self._limits.backoff_s[0] + self._limits.jitter_s

    def _forgo_or_retry(self, *, all_failed: bool) -> None:
        """Ask a second time for words that are owed; two answers without them are enough."""
        at_ms = self._track.resume_ms
        if all_failed and self._unanswered_ms == at_ms:
            self._emit(self._track.forgo(NOT_ANSWERED))
        self._unanswered_ms = at_ms

    def _tell_trouble(self, fault: RecognitionError, move: Move) -> None:
        """Emit who takes over, that words may come late, or that nobody gives any; each once."""
        outage = (str(fault), fault.code)
        if move.left is not None:
            self._tell_switch(move.left, *outage)
        if move.gave_up:
            self._fail(*outage)
        elif move.left is None and outage not in self._told:
            self._told.add(outage)
            self._emit([self._track.inputs.degraded(*outage, start_ms=self._track.resume_ms)])

    def _tell_switch(self, left: Choice, reason: str, code: str) -> None:
        to = self._choices.current
        log.warning(
            "recognition_switched", left=left.engine.name, took_over=to.engine.name, reason=reason
        )
        self._switches[left.engine.name, to.engine.name, reason] += 1
        self._told.add((reason, code))
        switched = self._track.inputs.switched(
            left.route,
            to.route,
            reason=reason,
            code=code,
            start_ms=self._track.resume_ms,
            lost=lost_capabilities(left.route, to.route),
        )
        self._emit([switched])

    def _fail(self, reason: str, code: str) -> None:
        """Emit that nobody gives words: what does not fit any more is lost for that."""
        self._told.add((reason, code))
        self._track.lost_reason = _FAILED
        self._emit([self._track.inputs.failed(reason, code)])

    def _recover(self, item: WordsHeard) -> None:
        """Take note that words come; emit that they do again, if it was told that they did not.

        The first time at once. Whoever fails again after that has to last, each time for longer:
        sessions that are all short are one trouble, and not one each.
        """
        now = self._clock()
        self._choices.heard()
        self._choices.answered(now)
        self._track.lost_reason = "buffer_full"
        if self._told and now - self._began_at >= self._sound_s:
            self._told.clear()
            self._sound_s = min(max(self._sound_s * 2, _SOUND_S), _MAX_SOUND_S)
            self._emit([self._track.inputs.recovered(self._choices.current.route, item.start_ms)])

    async def _pause(self, delay_s: float) -> None:
        """Wait before the next connection, and until there is something to send.

        Not until what is owed by now is kept no more: somebody is asked once before that, although
        all refused a while ago.
        """
        if delay_s:
            delay_s += self._dice() * self._limits.jitter_s
        loop = asyncio.get_running_loop()
        if self._stop_at is not None:  # the deadline is near
            await asyncio.sleep(min(delay_s, max(self._soon_s, self._left_s() * _SHARE_OF_REST)))
            return
        began_at, has_room = loop.time(), self._has_room()
        while (left_s := began_at + delay_s - loop.time()) > 0 and not self._ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, _TELL_EVERY_S)):
                    await self._ending.wait()
            self._emit(self._track.release())
            waited_s = loop.time() - began_at
            if has_room and waited_s >= self._limits.refused_s[0] / 2 and not self._has_room():
                break
        while not self._track.has_work() and not self._ending.is_set():
            self._audio_came.clear()
            await self._audio_came.wait()

    def _has_room(self) -> bool:
        """Say whether all that is owed is kept for as long as it takes to be sent to somebody."""
        opens_s = self._habits[self._choices.current.engine.name].slowest_open_s
        return self._track.room_ms / 1000 > opens_s + 2 * _TELL_EVERY_S

    def _pass_on(self) -> None:
        """Have new audio sent: at once, or once there is a session."""
        if self._relay:
            self._relay.pass_on()
        else:
            self._audio_came.set()

    def _emit(self, inputs: Iterable[Input]) -> None:
        for item in inputs:
            if isinstance(item, WordsHeard) and self._relay:  # else it was said before
                self._recover(item)
            try:
                self._tell(item)
            except Exception:  # whoever listens must not end what is recognised
                log.exception("recognition_not_told", kind=type(item).__name__)
