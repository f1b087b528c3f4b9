"""HTTP connections that cannot be held open for nothing: aiohttp's, with deadlines and caps."""

import asyncio
import math
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
from service.web.bodies import is_broken_off
from service.web.files import FileAnswer
from service.web.forwarded import forwarded_client
from service.web.gate import FULL, Gate
from service.web.ranges import RangeAnswer

log = structlog.get_logger()

_CLOSING_S = 1.0
_LINGERING_S = 1.0

_LATE = raw_problem(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.")


class Phase(Enum):
    """What a connection has a deadline for; `WORK` has none, there it is our turn."""

    HEAD = auto()
    BODY = auto()
    WORK = auto()
    ANSWER = auto()
    IDLE = auto()
    CLOSING = auto()


class Connection(RequestHandler):
    """One connection of a listener."""

    __slots__ = (
        "_address",
        "_body",
        "_changed",
        "_gate",
        "_link",
        "_peer",
        "_phase",
        "deadline_at",
    )
    _body: StreamReader
    """Of the request that is read."""
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
        self._peer = ""
        self._address: str | None = None
        """Whom this connection is counted for: its peer, or whom a proxy speaks for."""
        self._changed: Callable[[], None] = _nobody_asked
        self._phase = Phase.HEAD
        self.deadline_at = loop.time() + limits.head_s
        """When the gate turns this connection out; seconds on the loop's clock."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse the connection because there are too many."""
        link = self._link = cast(asyncio.Transport, transport)
        peer: Any = link.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        refusal = self._gate.let_in(self, self._peer)
        if refusal is not None:
            self.force_close()
            link.write(refusal)
            link.close()
            return
        self._address = None if self._gate.limits.is_proxy(self._peer) else self._peer
        super().connection_made(transport)

    @property
    def client(self) -> str:
        """The address of whoever asks now: the peer, unless a trusted proxy says another."""
        return self._address or self._peer

    @property
    def is_at_work(self) -> bool:
        """See `Guest.is_at_work`."""
        return self._phase is Phase.WORK

    def vouch(self, *, sender: bool = False) -> None:
        """Let this connection keep its place: it has shown a key, token or signature.

        For the `sender` of a webhook, places are kept from now on.
        """
        self._gate.vouch(self)
        if sender:
            self._gate.remember_sender(self._peer)

    def make_room(self) -> None:
        """See `Guest.make_room`."""
        if self._phase is Phase.ANSWER:
            self._link.abort()  # what waits to be sent would keep it open
            return
        if self._phase in (Phase.HEAD, Phase.BODY):
            self._link.write(FULL)
        self._hang_up()
        self._loop.call_later(_CLOSING_S, self._link.abort)  # the gate does not look any more

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
        self._gate.stay(self)
        self._leave_address()
        self._changed = changed
        return self._link

    @property
    def may_stay(self) -> bool:
        """Whether there is room for another answer that goes on for long."""
        return self._gate.lets_stay

    def data_received(self, data: bytes) -> None:
        """Read on; the first bytes after an answer begin the next head."""
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD, self._gate.limits.head_s)
        super().data_received(data)

    def head_read(self, request: web.BaseRequest) -> bool:
        """Start the deadline of the body: a handler is about to run.

        False if whoever a proxy speaks for has as many connections as one may.
        """
        self._enter(Phase.BODY, self._gate.limits.body_s)
        self._body = request.content
        self._body.on_eof(self._body_read)
        if not self._gate.limits.is_proxy(self._peer):
            return True
        self._leave_address()
        client = forwarded_client(request.headers, self._gate.limits)
        if client is not None and not self._gate.count(client):
            return False
        self._address = client
        return True

    def set_parser(self, parser: WebSocketReader, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Become a WebSocket: its handler has let the client in."""
        self.vouch()
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
        if self._is_broken_off(request, exc):
            status = HTTPStatus.BAD_REQUEST
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request_failed", route=route_of(request), exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("half an answer was sent")
        detail = (
            "This is not HTTP."
            if status == HTTPStatus.BAD_REQUEST
            else "Something failed here, and is in the log."
        )
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
        self._hang_up()
        self.deadline_at = now + _CLOSING_S

    def _is_broken_off(self, request: web.BaseRequest, exc: BaseException | None) -> bool:
        """Say whether a handler failed because the client left, or sent a body that is none."""
        if exc is None or not is_broken_off(exc):
            return False
        has_left = self.transport is None or self.transport.is_closing()
        return has_left or request.content.exception() is not None

    def _hang_up(self) -> None:
        """Close, and tell whoever reads a body that no more of it comes."""
        if self._phase is Phase.BODY:
            self._body.set_exception(ConnectionResetError("the listener closed the connection"))
        self._phase = Phase.CLOSING
        self.force_close()

    def _body_read(self) -> None:
        if self._phase is Phase.BODY:
            self._phase, self.deadline_at = Phase.WORK, math.inf
            self._gate.asked(self)

    def _enter(self, phase: Phase, allowed_s: float) -> None:
        if self._phase is not Phase.CLOSING:
            self._phase, self.deadline_at = phase, self._loop.time() + allowed_s

    def _leave_address(self) -> None:
        if self._address is not None:
            self._gate.uncount(self._address)
            self._address = None


def vouch(request: web.BaseRequest, *, sender: bool = False) -> None:
    """Let the connection of a request keep its place; see `Connection.vouch`."""
    connection = request.protocol
    if isinstance(connection, Connection):
        connection.vouch(sender=sender)


def may_stay(request: web.BaseRequest) -> bool:
    """Say whether an answer to this request may go on for long; see `Gate.lets_stay`."""
    connection = request.protocol
    return not isinstance(connection, Connection) or connection.may_stay


def client_of(request: web.BaseRequest) -> str:
    """Return the address of whoever asks; behind a trusted proxy, what that says."""
    connection = request.protocol
    return connection.client if isinstance(connection, Connection) else request.remote or ""


def _nobody_asked() -> None:
    """Do nothing: most answers are short."""
