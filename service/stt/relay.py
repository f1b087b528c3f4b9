"""Sessions that hand a track over to each other, where an engine limits how long one may last.

The next one is made before the last one ends. It takes over in a pause, if there is one in time;
else both hear the same for a moment, and the words are taken once.
"""

import asyncio
from contextlib import suppress

import structlog

from service.errors import RecognitionError
from service.stt.line import Line, one_piece_of_work
from service.stt.session import Session

log = structlog.get_logger()

_PAUSE_MS, _BREATH_MS = 400, 200
"""A session takes over in a pause; in a shorter one where nobody makes a long one."""


class Relay:
    """Runs the sessions of one engine over a track, up to its end."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._sessions: list[Session] = []
        self._audio_came = asyncio.Event()
        self._max_s = line.choice.route.max_session_s or line.choice.engine.max_session_s

    def pass_on(self) -> None:
        """Send the newest audio."""
        for session in self._sessions:
            session.pass_on()
        if self._max_s:
            self._audio_came.set()

    def end(self) -> None:
        """Have all that is left be said: the track has ended."""
        for session in self._sessions:
            session.end()
        self._audio_came.set()

    async def run(self) -> None:
        """Return when the track's end is heard.

        Raises:
            RecognitionError: A session could not be had, or was lost.
        """
        async with one_piece_of_work() as group:
            await self._hear(group)

    async def _hear(self, group: asyncio.TaskGroup, before: Session | None = None) -> None:
        """Connect and run one session to its end; it takes over from the one before."""
        line = self._line
        async with line.connect() as connection:
            if line.track.is_done():
                return
            stint = line.begin(start_ms=None if before is None else await self._take_over(before))
            session = line.session(connection, stint)
            self._sessions.append(session)
            if before is not None:
                before.end()
            heir = group.create_task(self._succeed(group, session)) if self._max_s else None
            try:
                await session.run()
            finally:
                self._sessions.remove(session)
                if heir is not None and stint.until_ms is None:
                    heir.cancel()
            line.close(stint)

    async def _succeed(self, group: asyncio.TaskGroup, session: Session) -> None:
        """Make the next session in time, and run it."""
        await asyncio.sleep(self._notice_s())
        delays_s = iter(self._line.limits.backoff_s)
        while session.stint.until_ms is None and not self._line.track.ended:
            try:
                await self._hear(group, session)
            except RecognitionError as fault:
                if session.stint.until_ms is not None:
                    raise  # it had taken over
                log.warning("successor_not_to_be_had", reason=str(fault), code=fault.code)
                await asyncio.sleep(next(delays_s, self._line.limits.backoff_s[-1]))

    async def _take_over(self, before: Session) -> int:
        """Wait for a pause, for a while; return where to begin."""
        patience_s = self._line.limits.hand_over_s / 2
        patience_s = min(patience_s, (self._max_s or patience_s) / 4)
        if not await self._heard_pause(_PAUSE_MS, patience_s / 2):
            await self._heard_pause(_BREATH_MS, patience_s / 2)
        return self._line.track.hand_over(before.stint)

    async def _heard_pause(self, pause_ms: int, patience_s: float) -> bool:
        """Wait until nobody has spoken for so long; False if that takes too long."""
        track = self._line.track
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while not (track.is_quiet(pause_ms) or track.ended):
                    self._audio_came.clear()
                    await self._audio_came.wait()
                return True
        return False

    def _notice_s(self) -> float:
        """Return after how long the next session is made."""
        max_s = self._max_s or 0.0
        return max(max_s - self._line.limits.hand_over_s, max_s / 2)
