"""A feed that misbehaves by script, connection by connection, and gives out tokens to itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from time import time

from aiohttp import web

from tests.clients.builders import Frame

DOWN_S = 0.4
"""How long the feed is away in a restart: that is the fault."""
SOME = 4
"""How many frames a connection brings before it breaks."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to connect: what was shown, and when (the loop's time)."""

    after: int | None
    token: str
    at: float


class FaultyFeed:
    """A feed of `frames`. Each connection meets the next fault; after the last one, none.

    Who has had everything gets it once more, unless it `ends_plainly`, and then `CODA`, which ends
    the test.
    """

    def __init__(
        self, frames: Sequence[Frame], faults: Sequence["Fault"], *, ends_plainly: bool = False
    ) -> None:
        self.frames = list(frames)
        self.attempts: list[Attempt] = []
        self.url = ""
        self.coda = [CODA] if ends_plainly else [*frames, CODA]
        self._faults = list(faults)
        self._tokens = 0
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._restarting: asyncio.Task[None] | None = None

    @property
    def token_url(self) -> str:
        """Where a token is had."""
        return self.url.replace("/v1/feed", "/token")

    @asynccontextmanager
    async def serve(self, *routes: web.AbstractRouteDef) -> AsyncIterator["FaultyFeed"]:
        """Serve it until the end of the block, with these routes beside it."""
        app = web.Application()
        app.router.add_routes(routes)
        app.router.add_get("/v1/feed", self._feed)
        app.router.add_get("/token", self._token)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await self._listen()
            yield self
        finally:
            await self._runner.cleanup()

    async def stop_listening(self) -> None:
        """Refuse connections for a while."""
        assert self._runner
        for site in list(self._runner.sites):
            await site.stop()
        self._restarting = asyncio.create_task(self._listen_again())

    def revoke(self) -> None:
        """Have no token taken but the next."""
        self._tokens += 1

    def refuses(self, request: web.Request) -> bool:
        """Whether this request's token is over."""
        return request.headers.get("Authorization") != f"Bearer token-{self._tokens}"

    def after(self, cursor: int) -> list[Frame]:
        """Return what comes after a cursor."""
        place = max((n for n, one in enumerate(self.frames, 1) if one.cursor == cursor), default=0)
        return self.frames[place:]

    async def _listen_again(self) -> None:
        await asyncio.sleep(DOWN_S)
        await self._listen()

    async def _listen(self) -> None:
        assert self._runner
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/v1/feed"

    async def _token(self, _: web.Request) -> web.Response:
        return web.json_response({"token": f"token-{self._tokens}"})

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        shown = request.headers.get("Last-Event-ID")
        after = None if shown is None else int(shown)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        at = asyncio.get_running_loop().time()
        self.attempts.append(Attempt(after, token, at))
        if self.refuses(request):
            return web.Response(status=401)
        fault = self._faults.pop(0) if self._faults else whole
        return await fault(self, Connection(request, after or 0))


CODA = Frame(10_000, "call.coda", {"type": "call.coda", "data": {"call_id": "coda", "seq": 1}})


class Connection:
    """One connection to the feed."""

    def __init__(self, request: web.Request, after: int) -> None:
        self.after = after
        self._request = request
        self._answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        self._answer.force_close()

    async def write(self, data: bytes) -> web.StreamResponse:
        """Send bytes, and give the client the time to take them by themselves."""
        if not self._answer.prepared:
            await self._answer.prepare(self._request)
            await self._answer.write(b"retry: 1000\n\n")
        await self._answer.write(data)
        await asyncio.sleep(0)
        return self._answer

    def cut(self, *, reset: bool = False) -> None:
        """Break the connection, with what was sent still on its way, or without."""
        assert self._request.transport
        if reset:
            self._request.transport.abort()
        else:
            self._request.transport.close()

    async def stay(self) -> None:
        """Say nothing more, until the client leaves."""
        while self._request.transport and not self._request.transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # nobody tells the handler


Fault = Callable[[FaultyFeed, Connection], Awaitable[web.StreamResponse]]


def status(code: int, **headers: str) -> Fault:
    """Return a fault: an answer of this status."""

    async def answer(_: FaultyFeed, __: Connection) -> web.StreamResponse:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, headers=told)

    return answer


async def busy_until(_: FaultyFeed, __: Connection) -> web.StreamResponse:
    """429, until a date."""
    headers = {"Retry-After": formatdate(time() + 2, usegmt=True)}
    return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)


async def page(_: FaultyFeed, __: Connection) -> web.StreamResponse:
    """A proxy's page, with 200."""
    return web.Response(text="<p>We will be right back", content_type="text/html")


async def whole(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """All that is left, then all of it once more."""
    frames = [*feed.after(connection.after), *feed.coda]
    answer = await connection.write(b"".join(one.encode() for one in frames))
    await connection.stay()
    return answer


async def some(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """A few frames, and the end of the answer."""
    return await _send_some(feed, connection)


async def cut_mid_event(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """A few frames and a half, and no end of the answer."""
    answer = await _send_some(feed, connection, and_half=True)
    connection.cut()
    return answer


async def reset_mid_event(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """The same, with a reset, which may take along what was sent before."""
    answer = await _send_some(feed, connection, and_half=True)
    connection.cut(reset=True)
    return answer


async def ended_mid_event(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """A few frames and a half, as if that were all."""
    return await _send_some(feed, connection, and_half=True)


async def ended_before_the_empty_line(
    feed: FaultyFeed, connection: Connection
) -> web.StreamResponse:
    """A whole event in all its lines, but for the empty one that ends it."""
    frames = [one for one in feed.after(connection.after) if one.cursor]
    return (
        await connection.write(frames[0].encode()[:-1]) if frames else await some(feed, connection)
    )


async def repeated(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Begins long before what was asked for."""
    earlier = Connection(connection._request, max(0, connection.after - 3))  # noqa: SLF001
    return await _send_some(feed, earlier, count=3 * SOME)


async def dripped(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """A few bytes at a time, in the middle of lines and letters; with keep-alives and CRLF."""
    frames = feed.after(connection.after)[:SOME]
    data = b": keep-alive\r\n" + b"".join(one.encode("\r\n") for one in frames) + b":\n"
    answer = await connection.write(b"")
    for start in range(0, len(data), 5):
        await connection.write(data[start : start + 5])
    return answer


async def moved(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """An id without an event: the filter passed nothing before it. Then a cut."""
    answer = await _send_some(feed, connection)
    left = [one.cursor for one in feed.after(connection.after)[:SOME] if one.cursor]
    await connection.write(b": keep-alive\nid: %d\n\n" % max(left, default=connection.after))
    connection.cut()
    return answer


async def expired(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Says that the token is over, and takes it no more."""
    answer = await _send_some(feed, connection)
    feed.revoke()
    return await _goodbye(feed, connection, answer, "token_expired")


async def revoked(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Breaks off, and takes the token no more."""
    answer = await _send_some(feed, connection)
    feed.revoke()
    connection.cut()
    return answer


async def slow(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Says goodbye to who reads too slowly, and what to resume after."""
    return await _goodbye(feed, connection, await _send_some(feed, connection), "slow")


async def restarted(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Says that it stops, and is away for a while."""
    answer = await _goodbye(feed, connection, await _send_some(feed, connection), "stopping")
    await feed.stop_listening()
    return answer


async def forgetful(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Does not know the cursor: it is too old, or of another database."""
    if connection.after:
        return web.Response(status=HTTPStatus.GONE)
    return await some(feed, connection)


async def silent(feed: FaultyFeed, connection: Connection) -> web.StreamResponse:
    """Says nothing any more, and holds the connection."""
    answer = await _send_some(feed, connection)
    await connection.stay()
    return answer


async def _send_some(
    feed: FaultyFeed, connection: Connection, *, count: int = SOME, and_half: bool = False
) -> web.StreamResponse:
    frames = feed.after(connection.after)
    data = b"".join(one.encode() for one in frames[:count])
    if and_half and len(frames) > count:
        half = frames[count].encode()
        data += half[: len(half) // 2]
    return await connection.write(data)


async def _goodbye(
    feed: FaultyFeed, connection: Connection, answer: web.StreamResponse, reason: str
) -> web.StreamResponse:
    sent = [one.cursor for one in feed.after(connection.after)[:SOME] if one.cursor]
    resume = max(sent, default=connection.after)
    said = b'{"reason":"%s","resume_after":%d}' % (reason.encode(), resume)
    await connection.write(b"event: closed\ndata: %s\n\n" % said)
    return answer


FAULTS: dict[str, Sequence[Fault]] = {
    "502": [status(502)],
    "503": [status(503), status(503)],
    "503 with Retry-After": [status(503, Retry_After="1")],
    "429 until a date": [busy_until],
    "a page": [page],
    "cut": [cut_mid_event],
    "reset": [reset_mid_event],
    "ended": [ended_mid_event],
    "no empty line": [ended_before_the_empty_line],
    "repeats": [repeated],
    "drips": [dripped],
    "moved": [moved],
    "expired": [expired],
    "revoked": [revoked],
    "slow": [slow],
    "restart": [restarted],
    "cursor too old": [forgetful],
}
