"""The commands and programs of README.md, taken from it as they stand there."""

import asyncio
import os
import re
import shlex
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 120


def blocks(language: str) -> list[str]:
    """Return what stands in the blocks of one language."""
    return [text for name, text in _BLOCK.findall(README) if name == language]


def commands() -> list[str]:
    """Return every command, with its further lines and without remarks."""
    text = re.sub(r"\\\n\s*", "", "\n".join(blocks("console")))
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("$ ")]
    return [re.sub(r"\s{2,}#.*$", "", line.removeprefix("$ ")).strip() for line in lines]


def command(beginning: str) -> str:
    """Return the one command that begins so."""
    (found,) = [one for one in commands() if one.startswith(beginning)]
    return found


def shell(folder: Path) -> dict[str, str]:
    """Return an environment in which `callscribe` and `python` are the environment's."""
    programs = Path(sys.executable).parent
    path = f"{programs}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    return {"PATH": path, "HOME": str(folder)}


@asynccontextmanager
async def running(line: str, folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run a line as it is typed, in a folder; what is left of it is killed."""
    process = await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        f"exec {line}",
        cwd=folder,
        env={**shell(folder), **environ},
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def run(line: str, folder: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """Run a line to its end; return the exit code and all it printed."""
    async with running(line, folder, environ) as process, asyncio.timeout(TIMEOUT_S):
        out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def listening(process: Process, event: str) -> str:
    """Wait until the log tells of this event; return the address in it."""
    assert process.stdout is not None
    async with asyncio.timeout(TIMEOUT_S):
        while line := await process.stdout.readline():
            if line.startswith(b"{") and (told := msgspec.json.decode(line))["event"] == event:
                return str(told["url"])
    raise AssertionError(f"it ended without {event}")


def words_of(line: str) -> list[str]:
    """Return the words of a line, as a shell has them."""
    return shlex.split(line)
