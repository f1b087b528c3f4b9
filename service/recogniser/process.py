"""The recogniser in a process of its own: somebody's child, which the command line watches over.

Sessions share the engine, and what native code does not survive ends the process and all of its
sessions: their connections break off, without a close, as when a machine is lost. Clients connect
again at that; the command line has then started another child at the same address.

A child reads its settings as one JSON line from standard input (a key has no business in an
argument list), writes where it listens as one JSON line to standard output, and stops when
standard input ends: it never outlives its parent.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

import msgspec
import structlog

from service.errors import RecognitionLostError, SettingsError
from service.recogniser.models.weights import check_installed

log = structlog.get_logger()

READY_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 15.0
"""More than the 10 s that a recogniser takes at most to drain."""
QUIET: Final = "--quiet"
_CHUNK_BYTES: Final = 1024
_RESTART_DELAYS_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S: Final = 60.0
"""Who has lived for so long died of something new."""


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a recogniser process is told."""

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str | None = None
    max_sessions: int | None = None
    model_dir: str | None = None
    allow_private_urls: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a child says once: where it listens, or why it cannot."""

    url: str = ""
    base_url: str = ""
    problems: list[str] = []


class RecogniserProcess:
    """A running child. `url` is that of its WebSocket, `base_url` that of its HTTP."""

    def __init__(self, process: Process, ready: Ready) -> None:
        self.url = ready.url
        self.base_url = ready.base_url
        self.pid = process.pid
        self._process = process

    async def wait(self) -> int:
        """Return the exit status once the process has ended; negative for a signal."""
        return await self._process.wait()


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    max_sessions: int | None = None,
    model_dir: Path | None = None,
    allow_private_urls: bool = False,
) -> int:
    """Run a recogniser until SIGTERM or SIGINT, drain it, and return 0.

    It is a child of this process, and logs to standard output. One that dies is replaced by
    another at the same address: at once, and after up to 30 s where they die one after the other.

    Raises:
        SettingsError: The models or the packages they need are not there, or the address
            cannot be listened on.
        RecognitionLostError: It was not ready within 30 s.
    """
    settings = ProcessSettings(
        host=host,
        port=port,
        api_key=api_key,
        max_sessions=max_sessions,
        model_dir=None if model_dir is None else str(model_dir),
        allow_private_urls=allow_private_urls,
    )
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_watch_over(settings))
    return 0


def serve_as_child() -> int:
    """Run a recogniser for the parent at the other end of standard input and output.

    Returns 0, or 2 when the settings cannot be used; the parent has been told why.
    """
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=ProcessSettings)
    try:
        check_installed()
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(_listen(settings))
    except SettingsError as error:
        _tell_parent(Ready(problems=error.problems))
        return 2
    return 0


@asynccontextmanager
async def open_recogniser_process(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    max_sessions: int | None = None,
    model_dir: Path | None = None,
    allow_private_urls: bool = False,
    quiet: bool = False,
) -> AsyncIterator[RecogniserProcess]:
    """Run a recogniser as a child until the context ends; then drain it, and kill it if need be.

    It is listening when the context begins (about 1 s). One that dies before its time is
    logged and not started again: `wait` returns then. A `quiet` one logs warnings only.

    Raises:
        SettingsError: It cannot run; the problems say why.
        RecognitionLostError: It died, or was not ready within 30 s.
    """
    settings = ProcessSettings(
        host=host,
        port=port,
        api_key=api_key,
        max_sessions=max_sessions,
        model_dir=None if model_dir is None else str(model_dir),
        allow_private_urls=allow_private_urls,
    )
    async with _open_child(settings, quiet=quiet) as child:
        watch = asyncio.create_task(_report_death(child), name="recogniser-watch")
        try:
            yield child
        finally:
            watch.cancel()
            await asyncio.wait({watch})


async def _watch_over(settings: ProcessSettings) -> None:
    """Keep a child listening, the first at any port that is free, until there is a signal."""
    stop = asyncio.Event()
    _stop_on_signals(stop.set)
    clock = asyncio.get_running_loop().time
    deaths = 0
    while not stop.is_set():
        began = clock()
        async with _open_child(settings, log_to=sys.stdout) as child:
            log.info("recogniser_listening", url=child.url, pid=child.pid)
            if await _first(stop.wait(), child.wait()):
                return
            await _report_death(child)
        settings = msgspec.structs.replace(settings, port=urlsplit(child.base_url).port or 0)
        deaths = 1 if clock() - began >= _STEADY_S else deaths + 1
        delay_s = _RESTART_DELAYS_S[min(deaths, len(_RESTART_DELAYS_S)) - 1]
        await _first(stop.wait(), asyncio.sleep(delay_s))


async def _first(wanted: Awaitable[object], other: Awaitable[object]) -> bool:
    """Wait for either; return whether it was the wanted one."""
    tasks = [asyncio.ensure_future(wanted), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def _open_child(
    settings: ProcessSettings, *, quiet: bool = False, log_to: IO[str] | None = None
) -> AsyncIterator[RecogniserProcess]:
    """Run a child until the context ends. It logs to standard error, or where it is told."""
    command = [sys.executable, "-m", "service.recogniser", *([QUIET] if quiet else [])]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=log_to)
    try:
        yield RecogniserProcess(process, await _greet(process, settings))
    finally:
        await _stop(process)


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    return uvloop.new_event_loop()


async def _listen(settings: ProcessSettings) -> None:
    from service.recogniser.server import open_recogniser  # noqa: PLC0415 - needs the extra

    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    try:
        async with open_recogniser(
            host=settings.host,
            port=settings.port,
            api_keys=() if settings.api_key is None else (settings.api_key,),
            max_sessions=settings.max_sessions,
            model_dir=None if settings.model_dir is None else Path(settings.model_dir),
            allow_private_urls=settings.allow_private_urls,
        ) as recogniser:
            _tell_parent(Ready(url=recogniser.url, base_url=recogniser.base_url))
            await stop.wait()
    except OSError as error:
        problem = f"the recogniser cannot listen on {settings.host}:{settings.port}"
        raise SettingsError([f"{problem}: {error.strerror}"]) from error


def _stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, stop)


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """Stop on SIGTERM and at the end of standard input.

    Ctrl-C in the terminal is the parent's business: it may still want its last words.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    stdin = sys.stdin.fileno()

    def read() -> None:
        if not os.read(stdin, _CHUNK_BYTES):
            loop.remove_reader(stdin)
            stop()

    loop.add_reader(stdin, read)


def _tell_parent(ready: Ready) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.flush()


async def _greet(process: Process, settings: ProcessSettings) -> Ready:
    """Hand the settings over and wait for what the child makes of them."""
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        raise RecognitionLostError("the recogniser process has no pipes")
    stdin.write(msgspec.json.encode(settings) + b"\n")
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            ready = msgspec.json.decode(await stdout.readline(), type=Ready)
    except (TimeoutError, msgspec.DecodeError, ValueError) as error:
        raise RecognitionLostError("the recogniser process did not come up") from error
    if ready.problems:
        raise SettingsError(ready.problems)
    return ready


async def _report_death(child: RecogniserProcess) -> None:
    log.error("recogniser_process_died", status=await child.wait(), pid=child.pid)


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        log.warning("recogniser_process_killed")
        process.kill()
        await process.wait()
