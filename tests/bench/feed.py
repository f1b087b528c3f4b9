"""How long from the commit of a final to those who watch, and what the stuck among them cost."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from typing import cast

import aiohttp

from tests.bench.processes import Program, started
from tests.bench.table import Row, median

EVERY_S = 0.1
STUCK_AFTER, LONGER = 10, 30
"""So many finals, so much longer than others, fill what the system keeps for who does not read."""
_ID = re.compile(rb"id: (\d+)\n")
_SHORT_BYTES = 16 * 1024


class Watcher(asyncio.Protocol):
    """Follows the feed and keeps when each event came."""

    def __init__(self, request: bytes) -> None:
        self.came: dict[int, float] = {}
        self.begun = asyncio.Event()
        self._request = request
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the feed."""
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Keep the time for each id."""
        now = time.monotonic()
        self.begun.set()
        data = self._rest + data
        end = 0
        for found in _ID.finditer(data):
            self.came[int(found[1])] = now
            end = found.end()
        self._rest = data[end:][-32:]


async def measure(*, watchers: int, stuck: int, finals: int, rounds: int) -> list[Row]:
    """Commit finals with all reading, and with some that read nothing, in turn."""
    without: list[Found] = []
    among: list[Found] = []
    for _ in range(rounds):
        without.append(await _latency(watchers - stuck, 0, finals))
        among.append(await _latency(watchers - stuck, stuck, finals))
    p50 = median([one.p50_s for one in without]) * 1000
    p99 = median([one.p99_s for one in without]) * 1000
    late = median([one.p99_s for one in among]) * 1000
    grown = median([one.grown_bytes for one in among]) / 2**20
    reading = watchers - stuck
    return [
        Row(f"final committed \u2192 {reading} SSE, p50", f"{p50:.1f} ms", "", None, ""),
        Row(f"final committed \u2192 {reading} SSE, p99", f"{p99:.1f} ms", "", None, ""),
        Row(
            f"the same beside {stuck} that read nothing",
            f"{late:.1f} ms",
            f"{p99:.1f} ms",
            late / p99,
            "<= 1.25",
        ),
        Row(f"memory that {watchers} of them took", f"{grown:.0f} MiB", "", None, ""),
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """Of one run: percentiles over all finals and watchers, and what the watchers cost."""

    p50_s: float
    p99_s: float
    grown_bytes: float


async def _latency(reading: int, stuck: int, finals: int) -> Found:
    async with started("tests.bench.feed_server") as server:
        before_bytes = server.memory_bytes
        async with _watching(server, reading, stuck) as readers:
            await _commit(server, STUCK_AFTER, longer=LONGER)
            committed = await _commit(server, finals)
            last = max(committed)
            async with asyncio.timeout(30):
                while any(last not in one.came for one in readers):  # noqa: ASYNC110 - many
                    await asyncio.sleep(0.01)
            grown_bytes = server.memory_bytes - before_bytes
    took = [one.came[position] - at for one in readers for position, at in committed.items()]
    percentiles = quantiles(took, n=100)
    return Found(percentiles[49], percentiles[98], grown_bytes)


@asynccontextmanager
async def _watching(server: Program, reading: int, stuck: int) -> AsyncIterator[list[Watcher]]:
    url, _, key = server.url.partition("#")
    host, port = url.removeprefix("http://").split(":")
    request = f"GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    watchers: list[Watcher] = []
    links: list[asyncio.Transport] = []
    deaf: list[socket.socket] = []
    try:
        for _ in range(reading):
            watcher = Watcher(request)
            link, _ = await loop.create_connection(partial(_same, watcher), host, int(port))
            links.append(link)
            watchers.append(watcher)
            await watcher.begun.wait()
        for _ in range(stuck):
            one = socket.socket()  # no transport: that would read
            deaf.append(one)
            one.setblocking(False)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SHORT_BYTES)
            await loop.sock_connect(one, (host, int(port)))
            await loop.sock_sendall(one, request)
        yield watchers
    finally:
        for link in links:
            link.abort()
        for one in deaf:
            one.close()


def _same(watcher: Watcher) -> Watcher:
    return watcher


async def _commit(server: Program, finals: int, *, longer: int = 1) -> dict[int, float]:
    url = server.url.partition("#")[0]
    query = f"count={finals}&every_s={max(EVERY_S, EVERY_S * longer / 10)}&longer={longer}"
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/run?{query}") as answer,
    ):
        return {int(position): at for position, at in (await answer.json()).items()}
