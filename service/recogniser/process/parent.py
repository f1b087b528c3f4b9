"""The parent's side: starts a recogniser as a child, and ends it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Final

import msgspec
import structlog

from service.errors import RecognitionLostError, SettingsError
from service.recogniser.process.messages import QUIET_FLAG, ProcessSettings, Ready
from service.tasks import open_tasks

log = structlog.get_logger()

READY_TIMEOUT_S: Final = 60.0
"""It takes a second, and some seconds the first time; on a machine that is busy, longer."""
STOP_TIMEOUT_S: Final = 15.0
"""More than the 10 s that a recogniser takes at most to drain."""
DEFAULTS: Final = ProcessSettings()


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

    async def report_death(self) -> None:
        """Wait for its end, and log it as one that nobody asked for."""
        log.error("recogniser_process_died", status=await self.wait(), pid=self.pid)


@asynccontextmanager
async def open_recogniser_process(
    settings: ProcessSettings = DEFAULTS, *, quiet: bool = False
) -> AsyncIterator[RecogniserProcess]:
    """Run a recogniser as a child until the context ends; then drain it, and kill it if need be.

    It is listening when the context begins (about 1 s, the first time some seconds). One that
    dies before its time is logged and not started again: `wait` returns then. A `quiet` one logs
    warnings only.

    Raises:
        SettingsError: It cannot run; the problems say why.
        RecognitionLostError: It died, or was not ready within 60 s.
    """
    async with open_child(settings, quiet=quiet) as child, open_tasks() as tasks:
        tasks.start(child.report_death(), "recogniser_watch")
        yield child


@asynccontextmanager
async def open_child(
    settings: ProcessSettings, *, quiet: bool = False, log_to: IO[str] | None = None
) -> AsyncIterator[RecogniserProcess]:
    """Run a child until the context ends. It logs to standard error, or where it is told.

    Raises:
        SettingsError: It cannot run; the problems say why.
        RecognitionLostError: It died, or was not ready within 60 s.
    """
    command = [sys.executable, "-m", "service.recogniser", *([QUIET_FLAG] if quiet else [])]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=log_to)
    try:
        yield RecogniserProcess(process, await _greet(process, settings))
    finally:
        await _stop(process)


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
