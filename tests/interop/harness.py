"""Programs in processes of their own: the recogniser under test, and its clients."""

import asyncio
import json
import os
import re
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CALLSCRIBE = str(HERE.parents[1] / ".venv" / "bin" / "callscribe")
KEY = "KEY0123456789ABCDEF_made_up"
PATIENCE_S = 60.0
"""More than anything here takes, on however busy a machine."""


class Program:
    """A running program. Its errors go where those of the tests go."""

    def __init__(self, process: Process) -> None:
        if process.stdout is None:
            raise RuntimeError("the program has no standard output")
        self._process = process
        self._output = process.stdout

    async def line(self) -> str:
        """Wait for the next line it prints; empty when there will be no more."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self._output.readline()).decode().rstrip("\n")

    async def rest(self) -> str:
        """Return the rest of what it prints, once it prints no more; without a deadline."""
        return (await self._output.read()).decode()

    async def exit_code(self) -> int:
        """Wait until it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()

    def hang_up(self) -> None:
        """Send it SIGHUP."""
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    async def end(self) -> None:
        """Kill it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def running(*command: str, cwd: Path = HERE, **environment: str) -> AsyncIterator[Program]:
    """Run a program; if it still runs at the end of the block, it is killed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        stdout=PIPE,
    )
    program = Program(process)
    try:
        yield program
    finally:
        await program.end()


async def run(*command: str, cwd: Path = HERE, **environment: str) -> str:
    """Run a program to its end and return what it printed.

    Raises:
        AssertionError: It failed.
    """
    async with running(*command, cwd=cwd, **environment) as program:
        async with asyncio.timeout(PATIENCE_S):
            printed = await program.rest()
        code = await program.exit_code()
    assert code == 0, f"{command[0]} ended with {code}: {printed}"
    return printed


@dataclass(frozen=True, slots=True)
class Recogniser:
    """`callscribe recogniser`, listening; it asks for `KEY`."""

    http: str
    ws: str


@asynccontextmanager
async def open_recogniser() -> AsyncIterator[Recogniser]:
    """Run a recogniser from the service's own environment until the end of the block.

    Raises:
        AssertionError: It did not stop orderly, or logged that something went wrong in it.
    """
    command = (CALLSCRIBE, "recogniser", "--port", "0", "--allow-private-urls")
    async with running(*command, CALLSCRIBE_RECOGNISER_API_KEY=KEY) as program:
        host = re.sub(r"^ws://|/.*$", "", json.loads(await program.line())["url"])
        log = asyncio.create_task(program.rest())  # its pipe must not fill up
        yield Recogniser(f"http://{host}", f"ws://{host}")
        program.stop()
        code = await program.exit_code()
        complaints = [line for line in (await log).splitlines() if '"info"' not in line]
    assert (code, complaints) == (0, [])
