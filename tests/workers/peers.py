"""What stands between workers, and before them: a bus in memory, and a balancer."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from service.errors import JournalUnavailableError
from service.ids import WorkerId
from service.ports import Beat, LivePartial
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
            except (aiohttp.ClientError, TimeoutError):
                continue
        return web.Response(status=502)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    timeout = aiohttp.ClientTimeout(total=4)
    async with aiohttp.ClientSession(timeout=timeout) as client, serve(app) as url:
        yield url


@dataclass
class ListedRoster:
    """A roster in memory, of who is on it and no more. It may be away, or slow to answer."""

    workers: list[WorkerId] = field(default_factory=list)
    seen: list[WorkerId] = field(default_factory=list)
    """All who ever were on it."""
    is_away: bool = False
    answers: Callable[[], None] = lambda: None
    """What happens before a heartbeat is answered."""

    async def register(self, worker: WorkerId, url: str, settings: str) -> None:
        """Put it on the list."""
        del url, settings
        self._expect()
        self.workers.append(worker)
        self.seen.append(worker)

    async def withdraw(self, worker: WorkerId) -> None:
        """Take it off the list."""
        self._expect()
        if worker in self.workers:
            self.workers.remove(worker)

    async def beat(self, worker: WorkerId, settings: str) -> Beat:
        """Say whether it is on the list; the first one keeps house."""
        del settings
        self._expect()
        self.answers()
        known = worker in self.workers
        return Beat(is_known=known, keeps_house=known and self.workers[0] == worker)

    def _expect(self) -> None:
        if self.is_away:
            raise JournalUnavailableError("away")
