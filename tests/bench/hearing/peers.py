"""The other engines at work: each in a process of its own, two at a time, for a limited time."""

import asyncio
import os
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tests.bench.hearing.fetching import ROOT
from tests.bench.hearing.work import NOT_THERE, TOO_SLOW, Done, Job, Order

PYTHON: Final = ROOT / ".venv-engines" / "bin" / "python"
AT_ONCE: Final = 2
CPU_LIMIT_S: Final = 240.0
"""For one engine and all its recordings."""
LIMIT_S: Final = 900.0
"""In real time: for one that does nothing, or a machine that has no time for it."""


_PROBLEMS: Final = {
    NOT_THERE: "not installed, or not to be had on this machine",
    TOO_SLOW: f"stopped after {CPU_LIMIT_S:.0f} s of CPU time",
}
ENVIRONMENT: Final = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine: its name for the worker, and what it is."""

    name: str
    title: str


PEERS: Final = (
    Peer("pocketsphinx", "PocketSphinx"),
    Peer("whisper-base", "faster-whisper, base"),
    Peer("vosk", "Vosk, 45 MB model"),
    Peer("whisper-tiny.en", "faster-whisper, tiny.en"),
    Peer("moonshine-voice", "moonshine-voice, tiny"),
    Peer("moonshine-base", "Moonshine base"),
)
"""The slowest first, so that no one of them is left to work alone at the end."""


@dataclass(slots=True)
class Work:
    """What an engine did; `problem` is empty if it did everything."""

    peer: Peer
    done: dict[str, Done] = field(default_factory=dict)
    problem: str = ""


async def run_all(jobs: Sequence[Job]) -> list[Work]:
    """Have every engine do all jobs, in this order."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def take_turn(peer: Peer) -> Work:
        async with turns:
            return await _run(peer, jobs)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take_turn(peer)) for peer in PEERS]
    return [task.result() for task in tasks]


async def _run(peer: Peer, jobs: Sequence[Job]) -> Work:
    work = Work(peer)
    if not PYTHON.exists():
        work.problem = "not installed"
        return work
    process = await asyncio.create_subprocess_exec(
        PYTHON, "-m", "tests.bench.hearing.worker",
        cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            order = Order(engine=peer.name, jobs=list(jobs), cpu_limit_s=CPU_LIMIT_S)
            process.stdin.write(msgspec.json.encode(order))
            await process.stdin.drain()
            process.stdin.close()
            async for line in process.stdout:
                done = msgspec.json.decode(line, type=Done)
                work.done[done.key] = done
            status = await process.wait()
    except TimeoutError:
        work.problem = f"stopped after {LIMIT_S:.0f} s"
    else:
        if len(work.done) < len(jobs):
            work.problem = _PROBLEMS.get(status, "failed")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return work
