"""The program: in this process, or as a shell runs it while the test's own servers go on."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from service.cli import main
from tests.signals import heed_signals

TIMEOUT_S = 60

Callscribe = Callable[..., int]
"""Runs the program in this process with some arguments; returns its exit code."""


def in_process(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> Callscribe:
    """Return the program with these variables in its environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: main(arguments)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@asynccontextmanager
async def started(*arguments: str, **variables: str) -> AsyncIterator[Process]:
    """Start the program with these variables only; whatever is left of it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        *arguments,
        stdout=PIPE,
        stderr=PIPE,
        env=variables,
        preexec_fn=heed_signals,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def callscribe(*arguments: str, **variables: str) -> Done:
    """Run the program to its end."""
    async with started(*arguments, **variables) as process, asyncio.timeout(TIMEOUT_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


async def on_a_terminal(*arguments: str, typed: str = "", **variables: str) -> Done:
    """Run the program to its end with all it writes on a terminal; that is `out`.

    What is typed stands there before it is asked for.
    """
    ours, theirs = os.openpty()
    os.write(ours, typed.encode())
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service",
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={"TERM": "xterm", "COLUMNS": "40", **variables},
    )
    os.close(theirs)
    async with asyncio.timeout(TIMEOUT_S):
        shown, code = await asyncio.gather(asyncio.to_thread(_read_all, ours), process.wait())
    return Done(code, shown, "")


def interrupt(process: Process) -> None:
    """Press Ctrl-C."""
    process.send_signal(signal.SIGINT)


def _read_all(terminal: int) -> str:
    shown = b""
    try:
        while data := os.read(terminal, 65536):
            shown += data
    except OSError:
        pass  # a terminal nobody writes to any more
    finally:
        os.close(terminal)
    return shown.decode()
