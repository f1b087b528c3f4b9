"""What stands between workers, and before them: a bus in memory, and a balancer."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from service.ids import WorkerId
from service.ports import LivePartial
from service.workers.room import SoleWorker, Workers
from tests.serving import serve


@dataclass
class Street:
    """All who are on the same bus."""

    stops: list[Workers | SoleWorker] = field(default_factory=list)

    def bus_for(self, worker: Workers | SoleWorker) -> "InMemoryBus":
        """Return the bus of one more worker."""
        self.stops.append(worker)
        return InMemoryBus(self, worker)


@dataclass
class InMemoryBus:
    """A `Bus` between workers of one process."""

    street: Street
    worker: Workers | SoleWorker

    def partial(self, partial: LivePartial) -> None:
        """Show it to nobody: that is the hub's business."""

    def committed(self) -> None:
        """Tell nobody: the same."""

    def nudge(self, worker: WorkerId) -> None:
        """Have that worker look into its mailbox."""
        for one in self.street.stops:
            if one.lease is not None and one.lease.worker == worker:
                one.nudged()

    def offer(self) -> None:
        """Have all others look for calls."""
        for one in self.street.stops:
            if one is not self.worker:
                one.offered()


@asynccontextmanager
async def open_balancer(urls: list[str]) -> AsyncIterator[str]:
    """Serve one who passes each request on to the next of these workers; who is away is skipped."""
    turns: Iterator[int] = itertools.count()

    async def pass_on(request: web.Request) -> web.Response:
        body, headers = await request.read(), request.headers.copy()
        headers.pop("Host", None)
        for _ in range(len(urls)):
            url = urls[next(turns) % len(urls)] + request.path_qs
            try:
                async with client.request(
                    request.method, url, data=body, headers=headers
                ) as answer:
                    return web.Response(status=answer.status, body=await answer.read())
            except aiohttp.ClientError:
                continue
        return web.Response(status=502)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    timeout = aiohttp.ClientTimeout(total=4)
    async with aiohttp.ClientSession(timeout=timeout) as client, serve(app) as url:
        yield url
