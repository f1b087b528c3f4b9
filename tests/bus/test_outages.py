"""What workers do while nothing carries their messages: what they did before, untold."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from tests.bus.builders import HERE, THERE, partial
from tests.bus.harness import Carrier, OwnServer, Worker, open_telling, open_worker, own_schema
from tests.bus.nats_server import NatsServer
from tests.journal.pooler import open_pooler
from tests.waiting import until

_RECOVERS_IN_S = 30.0


async def test_a_bus_opens_while_its_server_is_away_and_connects_when_it_comes(
    own: OwnServer,
) -> None:
    """Who tells meanwhile neither waits nor fails; the log says once what is the matter."""
    with capture_logs() as logs:
        async with open_telling(own.carrier, HERE) as a:
            tell_everything(a, "early")
            await until(lambda: a.counters.dropped["away"] > 0)
            await until(lambda: told_of_bus(logs) == ["bus_unavailable"])
            await asyncio.to_thread(own.start)
            await until(lambda: a.counters.connected, _RECOVERS_IN_S)
            async with open_worker(own.carrier, THERE) as b:
                await until_told(a, b, "late")

    assert "early" not in b.heard.ids
    assert told_of_bus(logs) == ["bus_unavailable", "bus_connected", "bus_connected"]
    assert "hunter2" not in str(logs)


async def test_a_server_that_dies_and_comes_back_is_used_again(own: OwnServer) -> None:
    """Each asks then what it did not hear of; partials of the meantime are not told late."""
    await asyncio.to_thread(own.start)
    async with open_worker(own.carrier, HERE) as a, open_worker(own.carrier, THERE) as b:
        await until_told(a, b, "before")
        await asyncio.to_thread(own.kill)
        await until(lambda: not (a.counters.connected or b.counters.connected), _RECOVERS_IN_S)
        commits, nudges, offers = b.heard.commits, b.heard.nudges, b.heard.offers
        tell_everything(a, "meanwhile")
        await asyncio.to_thread(own.start)
        await until(lambda: a.counters.connected and b.counters.connected, _RECOVERS_IN_S)

        assert b.heard.commits > commits
        assert b.heard.nudges > nudges
        assert b.heard.offers > offers
        await until_told(a, b, "after")
        assert "meanwhile" not in b.heard.ids


async def test_a_bus_that_nothing_is_heard_on_says_so(tmp_path: Path) -> None:
    """As behind a pooler that shares sessions: it is not connected, and the log says why."""
    async with open_pooler(await own_schema(tmp_path)) as url:
        with capture_logs() as logs:
            async with open_telling(Carrier(url), HERE) as a:
                await until(lambda: told_of_bus(logs) == ["bus_unavailable"], _RECOVERS_IN_S)
                assert not a.counters.connected
    assert "pool_mode = session" in str(logs)


def told_of_bus(logs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what the log says of the bus."""
    return [line["event"] for line in logs if line["event"].startswith("bus_")]


def tell_everything(worker: Worker, name: str) -> None:
    """Tell whatever can be told."""
    worker.bus.partial(partial(name))
    worker.bus.committed()
    worker.bus.nudge(THERE)
    worker.bus.offer()


async def until_told(teller: Worker, hearer: Worker, name: str) -> None:
    """Tell a partial, again and again, until it is heard: who tells may not be connected yet."""

    def heard() -> bool:
        teller.bus.partial(partial(name))
        return name in hearer.heard.ids

    await until(heard, _RECOVERS_IN_S)


async def test_a_nats_that_does_not_let_us_in_is_told_without_the_password(
    nats: NatsServer, tmp_path: Path
) -> None:
    """In the log only: nobody waits for it."""
    carrier = Carrier(await own_schema(tmp_path), nats.url.replace("hunter2", "hunter3"))
    with capture_logs() as logs:
        async with open_telling(carrier, HERE) as a:
            tell_everything(a, "p")
            await until(lambda: told_of_bus(logs) == ["bus_unavailable"])

    assert "Authorization" in str(logs)
    assert "hunter3" not in str(logs)
