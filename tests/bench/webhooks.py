"""Signed webhooks acknowledged per second: durable here, only verified by the bare handler."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import msgspec

from tests.bench.carrier import Signed, Telnyx, open_telnyx, webhook
from tests.bench.processes import Program, started
from tests.bench.table import Row, median

CALLS = 200
SENDERS = 200


async def measure(*, webhooks: int, rounds: int) -> list[Row]:
    """Post finals of 200 live calls each on a connection of its own, to each in turn."""
    with TemporaryDirectory() as folder:
        async with open_telnyx() as telnyx:
            settings = msgspec.json.encode(settings_for(telnyx, Path(folder) / "bench.db")).decode()
            async with (
                started("tests.bench.ours", settings) as ours,
                started("tests.bench.bare_webhooks", telnyx.public_key) as bare,
            ):
                empty_bytes = ours.memory_bytes
                await post_all(ours, beginnings(telnyx))
                idle_bytes = (ours.memory_bytes - empty_bytes) / CALLS
                rates: dict[str, list[float]] = {"ours": [], "bare": []}
                slowest: list[float] = []
                for _ in range(rounds):
                    said = finals(telnyx, webhooks)
                    rates["bare"].append(webhooks / (await post_all(bare, said))[0])
                    spent_s, p99_s = await post_all(ours, said)
                    rates["ours"].append(webhooks / spent_s)
                    slowest.append(p99_s)
    mine, theirs = median(rates["ours"]), median(rates["bare"])
    return [
        Row(
            "webhooks acknowledged", f"{mine:,.0f}/s", f"{theirs:,.0f}/s", mine / theirs, ">= 0.70"
        ),
        Row("memory per idle call", f"{idle_bytes / 1024:.0f} KiB", "", None, ""),
        Row("webhook answer p99", f"{median(slowest) * 1000:.0f} ms", "", None, "<< 2,000 ms"),
    ]


def settings_for(telnyx: Telnyx, database: Path) -> dict[str, object]:
    """Return settings of a service that only takes webhooks."""
    return {
        "listen": "127.0.0.1:0",
        "database_url": f"sqlite:///{database}",
        "telnyx_api_key": "KEY",
        "telnyx_public_key": telnyx.public_key,
        "telnyx_base_url": telnyx.url,
        "drain_timeout_s": 1,
        "route": {"0": {"source": "in_call", "engine": "Telnyx", "answer": False}},
    }


def beginnings(telnyx: Telnyx) -> list[Signed]:
    """Return the first webhooks of all calls."""
    rings = [webhook(telnyx, "call.initiated", n, direction="incoming") for n in range(CALLS)]
    return rings + [webhook(telnyx, "call.answered", n) for n in range(CALLS)]


def finals(telnyx: Telnyx, count: int) -> list[Signed]:
    """Return so many finals, of each call in turn."""
    return [
        webhook(
            telnyx,
            "call.transcription",
            number % CALLS,
            transcription_data={
                "transcript": f"this is sentence number {number} of the call",
                "is_final": True,
                "confidence": 0.97,
                "transcription_track": "inbound",
            },
        )
        for number in range(count)
    ]


async def post_all(program: Program, webhooks: Sequence[Signed]) -> tuple[float, float]:
    """Post them all and return how long it took, and the 99th percentile of one, in seconds."""
    waiting = iter(webhooks)
    times_s: list[float] = []

    async def post(session: aiohttp.ClientSession) -> None:
        for one in waiting:
            began = time.perf_counter()
            async with session.post(url, data=one.body, headers=one.headers) as answer:
                answer.raise_for_status()
            times_s.append(time.perf_counter() - began)

    url = f"{program.url}/webhooks/telnyx"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(post(session))
        spent_s = time.perf_counter() - began
    return spent_s, sorted(times_s)[int(len(times_s) * 0.99)]
