"""The service as a process of its own, which may die at any time."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.chaos import launcher
from tests.service.process import free_port, write_settings

SERVE = ("-m", "service", "serve")
_GONE_S = 40.0
_PAUSE_S = 0.05


class Service:
    """Starts, stops and kills the process. Its log is kept in the folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str], port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.exits: list[int] = []
        self.program: Sequence[str] = SERVE
        """What runs it, unless `start` is told."""
        self.environ = dict(environ)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's number, as long as it runs."""
        if self._process is None:
            raise ValueError("it was never started")
        return self._process.pid

    async def start(self, *program: str) -> None:
        """Start it by its own program, or by another one."""
        command = [sys.executable, *(program or self.program), "--config", "callscribe.toml"]
        with (self.folder / "log.jsonl").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, env=self.environ, stdout=log, stderr=log
            )

    async def start_with(self, *arguments: str) -> None:
        """Start it with a journal that is in the way."""
        # -P: the modules beside it have names that others have, too
        await self.start("-P", str(Path(launcher.__file__)), *arguments)

    async def ready(self) -> None:
        """Return once it says that it is ready, or has gone."""
        async with aiohttp.ClientSession() as client:
            while self.runs:
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.ok:
                            return
                await asyncio.sleep(_PAUSE_S)

    async def gone(self, timeout_s: float = _GONE_S) -> int:
        """Return the exit code once it is gone.

        If it does not go, it is ended so that its log says where each of its threads stood.
        """
        if self._process is None:
            raise ValueError("it was never started")
        try:
            async with asyncio.timeout(timeout_s):
                code = await self._process.wait()
        except TimeoutError:
            self.send(signal.SIGABRT)
            code = await self._process.wait()
        self.exits.append(code)
        return code

    @asynccontextmanager
    async def watched(self, ended: Callable[[], None]) -> AsyncIterator[None]:
        """Call `ended` if the process ends within the block."""
        waiting = asyncio.create_task(self._process.wait()) if self._process else None
        try:
            if waiting:
                waiting.add_done_callback(lambda _: ended())
            yield
        finally:
            if waiting:
                waiting.cancel()

    @contextmanager
    def without_descriptors(self) -> Iterator[None]:
        """Have it open nothing more for as long as the block lasts (Linux)."""
        pid = self.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        open_now = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now, hard))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))

    def last_words(self) -> str:
        """Return the end of its log."""
        return (self.folder / "log.jsonl").read_text()[-2_000:]

    def send(self, how: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self._process and self.runs:
            self._process.send_signal(how)

    async def kill(self) -> int:
        """Kill it; return the exit code."""
        self.send(signal.SIGKILL)
        return await self.gone()

    async def run(self, *arguments: str) -> tuple[int, str]:
        """Run another command of `callscribe` beside it; return its exit code and output."""
        command = [sys.executable, "-m", "service", *arguments, "--config", "callscribe.toml"]
        with (self.folder / "log.jsonl").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, env=self.environ, stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )  # fmt: skip
            said, _ = await process.communicate()
        return await process.wait(), said.decode()


@asynccontextmanager
async def open_service(
    folder: Path, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> AsyncIterator[Service]:
    """Prepare a service with these settings; it is killed at the end of the block."""
    write_settings(folder, settings)
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONFAULTHANDLER": "1",  # what it is ended by, if it stands still, has its stacks logged
        "CALLSCRIBE_LISTEN": f"127.0.0.1:{port}",
        "CALLSCRIBE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **secrets,
    }
    service = Service(folder, environ, port)
    try:
        yield service
    finally:
        if service.runs:
            await service.kill()


def endpoint(name: str, url: str, secret: str, more: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of a webhook."""
    row = {"name": name, "type": "webhook", "url": url, "secret": secret, "allow_private": True}
    return {**row, **more}


def settings_of(database: Path, endpoints: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return settings of one route, with Telnyx's words in the call, and of these endpoints."""
    names = [one["name"] for one in endpoints]
    return {
        "database_url": f"sqlite:///{database}",
        "drain_timeout_s": 2,
        "route": {"0": {"source": "in_call", "engine": "Telnyx", "endpoints": names}},
        "endpoint": {str(number): one for number, one in enumerate(endpoints)},
    }
