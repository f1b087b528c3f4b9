"""Transcripts of whole files over HTTP, as Telnyx and OpenAI give them."""

import asyncio
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from service.errors import BadInputError, RefusedSettingError
from service.recogniser.api.access import Access
from service.recogniser.api.draining import finish_within
from service.recogniser.api.languages import LANGUAGE
from service.recogniser.api.refusals import refuse, refuse_busy, refuse_missing
from service.recogniser.files.bad_fields import BAD_FIELD, MissingFieldError
from service.recogniser.files.fetching import Fetcher
from service.recogniser.files.forms import FileSettings, parse_form
from service.recogniser.files.rendering import CONTENT_TYPES, beyond, render
from service.recogniser.files.transcription import ClientGoneError, Transcript, transcribe_file
from service.recogniser.files.uploads import FileTooLargeError, open_spool, read_form
from service.recogniser.scheduling.workers import Workers

log = structlog.get_logger()

PATHS: Final = ("/v2/ai/audio/transcriptions", "/v2/audio/transcriptions")
"""Telnyx's own, and the one that OpenAI's clients make of Telnyx's address."""


class FileRoute:
    """Transcribes files. One more than `max_files` at once is answered 503."""

    def __init__(
        self, workers: Workers, access: Access, fetcher: Fetcher, *, max_files: int
    ) -> None:
        self._workers = workers
        self._engine = workers.networks.engine.name
        self._access = access
        self._fetcher = fetcher
        self._max_files = max_files
        self._live: set[asyncio.Task[object]] = set()
        self._draining = False

    @property
    def files(self) -> int:
        """How many files are being worked on."""
        return len(self._live)

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application, at both its paths."""
        for path in PATHS:
            app.router.add_post(path, self.transcribe)

    async def transcribe(self, request: web.Request) -> web.Response:
        """Answer with what is said in a file, or why there is no answer."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return refusal
        task = asyncio.current_task()
        if self._draining or task is None or self.files >= self._max_files:
            return refuse_busy("As many files as can be are being worked on: come again soon.")
        self._live.add(task)
        try:
            return await self._answer(request)
        finally:
            self._live.discard(task)

    async def drain(self, timeout_s: float) -> None:
        """Take no more files; give those being worked on so many seconds."""
        self._draining = True
        await finish_within(self._live, timeout_s)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            settings, transcript = await self._work(request)
        except BadInputError as error:
            return _refusal(error)
        except (ClientGoneError, ConnectionError):
            log.info("file_client_gone")
            return _bad_request("The client is gone.")
        except Exception:  # one file's failure is not another's
            log.exception("file_failed")
            return refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "50000", "The engine failed.")
        return web.Response(
            body=render(transcript, settings),
            content_type=CONTENT_TYPES[settings.response_format],
            charset="utf-8",
            headers=_notes(settings, transcript, self._engine),
        )

    async def _work(self, request: web.Request) -> tuple[FileSettings, Transcript]:
        clock = asyncio.get_running_loop().time
        async with AsyncExitStack() as stack:
            spool = await stack.enter_async_context(open_spool())
            form = await read_form(request, spool)
            settings = parse_form(form.fields, has_file=form.has_file)
            name = form.file_name
            if settings.file_url is not None:
                name = await self._fetcher.fetch(settings.file_url, spool)
            began = clock()
            transcript = await transcribe_file(
                await spool.rewind(),
                self._workers,
                name=name,
                words=settings.words,
                multichannel=settings.multichannel,
                key_terms=settings.key_terms,
                is_gone=lambda: _is_gone(request),
            )
        log.info(
            "file_transcribed",
            asked_model=settings.model,
            engine=self._engine,
            size_bytes=spool.size_bytes,
            heard_s=transcript.duration_s,
            took_s=round(clock() - began, 3),
        )
        return settings, transcript


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _refusal(error: BadInputError) -> web.Response:
    match error:
        case MissingFieldError(name=name):
            return refuse_missing(BAD_FIELD, name)
        case RefusedSettingError(parameter=parameter):
            return _bad_request(str(error), parameter=parameter)
        case FileTooLargeError():
            return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, BAD_FIELD, str(error))
        case _:
            return _bad_request(str(error), parameter="file")


def _bad_request(detail: str, *, parameter: str | None = None) -> web.Response:
    return refuse(HTTPStatus.BAD_REQUEST, BAD_FIELD, detail, parameter=parameter)


def _notes(settings: FileSettings, transcript: Transcript, engine: str) -> dict[str, str]:
    """Return what differs from what was asked for, or was sent, as headers."""
    notes = {
        "x-callscribe-engine": engine,
        "x-callscribe-stands-in-for": settings.model,
        "x-callscribe-language": LANGUAGE,
    }
    if more := beyond(settings):
        notes["x-callscribe-beyond"] = ", ".join(more)
    if transcript.notes:
        notes["x-callscribe-audio"] = "; ".join(transcript.notes)
    if settings.ignored:
        notes["x-callscribe-ignored"] = ", ".join(settings.ignored)
    return notes
