"""A recognition: one track's sessions, one after the other, and no word lost between them."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from service.errors import RecognitionLostError, RecognitionRefusedError
from service.stt.limits import Limits
from service.stt.query import session_url
from service.stt.results import MAX_RESULT_BYTES, fault_of_status
from service.stt.session import Session
from service.stt.track import Hearing

log = structlog.get_logger()

_quiet = logging.getLogger("service.stt.wire")
_quiet.setLevel(logging.ERROR)  # at DEBUG the library logs the key, and every word


@dataclass(frozen=True, slots=True)
class Service:
    """Where an engine is reached, and the key for it. `repr` leaves the key out."""

    url: str
    api_key: str | None

    def __repr__(self) -> str:
        return f"Service({self.url!r})"


class _Connect(connect):
    """`connect` that follows no redirects: audio goes where the settings say, or nowhere."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class TrackRecognition:
    """`Recognition` of one track. `run` is its task; the other methods may be called any time."""

    def __init__(
        self,
        hearing: Hearing,
        service: Service | None,
        *,
        limits: Limits,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        self._hearing = hearing
        self._service = service
        self._limits = limits
        self._clock = clock
        self._dice = dice
        self._outage: tuple[str, str] | None = None
        partials = "media" in hearing.engine.interim_results and hearing.plan.route.interim_results
        self._least_stall_s = limits.stall_s if partials else limits.stall_without_partials_s
        self._stall_s = self._least_stall_s
        self._stop_at: float | None = None
        self._timer: asyncio.Timeout | None = None
        self._ending = asyncio.Event()
        self._stopped = asyncio.Event()
        self._told_finished = False

    def send(self, payload: bytes) -> None:
        """Take the next audio. Never waits, never raises."""
        self._hearing.hear(payload)

    def skip(self, duration_ms: int) -> None:
        """Move the track's clock on without audio."""
        self._hearing.skip(duration_ms)

    async def finish(self, *, timeout_s: float) -> None:
        """Flush, wait for the last final under the deadline, close, tell `RecognitionFinished`."""
        if not self._ending.is_set():
            self._hearing.end()
            self._ending.set()
            self._stop_at = asyncio.get_running_loop().time() + timeout_s
            if self._timer is not None and not self._stopped.is_set():
                self._timer.reschedule(self._stop_at)
        await self._stopped.wait()
        self.close()

    def close(self) -> None:
        """Tell what is left to tell, once; for when `run` is over, or will never be run."""
        self._stopped.set()
        if not self._told_finished:
            self._told_finished = True
            self._hearing.end()
            self._hearing.finished()

    def cut_short(self) -> None:
        """Tell what is left to tell of a recognition whose task was cancelled."""
        self._hearing.give_up("cut_short")

    async def run(self) -> None:
        """Hear the track to its end. Never raises: what goes wrong is told."""
        plan = self._hearing.plan
        with structlog.contextvars.bound_contextvars(call_id=plan.call_id, track=plan.track):
            try:
                await self._run()
            except RecognitionRefusedError as error:
                log.warning("recognition_refused", reason=str(error), code=error.code)
                self._hearing.failed(str(error), error.code)
            except Exception:  # one recognition never stops another
                log.exception("recognition_crashed")
                self._hearing.failed("internal_error")
            finally:
                self._stopped.set()

    async def _run(self) -> None:
        try:
            async with asyncio.timeout_at(self._stop_at) as self._timer:
                await self._hear_out()
        except TimeoutError:
            log.warning("recognition_unfinished")
            self._hearing.give_up("not_answered")
        else:
            self._hearing.words(self._hearing.transcript.finalize_pending())

    async def _hear_out(self) -> None:
        attempt = 0
        while not self._hearing.is_done():
            began_at = self._clock()
            try:
                await self._session()
            except RecognitionLostError as error:
                if self._outage is None or self._clock() - began_at >= self._limits.stable_s:
                    attempt = 0
                self._lost(error)
            else:
                return
            await self._pause(attempt)
            attempt += 1

    async def _pause(self, attempt: int) -> None:
        """Wait before the next connection, and until there is something to send."""
        delays, hearing = self._limits.backoff_s, self._hearing
        jitter_s = self._dice() * self._limits.jitter_s
        if self._ending.is_set():  # the deadline is near
            await asyncio.sleep(delays[0] + jitter_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(delays[min(attempt, len(delays) - 1)] + jitter_s):
                await self._ending.wait()
        while not hearing.has_work() and not self._ending.is_set():
            hearing.wake.clear()
            await hearing.wake.wait()

    async def _session(self) -> None:
        """Connect and run one session to its end."""
        hearing = self._hearing
        socket = await self._connect()
        if hearing.is_done():
            await socket.close()
            return
        log.info("stt_connected", engine=hearing.engine.name, audio=hearing.audio.input_format)
        position = hearing.begin_session()
        session = Session(
            socket,
            hearing,
            position,
            limits=self._limits,
            clock=self._clock,
            stall_s=self._stall_s,
        )
        try:
            await session.run()
        except BaseException:
            socket.transport.abort()  # no time for goodbyes
            hearing.lose_session(position)
            raise
        finally:
            if session.answered:
                self._outage, self._stall_s = None, self._least_stall_s

    async def _connect(self) -> ClientConnection:
        hearing, limits = self._hearing, self._limits
        if self._service is None:
            raise RecognitionRefusedError("no_local_recogniser")
        key = self._service.api_key
        try:
            return await _Connect(
                session_url(self._service.url, hearing.plan.route, hearing.audio),
                additional_headers={"Authorization": f"Bearer {key}"} if key else None,
                compression=None,
                proxy=None,
                open_timeout=limits.open_timeout_s,
                close_timeout=limits.close_timeout_s,
                ping_interval=limits.ping_s,
                ping_timeout=limits.ping_s,
                max_size=MAX_RESULT_BYTES,
                logger=_quiet,
            )
        except InvalidStatus as error:
            raise fault_of_status(error.response.status_code) from error
        except InvalidURI as error:
            raise RecognitionRefusedError("bad_url") from error
        except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
            raise RecognitionLostError("connect_failed") from error

    def _lost(self, error: RecognitionLostError) -> None:
        outage = (str(error), error.code)
        log.warning("recognition_lost", reason=outage[0], code=outage[1])
        if outage[0] == "stalled":
            self._stall_s = min(self._stall_s * 2, self._limits.max_stall_s)
        idle = outage[0] == "connection_lost" and not self._hearing.has_work()
        if outage != self._outage and not idle:
            self._outage = outage
            self._hearing.degraded(*outage)
