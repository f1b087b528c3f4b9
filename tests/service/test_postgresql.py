"""The whole service on PostgreSQL: what it delivers, and what it does while the server is gone."""

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.journal.postgresql_server import Server, make_schema, make_server, schema_url
from tests.service.harness import SCRIPT, durable, finals, open_house
from tests.service.test_whole_service import AGENT, CALL, CUSTOMER, ROUGH, ROUTES
from tests.waiting import until


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server of the test's own, not started."""
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    yield make_server(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("source", ROUTES)
async def test_rough_delivery_changes_nothing_on_postgresql_either(
    tmp_path: Path, source: str
) -> None:
    """Every word by speaker, every event in order: the database is nobody's business."""
    name = f"house_{source}"
    await make_schema(name)
    scenario = {"seed": 11, "call": [CALL | {"count": 3, "every_s": 0.1}], **ROUGH}
    changes = {"database_url": schema_url(name), "recordings_dir": str(tmp_path)}
    async with open_house(tmp_path / "none.db", scenario, changes, **ROUTES[source]) as house:
        await house.play()
        ready = house.service.url + "/readyz"
        async with aiohttp.ClientSession() as client, client.get(ready) as answer:
            assert answer.status == 200

    calls = durable(house.receiver.receipts)
    assert len(calls) == 3
    for receipts in calls.values():
        assert [receipt.data["seq"] for receipt in receipts] == list(range(1, len(receipts) + 1))
        assert sorted(finals(receipts, "outbound")) == sorted(AGENT)
        assert sorted(finals(receipts, "inbound")) == sorted(CUSTOMER)


async def test_a_server_that_dies_and_comes_back_costs_nothing(
    tmp_path: Path, own_server: Server
) -> None:
    """Killed in the middle of calls: webhooks come again, and what was acknowledged is there."""
    process = own_server.start()
    scenario: Mapping[str, object] = {"call": [{"say": SCRIPT, "count": 4, "every_s": 0.5}]}
    changes = {"database_url": own_server.url, "recordings_dir": str(tmp_path)}
    try:
        async with open_house(
            tmp_path / "none.db", scenario, changes, **ROUTES["in_call"]
        ) as house:
            playing = asyncio.create_task(house.play())
            await until(
                lambda: any(one.type == "transcript.final" for one in house.receiver.receipts)
            )
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = await asyncio.to_thread(own_server.start)
            await playing
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()

    calls = durable(house.receiver.receipts)
    assert len(calls) == 4
    for receipts in calls.values():
        assert [receipt.data["seq"] for receipt in receipts] == list(range(1, len(receipts) + 1))
        assert sorted(finals(receipts, "outbound")) == sorted(AGENT)
        assert sorted(finals(receipts, "inbound")) == sorted(CUSTOMER)
