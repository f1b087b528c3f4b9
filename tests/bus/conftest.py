"""What carries the bus, in turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.bus.harness import Carrier, OwnServer, make_own_postgresql, own_schema
from tests.bus.nats_server import NatsServer, make_nats_server


@pytest.fixture(scope="session")
def nats() -> Iterator[NatsServer]:
    """A NATS server for all who only use it."""
    with make_nats_server("hunter2") as server:
        server.start()
        yield server


@pytest.fixture(params=["postgresql", "nats"])
async def carrier(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Carrier]:
    """PostgreSQL, then NATS, that nobody else is on."""
    url = await own_schema(tmp_path)
    if request.param == "postgresql":
        yield Carrier(url)
    else:
        yield Carrier(url, request.getfixturevalue("nats").url)


@pytest.fixture(params=["postgresql", "nats"])
async def own(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OwnServer]:
    """A server of the test's own, not started."""
    if request.param == "postgresql":
        with make_own_postgresql() as server:
            yield server
    else:
        with make_nats_server("hunter2") as nats_server:
            yield OwnServer(
                Carrier(await own_schema(tmp_path), nats_server.url),
                nats_server.start,
                nats_server.kill,
            )
