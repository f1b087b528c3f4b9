"""Runs the service of a run in a process, and in another one after that was killed."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from service.app import Machine, Running, running
from service.settings import Settings
from tests.proof.virtual.loop import VirtualLoop
from tests.proof.virtual.process import Process


class Host:
    """Runs the service until it is told to stop. `settings` are those for a journal's path."""

    def __init__(self, settings: Callable[[Path], Settings], folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._journal = folder / "j.db"
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._dead: list[tuple[Process, asyncio.Task[None]]] = []
        self._never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.process = Process("service")
        self.service: Running | None = None

    async def begin(self, machine: Machine) -> Running:
        """Start the service in a process of its own, and return it once it runs."""
        self.process = Process(f"service {len(self._dead)}")
        settings = self._settings(self._journal)
        if self.service is not None:
            listen = self.service.url.removeprefix("http://")
            settings = settings.model_copy(update={"listen": listen})
        ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
        self._serving = self.process.start(self._serve(settings, machine, ready))
        ends: list[asyncio.Future[Any]] = [ready, self._serving]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            self._serving.result()  # it could not begin: that is raised here
        self.service = ready.result()
        return self.service

    def kill(self) -> "asyncio.Future[None]":
        """Kill the process (SIGKILL): nothing is left of it but what it wrote.

        Returns:
            What its own task may wait for, to run no more.
        """
        assert self._serving is not None  # there is a process to be killed
        _loop().kill_process(self.process)
        self._dead.append((self.process, self._serving))
        self._serving = None
        self._journal = self._copy(self._folder / f"j{len(self._dead)}.db")
        return self._never

    async def end(self) -> None:
        """Stop the service, and clean up after processes that could not."""
        self._stop.set()
        if self._serving is not None:
            await self._serving
        for process, serving in self._dead:
            _loop().continue_process(process)
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    async def _serve(
        self, settings: Settings, machine: Machine, ready: "asyncio.Future[Running]"
    ) -> None:
        async with running(settings, machine=machine) as service:
            ready.set_result(service)
            await self._stop.wait()

    def _copy(self, path: Path) -> Path:
        """Copy the journal as it lies there: the dead hold a lock on theirs, unlike elsewhere."""
        for suffix in ("", "-wal"):
            before = self._journal.with_name(self._journal.name + suffix)
            if before.exists():
                shutil.copyfile(before, path.with_name(path.name + suffix))
        return path


def _loop() -> VirtualLoop:
    return cast("VirtualLoop", asyncio.get_running_loop())
