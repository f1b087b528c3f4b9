"""HTTP connections that cannot be held open for nothing: aiohttp's, with deadlines and caps."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http import WebSocketReader
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from service.web.access import AccessLog, route_of
from service.web.answers import SERVER, problem, raw_problem
from service.web.files import FileAnswer
from service.web.limits import Limits
from service.web.ranges import RangeAnswer

log = structlog.get_logger()

_CLOSING_S = 1.0
_LINGERING_S = 1.0
_SWEEPS_PER_DEADLINE = 10

_FULL = raw_problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections: come again soon.")
_GREEDY = raw_problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections from this address.")
_LATE = raw_problem(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")


class Phase(Enum):
    """What a connection has a deadline for; `WORK` has none, there it is our turn."""

    HEAD = auto()
    BODY = auto()
    WORK = auto()
    ANSWER = auto()
    IDLE = auto()
    CLOSING = auto()


class Gate:
    """All connections of one listener: lets them in, and turns out those that take too long.

    Full, it answers 503 (or 429 to one greedy address) and closes without reading a request.
    """

    def __init__(self, server: web.Server, limits: Limits) -> None:
        self.limits = limits
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._by_address: Counter[str] = Counter()
        self._tick_s = min(limits.head_s, limits.body_s, limits.idle_s) / _SWEEPS_PER_DEADLINE
        self._timer = self._loop.call_later(self._tick_s, self._sweep)

    def connection(self) -> "Connection":
        """Make the protocol of one connection (for `loop.create_server`)."""
        return Connection(self, self._server, self._loop)

    def close(self) -> None:
        """Stop looking at deadlines."""
        self._timer.cancel()

    def let_in(self, connection: "Connection", address: str | None) -> bytes | None:
        """Count a new connection in, or return the answer that turns it away.

        `address` is None for a client that only counts among all.
        """
        if len(self._connections) >= self.limits.max_connections:
            return _FULL
        if address is not None:
            if self._by_address[address] >= self.limits.max_connections_per_address:
                return _GREEDY
            self._by_address[address] += 1
        self._connections.add(connection)
        return None

    def let_out(self, connection: "Connection") -> None:
        """Forget a connection; harmless for one that was turned away."""
        self._connections.discard(connection)

    def forget_address(self, address: str) -> None:
        """Count one connection less from this address."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in [each for each in self._connections if each.deadline_at <= now]:
            connection.expire(now)
        self._timer = self._loop.call_later(self._tick_s, self._sweep)


class Connection(RequestHandler):
    """One connection of a listener."""

    __slots__ = ("_address", "_changed", "_gate", "_link", "_phase", "deadline_at")
    _link: asyncio.Transport

    def __init__(self, gate: Gate, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        limits = gate.limits
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=2 * (limits.head_s + limits.idle_s),  # the gate is first
            access_log_class=AccessLog,
            max_line_size=limits.max_line_bytes,
            max_field_size=limits.max_line_bytes,
            max_headers=limits.max_headers,
            lingering_time=_LINGERING_S,
            auto_decompress=False,  # signatures are over what was sent, and bombs are bodies too
        )
        self._gate = gate
        self._address: str | None = None
        self._changed: Callable[[], None] = _nobody_asked
        self._phase = Phase.HEAD
        self.deadline_at = loop.time() + limits.head_s
        """When the gate turns this connection out; seconds on the loop's clock."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse the connection because there are too many."""
        link = self._link = cast(asyncio.Transport, transport)
        peer: Any = link.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        counted = None if self._gate.limits.is_proxy(address) else address
        refusal = self._gate.let_in(self, counted)
        if refusal is not None:
            self.force_close()
            link.write(refusal)
            link.close()
            return
        self._address = counted
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another connection."""
        self._gate.let_out(self)
        self._leave_address()
        super().connection_lost(exc)
        self._changed()

    def resume_writing(self) -> None:
        """Tell the answer that there is room to write again."""
        super().resume_writing()
        self._changed()

    def stay(self, changed: Callable[[], None]) -> asyncio.Transport:
        """Let an answer go on for long: the client has shown a key, and no longer counts.

        `changed` is called when there is room to write again, and when the client has left.
        """
        self._leave_address()
        self._changed = changed
        return self._link

    def data_received(self, data: bytes) -> None:
        """Read on; the first bytes after an answer begin the next head."""
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD, self._gate.limits.head_s)
        super().data_received(data)

    def head_read(self, content: StreamReader) -> None:
        """Start the deadline of the body: a handler is about to run."""
        self._enter(Phase.BODY, self._gate.limits.body_s)
        content.on_eof(self._body_read)

    def set_parser(self, parser: WebSocketReader, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Become a WebSocket: its handler has let the client in."""
        self._leave_address()
        super().set_parser(parser, *args, **kwargs)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer, and give the client so long to take it."""
        more_s = resp.allowed_s if isinstance(resp, FileAnswer | RangeAnswer) else 0.0
        self._enter(Phase.ANSWER, self._gate.limits.answer_s + more_s)
        if not resp.prepared:
            resp.headers["Server"] = SERVER
        finished = await super().finish_response(request, resp, start_time)
        self._enter(Phase.IDLE, self._gate.limits.idle_s)
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what a handler did not expect, and close.

        aiohttp would log the former with a traceback, and with what the stranger had sent.
        """
        del message
        if isinstance(exc, (ConnectionError, web.RequestPayloadError)):
            status = HTTPStatus.BAD_REQUEST  # the body broke off, or its chunks are none
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request_failed", route=route_of(request), exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent")
        detail = "This is not HTTP." if status == HTTPStatus.BAD_REQUEST else "It is logged."
        answer = problem(HTTPStatus(status), detail)
        answer.force_close()
        return answer

    def expire(self, now: float) -> None:
        """Close: the deadline has passed. Whoever does not even take that is cut off."""
        if self._phase in (Phase.ANSWER, Phase.CLOSING):
            self._link.abort()
            return
        if self._phase is not Phase.IDLE:
            self._link.write(_LATE)
        self._phase, self.deadline_at = Phase.CLOSING, now + _CLOSING_S
        self.force_close()

    def _body_read(self) -> None:
        if self._phase is Phase.BODY:
            self._phase, self.deadline_at = Phase.WORK, math.inf

    def _enter(self, phase: Phase, allowed_s: float) -> None:
        if self._phase is not Phase.CLOSING:
            self._phase, self.deadline_at = phase, self._loop.time() + allowed_s

    def _leave_address(self) -> None:
        if self._address is not None:
            self._gate.forget_address(self._address)
            self._address = None


def _nobody_asked() -> None:
    """Do nothing: most answers are short."""
