"""HTTP connections that we open: what is answered is heard, and nothing is left open.

aiohttp drops all that came in one packet for whatever is wrong in it, heeds interim answers without
end, and closes a connection only once all is sent that waits. So a 204 with a body was no answer,
though the receiver had what it was for; one that sent `102 Processing` and no more kept the loop
busy; who read a body with a broken chunk waited for ever; and of a receiver that did not read, each
attempt left a descriptor and the body that was sent. A status was no answer if a long or odd header
followed it.
"""

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpProcessingError, HttpVersion11, RawResponseMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

MAX_INTERIM_ANSWERS: Final = 16
"""1xx before the answer itself. Who is at work says so every few seconds; attempts take ten."""

MAX_HEAD_LINES: Final = 4_096
"""Of all these heads, and of the pieces that lines come in: a parser skips empty ones for ever."""

MAX_HEAD_BYTES: Final = 256 * 1024
"""As much, in one line or in many: aiohttp's 8 KiB a line is less than some policies have."""

_STATUS_BYTES: Final = 1024
"""So much of a head is kept for its first line."""

_STATUS: Final = re.compile(rb"[\r\n]*HTTP/1\.[01] ([2-9]\d\d)(?: [^\n]*)?(?:\n|$)")
_HEAD_END: Final = re.compile(rb"\n\r?\n")

_CONTINUE, _SWITCHING = HTTPStatus.CONTINUE, HTTPStatus.SWITCHING_PROTOCOLS


class ClientProtocol(ResponseHandler):
    """One connection. A `ClientConnector` makes them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._awaits_head = False
        self._interim_answers = self._lines = self._head_bytes = 0
        self._begun = b""
        self._is_deaf = False

    def set_response_params(self, **params: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Expect the answer to another request."""
        self._awaits_head, self._begun = True, b""
        self._interim_answers = self._lines = self._head_bytes = 0
        limits = {"max_line_size": MAX_HEAD_BYTES, "max_field_size": MAX_HEAD_BYTES}
        super().set_response_params(**{**params, **limits, "max_headers": MAX_HEAD_LINES})

    def data_received(self, data: bytes) -> None:
        """Take a head apart from what follows it in the same packet, which then cannot undo it."""
        if self._is_deaf:
            return
        start = 0
        while start < len(data) and self._awaits_head and self.exception() is None:
            end = self._end_of_piece(data, start)
            self._lines += data.count(b"\n", start, end) or 1
            self._head_bytes += end - start
            self._begun += data[start : min(end, start + _STATUS_BYTES - len(self._begun))]
            if self._lines > MAX_HEAD_LINES or self._head_bytes > MAX_HEAD_BYTES:
                self.set_exception(HttpProcessingError(message="too long a head"))
            else:
                super().data_received(data[start:end])
            start = end
        if start < len(data) and self.exception() is None and not self._is_deaf:
            super().data_received(data[start:])
        if self.exception() is not None:
            self._break_off_body()

    def _end_of_piece(self, data: bytes, start: int) -> int:
        """Return the end of a first head that is all in one packet; of others, of the next line.

        Each piece costs the parser a round.
        """
        if self._lines == 0 and (whole := _HEAD_END.search(data)):
            return whole.end()
        return data.find(b"\n", start) + 1 or len(data)

    def _break_off_body(self) -> None:
        """Tell whoever reads the body that it is none; aiohttp leaves them waiting for ever."""
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the body cannot be read"))

    def set_exception(self, exc: BaseException, *cause: Any) -> None:  # noqa: ANN401 - aiohttp's
        """Fail, unless a head is what is wrong: its first line has said what there is to know."""
        said = _STATUS.match(self._begun) if self._awaits_head else None
        if said is None or not isinstance(exc, HttpProcessingError):
            super().set_exception(exc, *cause)
            return
        self._is_deaf = True
        self.force_close()
        message = RawResponseMessage(
            version=HttpVersion11,
            code=int(said[1]),
            reason="",
            headers=CIMultiDictProxy(CIMultiDict()),
            raw_headers=(),
            should_close=True,
            compression=None,
            upgrade=False,
            chunked=False,
        )
        self.feed_data((message, EMPTY_PAYLOAD))

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take a head that is whole; too many interim ones are a fault of the other side."""
        status = data[0].code
        is_interim = _CONTINUE <= status < HTTPStatus.OK and status != _SWITCHING
        if not is_interim:
            self._awaits_head = False
        elif self._interim_answers == MAX_INTERIM_ANSWERS:
            self.set_exception(HttpProcessingError(message="too many interim answers"))
            return
        self._interim_answers += is_interim
        self._begun = b""
        super().feed_data(data, size)

    def close(self) -> None:
        """Close now: what still waits to be sent would keep it open as long as nobody reads."""
        link = self.transport
        if link is None or not (link.is_closing() or link.get_write_buffer_size()):
            super().close()
        else:
            self.abort()


class ClientConnector(aiohttp.TCPConnector):
    """aiohttp's, with connections of ours. Made in a running loop."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(**settings)
        made_by: partial[Any] = partial(ClientProtocol, self._loop)
        self._factory = made_by
