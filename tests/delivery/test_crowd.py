"""Many endpoints, one in ten of them bad, in virtual time: the others feel nothing of it.

Virtual time shows who waits for whom, to the millisecond, and not what it costs: that is in
`make bench`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from service.delivery.endpoints import Endpoint
from service.delivery.host import MAX_POSTS, origin_of
from service.delivery.lanes import open_lanes
from service.ids import EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from tests.delivery.builders import webhook
from tests.delivery.harness import commit
from tests.proof.virtual.loop import VirtualLoop

GOOD, BAD, GROUP = 36, 4, 10
CALLS = 100
CALL_EVERY_S = 0.1
MAX_RATIO = 1.25
_GOOD_PORT, _SLOW_PORT, _DEAD_PORT, _BROKEN_PORT = 7000, 7001, 7002, 7003
_ANSWERS_IN_S = 0.02
_TAIL_S = 15.0


@dataclass(frozen=True)
class Sharing:
    """Which endpoints have places in common, and how many."""

    host_of: Callable[[Endpoint], Hashable | None]
    max_posts: int = MAX_POSTS


class Receivers:
    """All receivers, and how late each delivery came to a good one."""

    def __init__(self) -> None:
        self.committed_at: dict[str, float] = {}
        self.late_s: list[float] = []

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take it, in a while."""
        call_id = request.headers["webhook-id"].split("_")[1]
        self.late_s.append(asyncio.get_running_loop().time() - self.committed_at[call_id])
        await asyncio.sleep(_ANSWERS_IN_S)
        return web.Response()


async def hang(_: web.BaseRequest) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def break_down(_: web.BaseRequest) -> web.StreamResponse:
    """Say that nobody is there."""
    return web.Response(status=503)


@asynccontextmanager
async def open_receivers() -> AsyncIterator[Receivers]:
    """Listen: those that are good, that are slow, and that say 503."""
    receivers, loop = Receivers(), asyncio.get_running_loop()
    ways = {_GOOD_PORT: receivers.take, _SLOW_PORT: hang, _BROKEN_PORT: break_down}
    servers = {port: web.Server(way, access_log=None) for port, way in ways.items()}
    for port, server in servers.items():
        await loop.create_server(server, "127.0.0.1", port)
    try:
        yield receivers
    finally:
        for server in servers.values():
            await server.shutdown(0.1)


def endpoints(*, bad: bool) -> list[Endpoint]:
    """Return them; one in ten is bad, or absent."""
    bad_ports = (_SLOW_PORT, _DEAD_PORT, _BROKEN_PORT, _SLOW_PORT)
    crowd = []
    for number in range(GOOD + BAD):
        is_bad = number % GROUP == GROUP - 1
        port = bad_ports[number // GROUP] if is_bad else _GOOD_PORT
        if bad or not is_bad:
            crowd.append(webhook(f"http://127.0.0.1:{port}/", f"e{number}"))
    return crowd


async def p99_late_s(folder: Path, sharing: Sharing, *, bad: bool) -> float:
    """Play calls, each to ten endpoints; return how late what came to the good ones was."""
    loop, crowd = asyncio.get_running_loop(), endpoints(bad=bad)
    names = {one.name for one in crowd}
    async with (
        open_receivers() as receivers,
        open_sqlite_journal(folder / "j.db", clock=loop.time, threaded=False) as journal,
        open_lanes(
            journal,
            crowd,
            clock=loop.time,
            dice=lambda: 0.5,
            host_of=sharing.host_of,
            max_posts_per_host=sharing.max_posts,
        ) as lanes,
    ):
        for number in range(CALLS):
            group = number % BAD * GROUP
            to = [EndpointName(f"e{group + nth}") for nth in range(GROUP)]
            to = [name for name in to if name in names]
            events = await commit(journal, f"c{number}", "call.started", to=to)
            receivers.committed_at[f"c{number}"] = loop.time()
            lanes.committed(to, events)
            await asyncio.sleep(CALL_EVERY_S)
        await asyncio.sleep(_TAIL_S)
    assert len(receivers.late_s) == CALLS * (GROUP - 1)
    return sorted(receivers.late_s)[int(0.99 * len(receivers.late_s))]


def run(work: Coroutine[Any, Any, float]) -> float:
    """Run it in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def compare(folder: Path, sharing: Sharing) -> float:
    """Return how much later things are with bad endpoints than without them."""
    late_s = []
    for bad in (False, True):
        place = folder / f"{bad}"
        place.mkdir()
        late_s.append(run(p99_late_s(place, sharing, bad=bad)))
    without, beside = late_s
    return beside / without


def test_bad_endpoints_delay_nobody_else(tmp_path: Path) -> None:
    """Slow, dead and broken ones; the good ones share a host."""
    assert compare(tmp_path, Sharing(origin_of)) <= MAX_RATIO


def test_the_measure_bites(tmp_path: Path) -> None:
    """With few places, and those in common for all, it shows."""
    assert compare(tmp_path, Sharing(lambda _: "all", max_posts=4)) > 2 * MAX_RATIO
