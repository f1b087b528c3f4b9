"""Whole files, transcribed over REST: `POST /ai/audio/transcriptions`, Telnyx's or our own.

The form is made here and not by Telnyx's SDK, which puts `model_config` into parts of its own
that the documentation does not know, and waits for a minute only.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import structlog

from service.calls.engines import FileRequest, review_file
from service.client_connections import ClientConnector
from service.errors import BadInputError, RecognitionLostError, RecognitionRefusedError
from service.retry import RetryPolicy, parse_retry_after
from service.stt.files.form import (
    Progress,
    add_file,
    extension_of,
    extension_of_url,
    form_of,
    is_web,
    open_upload,
    size_of,
)
from service.stt.files.refusal import fault_of
from service.stt.files.transcript import FileTranscript, parse_file_transcript
from service.stt.results import UNREACHABLE

log = structlog.get_logger()

PATH = "/ai/audio/transcriptions"
"""Below the base URL."""
MAX_FILE_BYTES = 100 * 1024 * 1024
"""Source: Telnyx's REST parameters page."""
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""A day of words with their times is smaller."""
_OK = 200


_RETRIES = RetryPolicy(delays_s=(0.5, 1.0, 2.0, 4.0), max_retry_after_s=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How patient a client is. A long file takes minutes before the first byte of an answer."""

    connect_timeout_s: float = 10.0
    silence_timeout_s: float = 300.0
    """Without a byte in either direction."""
    attempt_timeout_s: float = 1800.0
    retries: RetryPolicy = _RETRIES
    max_file_bytes: int = MAX_FILE_BYTES
    max_response_bytes: int = MAX_RESPONSE_BYTES


class FilesClient:
    """Transcribes files, any number at once. Made by `open_files`."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        local: bool,
        limits: FileLimits,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        self._http = http
        self._url = url
        self._local = local
        self._limits = limits
        self._clock = clock
        self._dice = dice

    async def transcribe_file(
        self,
        file: Path | bytes,
        request: FileRequest,
        *,
        name: str = "",
        progress: Progress | None = None,
    ) -> FileTranscript:
        """Upload a file, of up to `MAX_FILE_BYTES`, and return its transcript.

        A path is streamed from disk, again for each attempt. Bytes need a `name` that ends as
        their format does; of a name nothing but that end is sent.

        Raises:
            RecognitionRefusedError: The request cannot be met; mostly found before sending.
            RecognitionLostError: No answer worth having after the bounded retries.
            OSError: The file cannot be read.
        """
        size = await asyncio.to_thread(size_of, file)
        extension = extension_of(name or (file.name if isinstance(file, Path) else ""))
        problems = [] if extension else ["the file's name should end in its format, as in .mp3"]
        if not 0 < size <= self._limits.max_file_bytes:
            most = self._limits.max_file_bytes
            problems.append(f"the file has {size} bytes; it may have 1 to {most}")
        self._check(request, extension, problems)

        async def post() -> FileTranscript:
            upload = await asyncio.to_thread(open_upload, file, size, progress)
            with upload:
                form = form_of(request)
                add_file(form, upload, extension)
                return await self._post(form)

        return await self._persist(post, request)

    async def transcribe_url(self, url: str, request: FileRequest) -> FileTranscript:
        """Have the server fetch a file and return its transcript.

        Telnyx wants a public address without a login, and downloads for 15 s at most.

        Raises:
            RecognitionRefusedError: The request cannot be met; mostly found before sending.
            RecognitionLostError: No answer worth having after the bounded retries.
        """
        problems = [] if is_web(url) else ["the address should be http:// or https:// and a host"]
        self._check(request, "" if problems else extension_of_url(url), problems)

        async def post() -> FileTranscript:
            form = form_of(request)
            form.add_field("file_url", url)
            return await self._post(form)

        return await self._persist(post, request)

    def _check(self, request: FileRequest, extension: str, problems: list[str]) -> None:
        found = review_file(request, extension, local=self._local)
        problems = [*problems, *found.problems]
        if problems:
            raise RecognitionRefusedError("; ".join(problems))
        for warning in found.warnings:
            log.warning("file_request_odd", warning=warning)
        if found.ignored:
            log.warning("file_settings_ignored", settings=found.ignored)

    async def _persist(
        self, post: Callable[[], Awaitable[FileTranscript]], request: FileRequest
    ) -> FileTranscript:
        """Try until there is an answer, or no more sense in it."""
        attempts = 0
        while True:
            attempts += 1
            asked_s: float | None = None
            try:
                async with asyncio.timeout(self._limits.attempt_timeout_s):
                    return await post()
            except _AskedToWaitError as error:
                fault: RecognitionLostError = error.fault
                asked_s = error.retry_after_s
            except aiohttp.InvalidURL:
                raise RecognitionRefusedError("the base URL cannot be used") from None
            except aiohttp.ClientConnectorError:
                fault = RecognitionLostError(UNREACHABLE)
            except TimeoutError:
                fault = RecognitionLostError("no answer in time")
            except (aiohttp.ClientError, ConnectionError):
                fault = RecognitionLostError("the connection broke off")
            delay_s = self._limits.retries.next_delay_s(
                attempts, dice=self._dice(), retry_after_s=asked_s
            )
            log.warning(
                "file_attempt_failed",
                model=request.model,
                attempts=attempts,
                reason=str(fault),
                code=fault.code,
                delay_s=delay_s,
            )
            if delay_s is None:
                raise fault
            await asyncio.sleep(delay_s)

    async def _post(self, form: aiohttp.FormData) -> FileTranscript:
        async with self._http.post(self._url, data=form, allow_redirects=False) as response:
            body = await _read_at_most(response.content, self._limits.max_response_bytes)
            if response.status != _OK:
                fault = fault_of(response.status, body)
                if isinstance(fault, RecognitionLostError):
                    asked = response.headers.get("Retry-After")
                    raise _AskedToWaitError(fault, parse_retry_after(asked, self._clock()))
                raise fault
        try:
            return await asyncio.to_thread(parse_file_transcript, body)
        except BadInputError:
            raise RecognitionLostError("the answer is not a transcript") from None


class _AskedToWaitError(Exception):
    """A fault worth another try, with when the server wants it."""

    def __init__(self, fault: RecognitionLostError, retry_after_s: float | None) -> None:
        self.fault = fault
        self.retry_after_s = retry_after_s
        super().__init__()


@asynccontextmanager
async def open_files(
    base_url: str,
    api_key: str | None,
    *,
    local: bool = False,
    limits: FileLimits | None = None,
    clock: Callable[[], float] = time.time,
    dice: Callable[[], float] = random.random,
) -> AsyncIterator[FilesClient]:
    """Open a client for the API at `base_url`, which ends in `/v2`.

    `local` says that our own recogniser answers there: requests are judged by what it can do.
    Redirects are not followed: audio and key go where they were meant to go.
    """
    limits = limits or FileLimits()
    timeout = aiohttp.ClientTimeout(
        total=None, connect=limits.connect_timeout_s, sock_read=limits.silence_timeout_s
    )
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    async with aiohttp.ClientSession(
        connector=ClientConnector(), timeout=timeout, headers=headers
    ) as http:
        url = base_url.rstrip("/") + PATH
        yield FilesClient(http, url, local=local, limits=limits, clock=clock, dice=dice)


async def _read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_any():
        body += chunk
        if len(body) > limit:
            raise RecognitionLostError("the answer is too long")
    return bytes(body)
