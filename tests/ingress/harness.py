"""The two routes under test, each with a listener, and with rooms behind it that record."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import WSMsgType, web
from nacl.signing import SigningKey

from service.clocks import CarrierClock
from service.ingress.limits import MediaLimits
from service.ingress.media_route import MediaRoute
from service.ingress.webhook_route import PATH, WebhookRoute
from tests.ingress.builders import KEY, LEG, NOW, signed
from tests.ingress.peers import RecordingCalls, RecordingDoor, RecordingTicket
from tests.waiting import PATIENCE_S
from tests.web.harness import serving

OLD_KEY = SigningKey(bytes(32))
TOKEN, AUTH = "t0ken-of-a-test", "auth-of-a-test"


class HttpAnswer:
    """An HTTP answer, read to its end."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def detail(self) -> str:
        """Return what a problem says, and see that it is one."""
        assert self.headers["Content-Type"].startswith("application/problem+json")
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        return str(problem["detail"])


class WebhookHarness:
    """The webhook route, which knows two keys, with calls that record."""

    def __init__(self, *, now: float = NOW) -> None:
        self.calls = RecordingCalls()
        keys = [KEY.verify_key, OLD_KEY.verify_key]
        self.network = CarrierClock(lambda: now, lambda: now)
        self.route = WebhookRoute(self.calls, keys, clock=lambda: now, network=self.network)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
        """Open a listener; yield the address of the route, and a client."""
        app = web.Application()
        self.route.add_to(app)
        async with serving(app) as (url, client):
            yield url + PATH, client

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> HttpAnswer:
        """Post one body, signed unless told otherwise."""
        return (await self.post_all([(body, signed(body) if headers is None else headers)]))[0]

    async def post_all(self, posts: list[tuple[bytes, dict[str, str]]]) -> list[HttpAnswer]:
        """Post bodies one after the other to a listener of their own."""
        answers = []
        async with self.serving() as (url, client):
            for body, headers in posts:
                async with client.post(url, data=body, headers=headers) as answer:
                    read = HttpAnswer(answer.status, dict(answer.headers), await answer.read())
                    answers.append(read)
        return answers


class MediaHarness:
    """The media route, with one ticket."""

    def __init__(self, *, limits: MediaLimits | None = None, require_auth: bool = False) -> None:
        self.ticket = RecordingTicket(LEG)
        self.door = RecordingDoor({TOKEN: self.ticket})
        self.route = MediaRoute(self.door, limits=limits, require_auth=require_auth)
        self.close_code: int | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
        """Open a listener; yield the address with the token, and a client."""
        app = web.Application()
        self.route.add_to(app)
        async with serving(app) as (url, client):
            yield f"{url}/media/{TOKEN}", client

    async def play(self, *lines: str | bytes, hang_up: bool = True) -> None:
        """Connect, send, and close; or wait for the other side to close."""
        async with self.serving() as (url, client), client.ws_connect(url) as socket:
            await send_all(socket, lines)
            if hang_up:
                await socket.close()
            else:
                async with asyncio.timeout(PATIENCE_S):
                    answer = await socket.receive()
                assert answer.type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
            self.close_code = socket.close_code

    @property
    def ended(self) -> list[str]:
        """Return how its socket ended, by the counters."""
        return [
            reason
            for reason in self.route.counters.sockets
            if reason not in ("admitted", "without_auth")
        ]


async def send_all(
    socket: aiohttp.ClientWebSocketResponse, messages: Iterable[str | bytes]
) -> None:
    """Send messages, text or binary, as fast as they go."""
    for one in messages:
        if isinstance(one, bytes):
            await socket.send_bytes(one)
        else:
            await socket.send_str(one)
