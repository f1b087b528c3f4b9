import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from service.api.health import Health, Probe
from tests.waiting import PATIENCE_S

Ask = tuple[int, dict[str, object]]


@asynccontextmanager
async def served(health: Health) -> AsyncIterator[str]:
    """Serve the routes on a free port and give their address."""
    app = web.Application()
    app.add_routes(health.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def get(url: str) -> Ask:
    """Return the status and the JSON body."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


async def well() -> None:
    """Answer as a part that works."""


async def broken() -> None:
    """Answer as a part that does not, with a text that must not get out."""
    raise OSError("no space on /secret/place")


async def test_a_service_whose_parts_work_is_ready() -> None:
    """Both routes say 200."""
    async with served(Health({"journal": well})) as url:
        assert await get(url + "/healthz") == (200, {"status": "alive"})
        assert await get(url + "/readyz") == (200, {"status": "ready"})


async def test_settings_that_other_workers_have_otherwise_are_named() -> None:
    """It is ready all the same: while new ones are rolled out, that is how it has to be."""
    async with served(Health({"journal": well}, differing=lambda: ["route"])) as url:
        assert await get(url + "/readyz") == (
            200,
            {"status": "ready", "settings_differ": ["route"]},
        )


async def test_a_broken_part_makes_it_not_ready_but_alive() -> None:
    """503 names the part and nothing else; a restart would not help, so it stays alive."""
    async with served(Health({"journal": broken, "carrier": well})) as url:
        assert await get(url + "/healthz") == (200, {"status": "alive"})
        assert await get(url + "/readyz") == (
            503,
            {"status": "not ready", "reasons": ["journal"]},
        )


async def test_a_draining_service_is_not_ready_but_alive() -> None:
    """It takes no new calls, and must not be killed while it finishes the live ones."""
    health = Health({"journal": well})
    async with served(health) as url:
        health.draining = True

        assert await get(url + "/readyz") == (
            503,
            {"status": "not ready", "reasons": ["draining"]},
        )
        assert (await get(url + "/healthz"))[0] == 200


async def test_a_part_that_does_not_answer_is_not_waited_for() -> None:
    """A hanging database makes a quick 503, not a hanging health check."""

    async def hang() -> None:
        await asyncio.Event().wait()

    async with (
        served(Health({"journal": hang}, probe_timeout_s=0.05)) as url,
        asyncio.timeout(PATIENCE_S),
    ):
        assert (await get(url + "/readyz"))[1]["reasons"] == ["journal"]


async def test_a_burst_of_checks_asks_once() -> None:
    """What a probe said holds for a moment, for everyone."""
    probe, count = counted()
    async with served(Health({"journal": probe}, fresh_s=60)) as url:
        answers = await asyncio.gather(*(get(url + "/readyz") for _ in range(20)))

    assert {status for status, _ in answers} == {200}
    assert len(count) == 1


async def test_a_part_that_recovers_is_seen() -> None:
    """The next round asks again."""
    probe, count = counted(fail_first=True)
    async with served(Health({"journal": probe}, fresh_s=0)) as url:
        assert (await get(url + "/readyz"))[0] == 503
        assert (await get(url + "/readyz"))[0] == 200

    assert len(count) == 2


def counted(*, fail_first: bool = False) -> tuple[Probe, list[None]]:
    """Make a probe that leaves a mark each time it is asked."""
    count: list[None] = []

    async def probe() -> None:
        count.append(None)
        if fail_first and len(count) == 1:
            raise OSError

    return probe, count
