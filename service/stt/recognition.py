"""A recognition: one track's sessions, one after the other, and no word lost between them."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from service.calls.inputs import Input
from service.errors import RecognitionLostError, RecognitionRefusedError
from service.ports import RecognitionPlan
from service.stt.connection import Connection, open_connection
from service.stt.formats import choose_format
from service.stt.limits import Limits
from service.stt.query import engine_of, session_url
from service.stt.session import Session
from service.stt.track import Track

log = structlog.get_logger()

_CUT_SHORT = "cut_short"


@dataclass(frozen=True, slots=True)
class Service:
    """Where an engine is reached, and the key for it. `repr` leaves the key out."""

    url: str
    api_key: str | None

    def __repr__(self) -> str:
        return f"Service({self.url!r})"


class TrackRecognition:
    """`Recognition` of one track. `run` is its task; the other methods may be called any time."""

    def __init__(
        self,
        plan: RecognitionPlan,
        tell: Callable[[Input], None],
        service: Service | None,
        *,
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
        self._service = service
        self._limits = limits
        self._clock = clock
        self._dice = dice
        self._engine = engine = engine_of(plan.route)
        self._audio = choose_format(engine, plan.encoding, plan.sample_rate_hz)
        self._track = Track(plan, self._audio, keep_ms=limits.keep_ms)
        self._session: Session | None = None
        """The one that runs: it gets the audio at once. Between sessions audio is kept."""
        self._audio_came = asyncio.Event()
        self._outage: tuple[str, str] | None = None
        partials = "media" in engine.interim_results and plan.route.interim_results
        self._min_stall_s = limits.stall_s if partials else limits.stall_without_partials_s
        self._stall_s = self._min_stall_s
        self._stop_at: float | None = None
        self._timer: asyncio.Timeout | None = None
        self._ending = asyncio.Event()
        self._stopped = asyncio.Event()
        self._finished = False

    def send(self, payload: bytes) -> None:
        """Take the next audio. Never waits, never raises."""
        if self._track.push(payload):
            self._pass_on()

    def skip(self, duration_ms: int) -> None:
        """Move the track's clock on without audio."""
        if self._track.skip(duration_ms):
            self._pass_on()

    async def finish(self, *, timeout_s: float) -> None:
        """Flush, wait for the last final under the deadline, close, tell `RecognitionFinished`."""
        if not self._ending.is_set():
            self._track.end()
            if self._session:
                self._session.end()
            self._audio_came.set()
            self._ending.set()
            self._stop_at = asyncio.get_running_loop().time() + timeout_s
            if self._timer is not None and not self._stopped.is_set():
                self._timer.reschedule(self._stop_at)
        await self._stopped.wait()
        self.close()

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
            self._emit(self._track.finish())

    async def run(self) -> None:
        """Recognise the track to its end. Never raises: what goes wrong is emitted."""
        plan = self._plan
        with structlog.contextvars.bound_contextvars(call_id=plan.call_id, track=plan.ref.track):
            try:
                await self._run()
            except RecognitionRefusedError as error:
                log.warning("recognition_refused", reason=str(error), code=error.code)
                self._emit(self._track.fail(str(error), error.code))
            except Exception:  # one recognition never stops another
                log.exception("recognition_crashed")
                self._emit(self._track.fail("internal_error"))
            except asyncio.CancelledError:
                self._emit(self._track.give_up(_CUT_SHORT))  # before whoever waits in `finish`
                raise
            finally:
                self._stopped.set()

    async def _run(self) -> None:
        try:
            async with asyncio.timeout_at(self._stop_at) as self._timer:
                await self._run_sessions()
        except TimeoutError:
            log.warning("recognition_unfinished")
            self._emit(self._track.give_up("not_answered"))
        else:
            self._emit(self._track.finalize())

    async def _run_sessions(self) -> None:
        attempt = 0
        while not self._track.is_done():
            began_at = self._clock()
            try:
                await self._run_session()
            except RecognitionLostError as error:
                if self._outage is None or self._clock() - began_at >= self._limits.stable_s:
                    attempt = 0
                self._note_outage(error)
            else:
                return
            await self._pause(attempt)
            attempt += 1

    async def _pause(self, attempt: int) -> None:
        """Wait before the next connection, and until there is something to send."""
        delays_s = self._limits.backoff_s
        jitter_s = self._dice() * self._limits.jitter_s
        if self._ending.is_set():  # the deadline is near
            await asyncio.sleep(delays_s[0] + jitter_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(delays_s[min(attempt, len(delays_s) - 1)] + jitter_s):
                await self._ending.wait()
        while not self._track.has_work() and not self._ending.is_set():
            self._audio_came.clear()
            await self._audio_came.wait()

    async def _run_session(self) -> None:
        """Connect and run one session to its end."""
        if self._service is None:
            raise RecognitionRefusedError("no_local_recogniser")
        url = session_url(self._service.url, self._plan.route, self._audio)
        async with open_connection(url, self._service.api_key, self._limits) as connection:
            if self._track.is_done():
                return
            log.info("stt_connected", engine=self._engine.name, audio=self._audio.input_format)
            self._emit(self._track.begin_session())
            self._session = self._new_session(connection)
            try:
                await self._session.run()
            except BaseException:
                self._emit(self._track.lose_session())
                raise
            finally:
                self._session = None
                if connection.had_result:
                    self._outage, self._stall_s = None, self._min_stall_s

    def _new_session(self, connection: Connection) -> Session:
        endpointing_s = (self._plan.route.endpointing_ms or 0) / 1000
        return Session(
            connection,
            self._track,
            self._emit,
            engine=self._engine,
            audio=self._audio,
            linger_s=self._limits.linger_s + endpointing_s,
            stall_s=self._stall_s,
            limits=self._limits,
            clock=self._clock,
        )

    def _note_outage(self, error: RecognitionLostError) -> None:
        """Emit that words may come late, once for each new reason."""
        outage = (str(error), error.code)
        log.warning("recognition_lost", reason=outage[0], code=outage[1])
        if outage[0] == "stalled":
            self._stall_s = min(self._stall_s * 2, self._limits.max_stall_s)
        idle = outage[0] == "connection_lost" and not self._track.has_work()
        if outage != self._outage and not idle:
            self._outage = outage
            self._emit(self._track.degraded(*outage))

    def _pass_on(self) -> None:
        """Have new audio sent: at once, or once there is a session."""
        if self._session:
            self._session.pass_on()
        else:
            self._audio_came.set()

    def _emit(self, inputs: Iterable[Input]) -> None:
        for item in inputs:
            try:
                self._tell(item)
            except Exception:  # whoever listens must not end what is recognised
                log.exception("recognition_not_told", kind=type(item).__name__)
