"""A form on its way in: fields to memory, the file to disk."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, Final

import aiohttp
from aiohttp import web
from aiohttp.http import HttpProcessingError

from service.errors import BadInputError

MAX_FILE_BYTES: Final = 100 * 1000 * 1000
"""Telnyx documents 100 MB."""
MAX_FIELD_BYTES: Final = 16 * 1024
MAX_PARTS: Final = 100
UPLOAD_TIMEOUT_S: Final = 600.0
STALL_TIMEOUT_S: Final = 20.0
_UNREADABLE: Final = (
    ValueError, LookupError, AssertionError, RuntimeError, OSError,
    aiohttp.ClientError, HttpProcessingError,
)  # fmt: skip
"""What aiohttp raises at the forms of strangers: also for the headers of a part."""
_CHUNK_BYTES: Final = 64 * 1024
_WRITE_BYTES: Final = 1024 * 1024


class FileTooLargeError(BadInputError):
    """The file has more than `MAX_FILE_BYTES`."""

    def __init__(self) -> None:
        super().__init__(f"The file has more than {MAX_FILE_BYTES // 1_000_000} MB.")


class Spool:
    """A file on disk without a name: whatever happens, it is gone when it is closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size_bytes = 0
        self._kept = bytearray()

    async def write(self, data: bytes) -> None:
        """Take the next bytes; holds up to 1 MiB of them in memory.

        Raises:
            FileTooLargeError: That is too many.
        """
        self.size_bytes += len(data)
        if self.size_bytes > MAX_FILE_BYTES:
            raise FileTooLargeError
        self._kept += data
        if len(self._kept) >= _WRITE_BYTES:
            await self._flush()

    async def rewind(self) -> IO[bytes]:
        """Return the file, to be read from its beginning."""
        await self._flush()
        await asyncio.to_thread(self.file.flush)
        self.file.seek(0)
        return self.file

    async def _flush(self) -> None:
        kept, self._kept = bytes(self._kept), bytearray()
        await asyncio.to_thread(self.file.write, kept)


@asynccontextmanager
async def open_spool() -> AsyncIterator[Spool]:
    """Open a file that is deleted from the start."""
    with tempfile.TemporaryFile() as file:
        yield Spool(file)


@dataclass(slots=True)
class Form:
    """What was sent, in order."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    has_file: bool = False
    file_name: str = ""
    """What the client calls it."""


async def read_form(request: web.Request, spool: Spool) -> Form:
    """Read a whole multipart form; its `file` goes to the spool.

    Raises:
        FileTooLargeError: The file is.
        BadInputError: Not such a form, cut off, too many or too long parts, or too slow.
    """
    try:
        async with asyncio.timeout(UPLOAD_TIMEOUT_S):
            if request.content_type == "multipart/form-data":
                return await _read_parts(await request.multipart(), spool)
            if request.content_type == "application/x-www-form-urlencoded":
                return await _read_pairs(request)
    except TimeoutError:
        raise BadInputError("The form did not come in time.") from None
    except _UNREADABLE as error:
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError from error
        raise BadInputError("The form cannot be read.") from None
    raise BadInputError("The request must be multipart/form-data.")


async def _read_pairs(request: web.Request) -> Form:
    """A form without a file may come like this, too."""
    async with asyncio.timeout(STALL_TIMEOUT_S):
        try:
            pairs = await request.post()
        except web.HTTPRequestEntityTooLarge:
            raise BadInputError("The form is too long.") from None
    return Form([(name, value) for name, value in pairs.items() if isinstance(value, str)])


async def _read_parts(reader: aiohttp.MultipartReader, spool: Spool) -> Form:
    form = Form()
    for _ in range(MAX_PARTS):
        async with asyncio.timeout(STALL_TIMEOUT_S):
            part = await reader.next()
        if part is None:
            return form
        if not isinstance(part, aiohttp.BodyPartReader):
            raise BadInputError("The form has a form in it.")
        if part.name == "file":
            if form.has_file:
                raise BadInputError("The form has two files.")
            form.has_file, form.file_name = True, part.filename or ""
            async for chunk in _chunks(part):
                await spool.write(chunk)
        else:
            form.fields.append((part.name or "", await _read_field(part)))
    raise BadInputError("The form has too many parts.")


async def _read_field(part: aiohttp.BodyPartReader) -> str:
    data = bytearray()
    async for chunk in _chunks(part):
        data += chunk
        if len(data) > MAX_FIELD_BYTES:
            raise BadInputError("A field of the form is too long.")
    return data.decode(errors="replace")


async def _chunks(part: aiohttp.BodyPartReader) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(STALL_TIMEOUT_S):
            chunk = await part.read_chunk(_CHUNK_BYTES)
        if not chunk:
            return
        yield bytes(chunk)
