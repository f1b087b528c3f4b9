"""Bytes that are made as they are read, as an answer: with ranges and conditions, as of a file."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import ETag, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from service.web.files import MIN_BYTES_PER_S

log = structlog.get_logger()


class RangeSource(Protocol):
    """What is served. Its methods block and are called in threads, one at a time."""

    @property
    def size_bytes(self) -> int:
        """Of all of it."""

    @property
    def changed_ns(self) -> int:
        """When it was changed last, in nanoseconds since 1970."""

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield these bytes, a piece at a time.

        Raises:
            OSError: They cannot be had; whoever waits for them is cut off.
        """

    def close(self) -> None:
        """Let go of it."""


class _BrokenError(Exception):
    """The source cannot be read on."""


def _next(pieces: Iterator[bytes]) -> bytes:
    try:
        return next(pieces, b"")
    except OSError as error:
        raise _BrokenError(str(error)) from error


class RangeAnswer(web.StreamResponse):
    """A source as an answer (RFC 9110, 13 and 14). One piece of it is in memory at a time."""

    def __init__(self, source: RangeSource, *, content_type: str) -> None:
        super().__init__(headers={"Content-Type": content_type})
        self._source = source
        self.allowed_s = source.size_bytes / MIN_BYTES_PER_S
        """How many seconds beyond `Limits.answer_s` it may take."""
        self._tag = f"{source.changed_ns:x}-{source.size_bytes:x}"
        self._changed_s = source.changed_ns // 1_000_000_000
        self.headers["ETag"] = f'"{self._tag}"'
        self.last_modified = datetime.fromtimestamp(self._changed_s, UTC)
        self.headers["Accept-Ranges"] = "bytes"

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the headers, and the bytes that were asked for."""
        try:
            wanted = self._choose(request)
            self.content_length = len(wanted)
            if self.status == HTTPStatus.NOT_MODIFIED:
                self.content_length = None
            writer = await super().prepare(request)
            if request.method != hdrs.METH_HEAD and wanted:
                await self._send(request, wanted)
            return writer
        finally:
            await asyncio.shield(asyncio.to_thread(self._source.close))

    async def _send(self, request: web.BaseRequest, wanted: range) -> None:
        pieces = self._source.read(wanted.start, wanted.stop)
        try:
            while piece := await asyncio.to_thread(_next, pieces):
                await self.write(piece)
        except _BrokenError as error:
            log.warning("answer_broken_off", reason=str(error))
            if request.transport:  # only so does the client learn that this is not all
                request.transport.abort()

    def _choose(self, request: web.BaseRequest) -> range:
        """Settle the status and return the bytes that go with it."""
        nothing, size = range(0), self._source.size_bytes
        if self._is_refused(request):
            self.set_status(HTTPStatus.PRECONDITION_FAILED)
            return nothing
        if self._is_known(request):
            self.set_status(HTTPStatus.NOT_MODIFIED)
            return nothing
        if hdrs.RANGE not in request.headers or not self._holds(request):
            return range(size)
        try:
            wanted = range(size)[request.http_range]
        except ValueError:
            wanted = nothing
        if not wanted:
            self.set_status(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
            return nothing
        self.set_status(HTTPStatus.PARTIAL_CONTENT)
        self.headers[hdrs.CONTENT_RANGE] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
        return wanted

    def _is_refused(self, request: web.BaseRequest) -> bool:
        if request.if_match is not None:
            return not self._is_among(request.if_match, weak=False)
        since = request.if_unmodified_since
        return since is not None and self._changed_s > since.timestamp()

    def _is_known(self, request: web.BaseRequest) -> bool:
        if request.if_none_match is not None:
            return self._is_among(request.if_none_match, weak=True)
        since = request.if_modified_since
        return since is not None and self._changed_s <= since.timestamp()

    def _holds(self, request: web.BaseRequest) -> bool:
        """Whether the range may be taken: from what the client has the beginning of."""
        condition = request.headers.get(hdrs.IF_RANGE)
        if condition is None or condition == f'"{self._tag}"':
            return True
        date = request.if_range
        return date is not None and self._changed_s <= date.timestamp()

    def _is_among(self, tags: tuple[ETag, ...], *, weak: bool) -> bool:
        return any(tag.value in ("*", self._tag) and (weak or not tag.is_weak) for tag in tags)
