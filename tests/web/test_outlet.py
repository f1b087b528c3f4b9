"""The sending side of a long answer: full when nobody reads, lost when the client has left."""

import asyncio

from aiohttp import web

from service.web.outlet import MAX_WAITING_BYTES, Outlet
from tests.waiting import PATIENCE_S, until
from tests.web.harness import serving
from tests.web.peers import GET, connected


async def test_an_outlet_is_full_until_its_client_reads_and_lost_once_it_has_left() -> None:
    """And says each time that something has changed."""
    changed = asyncio.Event()
    seen: list[str] = []

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        outlet = Outlet(request, changed.set)
        while not outlet.full:
            await answer.write(bytes(16_384))
        seen.append("full" if outlet.waiting_bytes > MAX_WAITING_BYTES else "empty")
        await changed.wait()
        changed.clear()
        seen.append("full" if outlet.full else "room")
        while not outlet.lost:
            await changed.wait()
            changed.clear()
        seen.append(f"lost {outlet.waiting_bytes}")
        return answer

    app = web.Application()
    app.router.add_get("/", endless)
    async with serving(app) as (url, _), asyncio.timeout(PATIENCE_S):
        async with connected(url) as client:
            await client.send(GET)
            while len(seen) < 2:
                await client.reader.read(65_536)
        await until(lambda: len(seen) == 3)

    assert seen == ["full", "room", "lost 0"]
