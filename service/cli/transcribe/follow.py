"""`callscribe transcribe --follow`: what is heard of a stream, as it is heard."""

import argparse
import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import TextIO
from urllib.parse import urlsplit

import aiohttp
import msgspec

from service.calls.engines import Engine, engine_for, review, review_stream
from service.calls.routes import Route
from service.cli.output import find_file, writing
from service.cli.transcribe.target import Target, is_url, unreachable
from service.errors import CallscribeError, RecognitionError, SettingsError
from service.exits import Exit
from service.reasons import connection_fault
from service.stt.files.text import escape_controls
from service.stt.follow import Follower
from service.stt.formats import WireFormat
from service.stt.results import UNREACHABLE
from service.wire.shown import one_line
from service.wire.stt import SttResult

_CONNECT_TIMEOUT_S = 10.0
_SILENCE_TIMEOUT_S = 30.0
"""A live stream without a byte for this long is over."""
_MAX_REDIRECTS = 5
_READ_BYTES = 64 * 1024
_OK = 200
_UNUSED_RATE_HZ = 16_000
"""For containers, which say it themselves."""

_BY_TYPE = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/ogg": "ogg",
    "application/ogg": "ogg",
    "audio/webm": "webm",
    "video/webm": "webm",
    "audio/basic": "mulaw",
}
_BY_EXTENSION = {
    "mp3": "mp3",
    "wav": "wav",
    "flac": "flac",
    "ogg": "ogg",
    "oga": "ogg",
    "opus": "ogg_opus",
    "webm": "webm",
    "ulaw": "mulaw",
    "mulaw": "mulaw",
    "alaw": "alaw",
}
_BASIC_RATE_HZ = 8_000
"""RFC 2046: `audio/basic` is mu-law at 8000 Hz."""
_CLEAR_LINE = "\r\x1b[K"
_EXPLAINED = {
    "bad_url": "the service's address cannot be used",
    "connect_failed": "the service cannot be reached",
    "connection_lost": "the session with the engine was lost",
    "engine_error": "the engine reported a fault",
    "garbage": "the engine's answers cannot be read",
    "refused_at_upgrade": "the service refuses the key, or has no such address",
    "refused_by_engine": "the engine refuses these settings",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Audio to be streamed, and what it says of its format."""

    audio: AsyncIterator[bytes]
    name: str
    content_type: str = ""


def follow(arguments: argparse.Namespace, target: Target) -> int:
    """Follow until the stream ends or Ctrl-C; a second one does not wait for the last words."""
    try:
        return asyncio.run(_follow(arguments, target))
    except RecognitionError as error:
        if str(error) == UNREACHABLE and not error.code:
            raise CallscribeError(unreachable(target)) from None
        text = _EXPLAINED.get(str(error), str(error))
        raise CallscribeError(f"{text} ({error.code})" if error.code else text) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CallscribeError(f"the stream broke off: {connection_fault(error)}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CallscribeError(f"{error.filename or 'stream'}: {error.strerror}") from None


async def _follow(arguments: argparse.Namespace, target: Target) -> int:
    route = Route(
        engine=arguments.engine or "Deepgram",
        model=arguments.model,
        language=arguments.language,
        keyterms=tuple(arguments.keyterm),
        endpointing_ms=arguments.endpointing,
        engine_options=dict(arguments.option),
    )
    engine = engine_for(route.engine, route.model)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(open_source(arguments.audio))
        input_format, rate_hz = choose_input(arguments, source)
        check(engine, route, input_format, rate_hz)
        kept = None
        if (path := find_file(arguments)) is not None:
            file = stack.enter_context(writing(arguments, path))
            kept = stack.enter_context(TextIOWrapper(file, encoding="utf-8"))
        screen = Screen(sys.stdout, kept, as_json=arguments.format == "json")
        audio = WireFormat(input_format, rate_hz or _UNUSED_RATE_HZ)
        follower = Follower(target.stream_url, target.api_key, route, audio, emit=screen.show)
        screen.gone = follower.stop
        _mind_signals(follower.stop)
        try:
            await follower.run(source.audio)
        except asyncio.CancelledError:
            return Exit.INTERRUPTED
        finally:
            screen.close()
    if screen.fault:
        raise screen.fault
    return Exit.OK


def _mind_signals(stop: Callable[[], None]) -> None:
    """Stop at the first signal, be cancelled at the second."""
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    told: list[int] = []

    def tell(number: int) -> None:
        told.append(number)
        if len(told) > 1 and main:
            main.cancel()
        stop()

    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, tell, int(one))


def check(engine: Engine, route: Route, input_format: str, rate_hz: int | None) -> None:
    """Say what the engine will make of it; raise if it would be refused.

    Raises:
        SettingsError: With a line for each reason.
    """
    found = [review(route, "media"), review_stream(engine, input_format, rate_hz)]
    problems = [problem for one in found for problem in one.problems]
    if problems:
        raise SettingsError(problems)
    for one in found:
        for name in one.ignored:
            print(f"warning: {route.engine} does not heed {name}", file=sys.stderr)
        for warning in one.warnings:
            print(f"warning: {warning}", file=sys.stderr)


def choose_input(arguments: argparse.Namespace, source: Source) -> tuple[str, int | None]:
    """Return `input_format` and sample rate, None if nobody says it.

    The command line comes first, then the content type, then how the name ends.

    Raises:
        SettingsError: Nothing tells it.
    """
    named = (arguments.input_format or "").casefold().replace("-", "_")
    known = named or _BY_TYPE.get(source.content_type)
    extension = PurePosixPath(source.name).suffix.removeprefix(".").casefold()
    if not known and source.content_type in ("", "application/octet-stream"):
        known = _BY_EXTENSION.get(extension)
    if not known:
        what = source.content_type or f".{extension}"
        problem = f"{what} is not an audio format that can be streamed; see --input-format"
        raise SettingsError([problem])
    basic = source.content_type == "audio/basic" and not named
    return known, arguments.sample_rate or (_BASIC_RATE_HZ if basic else None)


@asynccontextmanager
async def open_source(audio: str) -> AsyncIterator[Source]:
    """Open a file or an address.

    Raises:
        CallscribeError: The address does not answer with a stream.
        OSError: The file cannot be read.
    """
    if not is_url(audio):
        yield Source(_read_file(Path(audio)), audio)
        return
    timeout = aiohttp.ClientTimeout(
        total=None, connect=_CONNECT_TIMEOUT_S, sock_read=_SILENCE_TIMEOUT_S
    )
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(audio, max_redirects=_MAX_REDIRECTS) as response,
    ):
        if response.status != _OK:
            raise CallscribeError(f"the stream's address answers HTTP {response.status}")
        if "mpegurl" in response.content_type or "scpls" in response.content_type:
            raise CallscribeError("that is a playlist: give the address of the stream in it")
        declared = "Content-Type" in response.headers
        yield Source(
            response.content.iter_chunked(_READ_BYTES),
            urlsplit(audio).path,
            response.content_type.casefold() if declared else "",
        )


async def _read_file(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        while chunk := await asyncio.to_thread(file.read, _READ_BYTES):
            yield chunk


class Screen:
    """Shows answers: partials in place on a terminal, else a line each. Finals are kept as well."""

    def __init__(self, out: TextIO, kept: TextIO | None, *, as_json: bool) -> None:
        self._out = out
        self._kept = kept
        self._as_json = as_json
        self._live = out.isatty() and not as_json
        self.gone: Callable[[], None] = lambda: None
        """Told when nobody reads any more."""
        self.fault: OSError | None = None
        """Why nothing more is shown, or kept."""

    def show(self, answer: SttResult) -> None:
        """Show one answer. Never raises."""
        text = one_line(answer.transcript or "")
        line = escape_controls(msgspec.json.encode(answer).decode()) if self._as_json else text
        if answer.is_final and self._kept:
            self._print(line + "\n", self._kept)
        if self._as_json:
            self._print(line + "\n", self._out)
        elif self._live:
            width = max(1, shutil.get_terminal_size().columns - 1)
            end = f"{text}\n" if answer.is_final else text[-width:]
            self._print(_CLEAR_LINE + end, self._out)
        else:
            self._print(f"[{'FINAL' if answer.is_final else 'partial'}] {text}\n", self._out)

    def close(self) -> None:
        """Leave no half line behind."""
        if self._live:
            self._print(_CLEAR_LINE, self._out)

    def _print(self, text: str, out: TextIO) -> None:
        if self.fault:
            return
        try:
            out.write(text)
            out.flush()
        except OSError as error:
            self.fault = error
            self.gone()
