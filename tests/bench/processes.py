"""Programs under test as processes of their own, and what the system says they used."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_S = 30.0


@dataclass(frozen=True, slots=True)
class Program:
    """A program that listens."""

    pid: int
    url: str

    @property
    def cpu_s(self) -> float:
        """CPU time it used so far, user and system, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    @property
    def memory_bytes(self) -> int:
        """Its resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_BYTES

    @property
    def peak_bytes(self) -> int:
        """The most resident memory it ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


@asynccontextmanager
async def started(module: str, *arguments: str) -> AsyncIterator[Program]:
    """Run `python -m module`, which prints its URL once it listens, and stop it at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise RuntimeError(f"{module} did not start")
        yield Program(process.pid, url)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
