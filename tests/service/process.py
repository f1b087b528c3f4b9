"""`callscribe serve` as a process of its own, to be stopped and killed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

START_S = 120.0


@dataclass(frozen=True, slots=True)
class Process:
    """The running service."""

    url: str
    process: asyncio.subprocess.Process

    async def stop(self, how: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        async with asyncio.timeout(30):
            return await self.process.wait()


def free_port() -> int:
    """Return a port that is free now: a service that comes back needs the same one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(
    folder: Path,
    settings: Mapping[str, Any],
    port: int,
    *,
    heard: bool = True,
    workers: int = 1,
    loading: Callable[[Process], Awaitable[None]] | None = None,
) -> AsyncIterator[Process]:
    """Run `callscribe serve` until the end of the block, from when it (or a worker) is ready.

    Its log is kept in the folder; one that is not `heard` finds its pipe closed from then on.
    What is done to it while it is `loading`, before it has its settings, may give them to it.
    """
    if not loading:
        write_settings(folder, settings)
    reading_end, writing_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *_command(workers),
        cwd=folder,
        env=_environ(settings, port),
        stdout=writing_end,
        stderr=asyncio.subprocess.STDOUT,
    )
    os.close(writing_end)
    started = asyncio.Event()
    log = folder / "log.jsonl"
    reading = asyncio.create_task(_keep_log(reading_end, log, started, heard=heard))
    running = Process(f"http://127.0.0.1:{port}", process)
    try:
        async with asyncio.timeout(START_S):
            if loading:
                await loading(running)
            await started.wait()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


def _command(workers: int) -> list[str]:
    command = [sys.executable, "-m", "service", "serve", "--config", "callscribe.toml"]
    return [*command, "--workers", str(workers)] if workers > 1 else command


def _environ(settings: Mapping[str, Any], port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "CALLSCRIBE_LISTEN": f"127.0.0.1:{port}",
        "CALLSCRIBE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        **{key.upper(): value for key, value in settings.items() if key.startswith("telnyx_")},
    }


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings file that the service reads."""
    (folder / "callscribe.toml").write_text(text_of(settings))


async def _keep_log(pipe: int, path: Path, started: asyncio.Event, *, heard: bool) -> None:
    lines = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(pipe, "rb")
    )
    with path.open("ab", buffering=0) as log, closing(transport):
        async for line in lines:
            log.write(line)
            if b"service_started" in line:
                started.set()
                if not heard:
                    return


def text_of(settings: Mapping[str, Any]) -> str:
    """Write settings as a user would: plain keys, then `[[route]]` and `[[endpoint]]`."""
    lines = [
        f"{key} = {_value(value)}"
        for key, value in settings.items()
        if key in ("database_url", "database_key", "drain_timeout_s", "recogniser_url")
    ]
    lines += [
        f"{key} = {_value(settings[key])}"
        for key in ("api", "forward", "telemetry")
        if key in settings
    ]
    for table in ("route", "endpoint"):
        for row in settings.get(table, {}).values():
            lines.append(f"[[{table}]]")
            lines += [f"{key} = {_value(value)}" for key, value in row.items()]
    return "\n".join(lines)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {_value(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    return msgspec.json.encode(value).decode()
