"""How long until the command line answers, and until the service is ready."""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from tests.bench.carrier import open_telnyx
from tests.bench.processes import started
from tests.bench.table import Row, median


async def measure(*, rounds: int) -> list[Row]:
    """Start each a few times."""
    helps = [await _help() for _ in range(rounds)]
    readies = [await _ready() for _ in range(rounds)]
    return [
        Row("callscribe --help", f"{median(helps) * 1000:.0f} ms", "", None, ""),
        Row("ready to serve", f"{median([s for s, _ in readies]):.2f} s", "", None, ""),
        Row(
            "memory when ready",
            f"{median([float(b) for _, b in readies]) / 2**20:.0f} MiB",
            "",
            None,
            "",
        ),
    ]


async def _help() -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", "--help", stdout=asyncio.subprocess.DEVNULL
    )
    await process.wait()
    return time.perf_counter() - began


async def _ready() -> tuple[float, int]:
    """Return the seconds until `/readyz` says 200, and the resident memory then."""
    with TemporaryDirectory() as folder:
        async with open_telnyx() as telnyx:
            settings = msgspec.json.encode(
                {
                    "listen": "127.0.0.1:0",
                    "database_url": f"sqlite:///{Path(folder) / 'bench.db'}",
                    "telnyx_api_key": "KEY",
                    "telnyx_public_key": telnyx.public_key,
                    "drain_timeout_s": 1,
                }
            ).decode()
            began = time.perf_counter()
            async with (
                started("tests.bench.ours", settings) as ours,
                aiohttp.ClientSession() as session,
            ):
                ready = False
                while not ready:
                    async with session.get(f"{ours.url}/readyz") as answer:
                        ready = answer.ok
                return time.perf_counter() - began, ours.memory_bytes
