"""What the sessions of one engine on one track have in common, and how each is opened."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from math import inf

import structlog
from aiohttp.abc import AbstractResolver

from service.calls.inputs import Input
from service.errors import RecognitionError, RecognitionLostError, RecognitionRefusedError
from service.stt.choices import Choice
from service.stt.connection import Connection, held, make_connection
from service.stt.formats import WireFormat
from service.stt.habits import Habits
from service.stt.limits import Limits
from service.stt.query import session_url
from service.stt.session import Session
from service.stt.spares import Spares
from service.stt.stint import Stint
from service.stt.track import Track

log = structlog.get_logger()

_SLOWER_THAN_EVER = 1.5
"""So much longer than ever a connection may take to be made."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where an engine is reached, and the key for it. `repr` leaves the key out."""

    url: str
    api_key: str | None
    names: AbstractResolver | None = None
    """What looks its name up; None for the system's own look-ups."""

    def __repr__(self) -> str:
        return f"Service({self.url!r})"


@dataclass(slots=True, kw_only=True)
class Line:
    """One engine for one track."""

    choice: Choice
    service: Service | None
    audio: WireFormat
    track: Track
    emit: Callable[[Iterable[Input]], None]
    spares: Spares
    limits: Limits
    clock: Callable[[], float]
    stall_s: float
    max_garbage: int
    is_first: bool
    """Whether it is the route's own engine."""
    others_stalled: bool
    """Whether another engine was left since it stalled."""
    has_substitute: Callable[[], bool]
    """Whether somebody else would be asked just now, were it to fail."""
    left_s: Callable[[], float]
    """How long there is until the track's end has to be heard; endless before it has one."""
    habits: Habits
    """What is known of the engine."""
    had_result: bool = False
    """Whether it said anything worth reading."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """Connect to the engine.

        Raises:
            RecognitionRefusedError: It will not have this key, address or setting.
            RecognitionLostError: No connection was made; a later attempt may succeed.
        """
        async with held(await self._next_connection()) as connection:
            loop, audio = asyncio.get_running_loop(), self.audio.input_format
            began_at = loop.time()
            log.info("stt_connected", engine=self.choice.engine.name, audio=audio)
            try:
                yield connection
            except RecognitionLostError:
                self.habits.last_life_s = loop.time() - began_at
                raise
            finally:
                self.had_result |= connection.had_result

    async def _next_connection(self) -> Connection:
        """Return a connection made ahead, or make one; make the next one ahead where that is due.

        Raises:
            RecognitionRefusedError: It will not have this key, address or setting.
            RecognitionLostError: No connection was made; a later attempt may succeed.
        """
        if self.service is None:
            raise RecognitionRefusedError("no_local_recogniser")
        url = session_url(self.service.url, self.choice.route, self.audio)
        make = partial(self._make_connection, self.service, url)
        taking = self.spares.take(url)
        self.spares.make(url, make, count=self.habits.spares(self.limits.slow_open_s))
        return await taking or await make()

    async def _make_connection(self, service: Service, url: str) -> Connection:
        timeout_s = self._open_timeout_s()
        limits = replace(self.limits, max_garbage=self.max_garbage, open_timeout_s=timeout_s)
        habits, loop = self.habits, asyncio.get_running_loop()
        began_at = loop.time()
        try:
            connection = await make_connection(url, service.api_key, limits, names=service.names)
        except RecognitionError:
            habits.last_life_s = inf  # who is away needs no more connections ahead
            raise
        habits.slowest_open_s = max(habits.slowest_open_s, loop.time() - began_at)
        return connection

    def begin(self, *, start_ms: int | None = None) -> Stint:
        """Begin a stint for a session."""
        stint, inputs = self.track.begin(
            self.audio,
            self.clock(),
            start_ms=start_ms,
            by=None if self.is_first else self.choice.route,
            is_utterance=self.choice.engine.endpointing == "socket",
            habits=self.habits,
        )
        self.emit(inputs)
        return stint

    def session(self, connection: Connection, stint: Stint) -> Session:
        """Make the session of a connection and a stint."""
        return Session(
            connection,
            self.track,
            stint,
            self.emit,
            engine=self.choice.engine,
            audio=self.audio,
            linger_s=self.limits.linger_s + (self.choice.route.endpointing_ms or 0) / 1000,
            stall_s=self.stall_s,
            others_stalled=self.others_stalled,
            has_substitute=self.has_substitute,
            left_s=self.left_s,
            limits=self.limits,
            clock=self.clock,
        )

    def _open_timeout_s(self) -> float:
        """Return how long a connection may take to be made.

        Not long where somebody else could be asked meanwhile, unless this one came to it before:
        a session that is opened slowly is better than none.
        """
        longest_s = self.limits.open_timeout_s
        if not self.has_substitute():
            return longest_s
        known_s = self.habits.slowest_open_s * _SLOWER_THAN_EVER
        return min(longest_s, max(self.limits.fallback_open_timeout_s, known_s))

    def close(self, stint: Stint) -> None:
        """End the stint of a session that ended as it should."""
        self.emit(self.track.close(stint))


@asynccontextmanager
async def one_piece_of_work() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks of which the first to fail ends the others; its error leaves as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        for error in errors.exceptions:
            if isinstance(error, RecognitionError):
                raise error from None
        raise
