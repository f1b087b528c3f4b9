"""The reference clients, each as a program of its own that prints what it takes."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
PYTHON = (sys.executable, str(CLIENTS / "callscribe.py"))
PATIENCE_S = 60.0
_MAX_LINE_BYTES = 4 * 1024 * 1024

Command = Sequence[str]
"""A client and what runs it: `follow URL` and the like come after it."""
Line = dict[str, Any]


class Client:
    """A client that runs. `lines` are what it printed so far."""

    def __init__(self, process: Process) -> None:
        assert process.stdout
        assert process.stderr
        self.lines: list[Line] = []
        self._process = process
        self._output, self._errors = process.stdout, process.stderr

    @property
    def durable(self) -> list[tuple[str, int]]:
        """Which durable events it printed, in order."""
        data = [line["data"] for line in self.lines]
        return [(one["call_id"], one["seq"]) for one in data if "seq" in one]

    async def read_until(self, kind: str, count: int = 1) -> None:
        """Read what it prints until so many events of a type have come in all."""
        async with asyncio.timeout(PATIENCE_S):
            while sum(line["type"] == kind for line in self.lines) < count:
                line = await self._output.readline()
                assert line, f"it has ended: {(await self._errors.read()).decode()}"
                self.lines.append(json.loads(line))

    async def read_durable(self, count: int) -> None:
        """Read what it prints until so many durable events have come in all.

        Events may come after a call's `transcript.completed`, from webhooks that were late.
        """
        async with asyncio.timeout(PATIENCE_S):
            while len(self.durable) < count:
                line = await self._output.readline()
                assert line, f"it has ended: {(await self._errors.read()).decode()}"
                self.lines.append(json.loads(line))

    async def text_until(self, start: str) -> list[str]:
        """Read what it prints, as it is, until a line that begins so; return the lines."""
        lines: list[str] = []
        async with asyncio.timeout(PATIENCE_S):
            while not (lines and lines[-1].startswith(start)):
                line = (await self._output.readline()).decode()
                assert line, f"it has ended: {(await self._errors.read()).decode()}"
                lines.append(line.rstrip("\n"))
        return lines

    async def port(self) -> int:
        """Return the port on which it receives webhooks."""
        async with asyncio.timeout(PATIENCE_S):
            return int((await self._errors.readline()).split()[-1])

    async def complaint(self) -> str:
        """Return the next line that it complains with."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self._errors.readline()).decode()

    async def ended(self) -> tuple[int, str]:
        """Wait until it ends by itself; return its exit code and its complaint."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait(), (await self._errors.read()).decode()


@asynccontextmanager
async def running(command: Command, *arguments: str, **environment: str) -> AsyncIterator[Client]:
    """Run a client until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, env={**os.environ, **environment},
        stdout=PIPE, stderr=PIPE, limit=_MAX_LINE_BYTES,
    )  # fmt: skip
    try:
        yield Client(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@dataclass(frozen=True, slots=True)
class Impatient:
    """A change in a client's text, so that a test need not wait as long as its users do."""

    old: str
    new: str

    def copy(self, source: Path, folder: Path) -> Path:
        """Write the changed client into a folder."""
        text = source.read_text()
        assert text.count(self.old) == 1
        path = folder / source.name
        path.write_text(text.replace(self.old, self.new))
        return path
