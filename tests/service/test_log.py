"""The service goes on whatever becomes of its log, and stops without complaint."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from service.exits import Exit
from tests.service.harness import settings_for
from tests.service.process import Process, free_port, serving
from tests.service.test_stop import BUSY, IN_CALL, MEDIA, count, open_peers
from tests.waiting import until


async def ask(service: Process, path: str) -> int:
    """Ask the service for something; return the status."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as client,
        client.get(service.url + path) as answer,
    ):
        return answer.status


async def test_a_service_whose_log_nobody_takes_any_more_goes_on(tmp_path: Path) -> None:
    """The pipe is closed: what is logged is lost, nothing else is, nor is the exit code."""
    async with open_peers({}) as (telnyx, receiver, _):
        settings = settings_for(telnyx, receiver, tmp_path / "j.db", **MEDIA)
        async with serving(tmp_path, settings, free_port(), heard=False) as service:
            for _ in range(3):
                assert await ask(service, "/nothing") == 404
            while await ask(service, "/readyz") != 200:  # Telnyx's SDK is being loaded
                pass
            assert await service.stop(signal.SIGTERM) == Exit.OK


@pytest.mark.parametrize("route", [IN_CALL, MEDIA], ids=["in_call", "media"])
async def test_a_second_signal_ends_the_service_without_a_traceback(
    tmp_path: Path, route: dict[str, str]
) -> None:
    """In the middle of calls: what they still had to say is in the journal or is lost."""
    async with open_peers(BUSY | {"speed": 1.0}) as (telnyx, receiver, watch):
        settings = settings_for(telnyx, receiver, tmp_path / "j.db", **route)
        async with serving(tmp_path, settings, free_port()) as service:
            url = f"{service.url}/webhooks/telnyx"
            playing = asyncio.create_task(telnyx.run(webhook_url=url))
            await watch.until(lambda: count(receiver, "transcript.final") >= 4)
            service.process.send_signal(signal.SIGTERM)
            log = tmp_path / "log.jsonl"
            await until(lambda: '"drain_began"' in log.read_text())
            code = await service.stop(signal.SIGTERM)
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    assert code == Exit.INTERRUPTED
    said = log.read_text()
    assert '"exception"' not in said
    assert "Traceback" not in said
