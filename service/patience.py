"""Limits of time in which others have to answer, and in which we can hear them.

A process may stand still: stopped, starved by what else its machine does, busy with itself at its
start. Whoever was to answer meanwhile did, for all that is known; the answer is in a buffer. By the
clock alone the limit would be over before anybody had looked there, and they would be blamed for
it.
"""

import asyncio
import io
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

LATE_S: Final = 0.2
"""The loop stood still if it is later than this."""
LAST_LOOK_S: Final = 1.0
"""What is left at least after that, once: time to read what came."""
_STEP_S: Final = 1.0
_LOST: Final = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ClientOSError,
)
_WRITTEN_AT_ONCE_BYTES: Final = 1024 * 1024


class Patience:
    """Like `asyncio.timeout`, but what the loop stood still does not count.

    It looks every second, so what counts is at most the limit and one last look.
    """

    def __init__(self, limit_s: float) -> None:
        self.stood_still_s = 0.0
        """For how long the loop did since this began, in times of 0.2 s and more."""
        self._left_s = limit_s
        self._last_look_s = min(limit_s, LAST_LOOK_S)
        self._timeout = asyncio.timeout(None)
        self._loop = asyncio.get_running_loop()
        self._look: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Begin to count."""
        await self._timeout.__aenter__()
        self._look_later()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End.

        Raises:
            TimeoutError: The limit was over.
        """
        if self._look is not None:
            self._look.cancel()
        await self._timeout.__aexit__(kind, error, traceback)

    def _look_later(self) -> None:
        step_s = min(self._left_s, _STEP_S)
        self._left_s -= step_s
        self._look = self._loop.call_later(step_s, self._looked, self._loop.time() + step_s)

    def _looked(self, due_at: float) -> None:
        late_s = self._loop.time() - due_at
        if late_s > LATE_S:
            self.stood_still_s += late_s
            if self._left_s < self._last_look_s:
                self._left_s, self._last_look_s = self._last_look_s, 0.0
        else:
            self._left_s -= late_s
        if self._left_s > 0:
            self._look_later()
        else:
            self._timeout.reschedule(self._loop.time())


class KeptConnectionError(aiohttp.ClientConnectionError):
    """A connection was lost that had been kept: whoever hung up most likely saw nothing.

    Others may do that when they like, and need not say so. What is the same to them if it comes
    twice can be posted again at once, as often as connections may have been kept.
    """


MAX_KEPT_LOST: Final = 3
"""So often at most, in a row."""


@dataclass(slots=True)
class _Connection:
    """What is known of the connection that a request has."""

    was_used: bool = False
    """Whether another request had it before."""


def used_connections() -> aiohttp.TraceConfig:
    """Return what has a session tell `post_patiently` which connections were used before."""

    async def note(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx.was_used = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note)
    return trace


async def post_patiently(
    session: aiohttp.ClientSession,
    url: URL,
    limit_s: float,
    *,
    body: bytes,
    headers: dict[str, str],
) -> aiohttp.ClientResponse:
    """Post, and return the answer of whatever status; redirects are not followed.

    Connections that took too long because we stood still are tried again: nothing was posted yet.

    Raises:
        TimeoutError: No answer within the limit, or no connection within the session's.
        KeptConnectionError: A connection was lost that had been used before, if the session has
            `used_connections`.
        aiohttp.ClientError: As `session.post`; so are `OSError` and `ValueError`.
    """
    async with Patience(limit_s) as patience:
        while True:
            before_s = patience.stood_still_s
            connection = _Connection()
            try:
                return await session.post(
                    url,
                    data=body_of(body),
                    headers=headers,
                    allow_redirects=False,
                    trace_request_ctx=connection,
                )
            except aiohttp.ConnectionTimeoutError:
                if patience.stood_still_s == before_s:
                    raise
            except _LOST as error:
                if connection.was_used:
                    raise KeptConnectionError from error
                raise


def body_of(body: bytes) -> bytes | io.BytesIO:
    """Return a body as aiohttp wants it: it warns of a large one that is not written in pieces."""
    return body if len(body) <= _WRITTEN_AT_ONCE_BYTES else io.BytesIO(body)
