"""The client of the STT WebSocket: a connection to an engine, audio out, checked results in."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import AF_UNSPEC
from typing import Any

import structlog
from aiohttp.abc import AbstractResolver
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import broadcast  # works for clients just the same
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from service.errors import (
    BadInputError,
    RecognitionError,
    RecognitionLostError,
    RecognitionRefusedError,
)
from service.net import is_address
from service.stt.limits import ConnectionLimits
from service.stt.results import (
    GARBAGE,
    MAX_RESULT_BYTES,
    UNREACHABLE,
    fault_in,
    fault_of_status,
    read_result,
)
from service.wire.stt import SttResult

log = structlog.get_logger()

_muted = logging.getLogger("service.stt.wire")
_muted.setLevel(logging.ERROR)  # at DEBUG the library logs the key, and every word

_ORDERLY_CODES = frozenset({1000, 1005})
"""1001 is no end of ours: the server is going away, with whatever it still had to say."""
_POLICY_CODE = 1008
"""RFC 6455: policy violation. Telnyx documents no close codes."""
_MAX_BUFFERED_BYTES = 32 * 1024


class Connection:
    """One connection to an engine. Made by `open_connection`.

    Iterating over it gives the results in order and ends once the connection is closed and all
    that had arrived was read; it may be broken off and begun again. A result that says the session
    is over for good or for now, and too much garbage in a row, is raised in its place.
    """

    def __init__(self, socket: ClientConnection, *, max_garbage: int) -> None:
        self._socket = socket
        self._transport = socket.transport
        self._max_garbage = max_garbage
        self._garbage = 0
        self.had_result = False
        """Whether the engine said anything worth reading."""

    def __aiter__(self) -> AsyncIterator[SttResult]:
        return self

    async def __anext__(self) -> SttResult:
        while True:
            try:
                data = await self._socket.recv(decode=False)
            except ConnectionClosed:
                raise StopAsyncIteration from None
            try:
                result = read_result(data)
            except BadInputError as error:
                log.warning("stt_answer_unreadable", size=len(data))
                self._garbage += 1
                if self._garbage >= self._max_garbage:
                    raise RecognitionLostError(GARBAGE) from error
                continue
            self._garbage = 0
            if fault := fault_in(result):
                raise fault
            self.had_result = True
            return result

    async def send(self, data: bytes | str) -> bool:
        """Send audio or a control message; may wait. False once the connection is closed."""
        try:
            await self._socket.send(data)
        except ConnectionClosed:
            return False
        return True

    def send_now(self, data: bytes | str) -> None:
        """Send and never wait; a closed connection drops it. Ask `has_room` first."""
        broadcast((self._socket,), data)

    def has_room(self) -> bool:
        """Say whether little enough waits to be written that `send_now` may add to it."""
        return self._transport.get_write_buffer_size() < _MAX_BUFFERED_BYTES

    async def close(self) -> None:
        """Close in order, or after `close_timeout_s` in whatever way."""
        await self._socket.close()

    def abort(self) -> None:
        """Close at once: there is no time for goodbyes."""
        self._transport.abort()

    @property
    def is_closed(self) -> bool:
        """Whether either side closed it, as far as is known."""
        return self._socket.close_code is not None

    @property
    def closed_in_order(self) -> bool:
        """Whether the connection was closed by the rules of the protocol, as something done."""
        return self._socket.close_code in _ORDERLY_CODES

    def close_fault(self) -> RecognitionError:
        """Return what it means that the connection was closed when it should not have been."""
        code = self._socket.close_code
        log.info("stt_socket_closed", close_code=code)
        if code == _POLICY_CODE and not self.had_result:
            return RecognitionRefusedError("refused_by_engine", code=str(code))
        return RecognitionLostError("connection_lost")


@asynccontextmanager
async def open_connection(
    url: str,
    api_key: str | None,
    limits: ConnectionLimits,
    *,
    names: AbstractResolver | None = None,
) -> AsyncIterator[Connection]:
    """Connect to an engine as `make_connection` does; on leaving it is closed as by `held`.

    Raises:
        RecognitionRefusedError: The service will not have this key or address.
        RecognitionLostError: No connection was made; a later attempt may succeed.
    """
    async with held(await make_connection(url, api_key, limits, names=names)) as connection:
        yield connection


@asynccontextmanager
async def held(connection: Connection) -> AsyncIterator[Connection]:
    """Close a connection on leaving: in order, or at once if the block raised."""
    try:
        yield connection
    except BaseException:
        connection.abort()
        raise
    await connection.close()


async def make_connection(
    url: str,
    api_key: str | None,
    limits: ConnectionLimits,
    *,
    names: AbstractResolver | None = None,
) -> Connection:
    """Connect to an engine; `url` has all its settings (see `query.session_url`).

    `names` looks its host up; without it the system does, in threads that the whole process shares.
    All its addresses are tried. Whoever gets it closes it.

    Raises:
        RecognitionRefusedError: The service will not have this key or address.
        RecognitionLostError: No connection was made; a later attempt may succeed.
    """
    socket = await _connect(url, api_key, limits, names)
    return Connection(socket, max_garbage=limits.max_garbage)


async def _connect(
    url: str, api_key: str | None, limits: ConnectionLimits, names: AbstractResolver | None
) -> ClientConnection:
    try:
        return await _Connect(
            url,
            names,
            additional_headers={"Authorization": f"Bearer {api_key}"} if api_key else None,
            compression=None,
            proxy=None,
            open_timeout=limits.open_timeout_s,
            close_timeout=limits.close_timeout_s,
            ping_interval=limits.ping_s,
            ping_timeout=limits.ping_s,
            max_size=MAX_RESULT_BYTES,
            logger=_muted,
        )
    except InvalidStatus as error:
        raise fault_of_status(error.response.status_code) from error
    except InvalidURI as error:
        raise RecognitionRefusedError("bad_url") from error
    except (OSError, WebSocketException) as error:  # TimeoutError is an OSError
        raise RecognitionLostError(UNREACHABLE) from error


class _Connect(connect):
    """`connect` that follows no redirects: audio and key go where they were meant to go.

    It has a name looked up by whom it was told, and tries all its addresses, one after the other.
    """

    def __init__(self, uri: str, names: AbstractResolver | None, **kwargs: Any) -> None:  # noqa: ANN401 - websockets'
        super().__init__(uri, **kwargs)
        self._names = names

    async def open_tcp_connection(self) -> ClientConnection:
        host = self.ws_uri.host
        if self._names is None or is_address(host):
            return await super().open_tcp_connection()
        failed = OSError("the name has no address")
        for found in await self._names.resolve(host, self.ws_uri.port, AF_UNSPEC):
            self.create_connection_kwargs["host"] = found["host"]
            try:
                return await super().open_tcp_connection()
            except OSError as error:
                failed = error
        raise failed

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc
