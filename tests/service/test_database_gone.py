"""A service whose database is deleted or moved away says so, and takes nothing."""

from pathlib import Path

import aiohttp

from tests.service.harness import settings_for
from tests.service.process import free_port, serving
from tests.service.test_stop import MEDIA, open_peers
from tests.waiting import until


async def test_a_service_without_its_database_is_not_ready_until_it_is_back(tmp_path: Path) -> None:
    """`/readyz` is for whoever sends calls; what is refused is in the log, with what to do."""
    path, elsewhere = tmp_path / "j.db", tmp_path / "elsewhere.db"
    async with open_peers({}) as (telnyx, receiver, _), aiohttp.ClientSession() as client:
        settings = settings_for(telnyx, receiver, path, **MEDIA)
        async with serving(tmp_path, settings, free_port()) as service:

            async def ready_is(status: int) -> None:
                found = 0
                while found != status:
                    async with client.get(service.url + "/readyz") as answer:
                        found = answer.status

            await ready_is(200)
            path.rename(elsewhere)
            await ready_is(503)
            elsewhere.rename(path)
            await ready_is(200)
            log = tmp_path / "log.jsonl"
            await until(lambda: "journal_available" in log.read_text())

    assert "is gone: nothing is written until the file is back" in log.read_text()
