"""Where the CPU of a load goes: workers, their database, and whoever makes the load.

Unlike rates, these figures depend little on what else a machine does.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.bench.processes import Program

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Spent:
    """CPU of each part in seconds, and how long it took."""

    workers_s: float = 0.0
    server_s: float = 0.0
    load_s: float = 0.0
    took_s: float = 0.0

    @property
    def cores(self) -> float:
        """How many cores were busy."""
        return (self.workers_s + self.server_s + self.load_s) / self.took_s

    def each_ms(self, count: int) -> str:
        """Return what each of so many took, of each part."""
        parts = (self.workers_s, self.server_s, self.load_s)
        return ", ".join(f"{part / count * 1000:.2f}" for part in parts) + " ms"


@contextmanager
def spending(workers: Sequence[Program], server_pid: int) -> Iterator[Spent]:
    """Measure until the end of the block; the load is this process's."""
    spent = Spent()
    before, began = _used_s(workers, server_pid), time.perf_counter()
    yield spent
    spent.took_s = time.perf_counter() - began
    after = _used_s(workers, server_pid)
    spent.workers_s, spent.server_s, spent.load_s = (
        later - earlier for earlier, later in zip(before, after, strict=True)
    )


async def pid_of(url: str) -> int:
    """Return the first process of a PostgreSQL server on this machine."""
    db = await asyncpg.connect(url)
    try:
        return int(_stat(await db.fetchval("SELECT pg_backend_pid()"))[1])
    finally:
        await db.close()


def _used_s(workers: Sequence[Program], server_pid: int) -> tuple[float, float, float]:
    used = sum(worker.cpu_s for worker in workers)
    return used, _with_children_s(server_pid), time.process_time()


def _with_children_s(pid: int) -> float:
    """Return what a process and its children took, also of children that are over."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    ticks = sum(map(int, _stat(pid)[11:15]))
    for child in children.split():
        with suppress(FileNotFoundError, ProcessLookupError):
            ticks += sum(map(int, _stat(int(child))[11:13]))
    return ticks / _TICKS_PER_S


def _stat(pid: int) -> list[str]:
    """Return the fields of a process after its name."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
