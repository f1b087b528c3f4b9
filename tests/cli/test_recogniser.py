import asyncio
import json
import signal

import aiohttp
import pytest

from service.cli.recogniser import KEY_VARIABLE
from service.exits import Exit
from tests.cli.harness import started


@pytest.mark.speech
async def test_the_recogniser_runs_until_it_is_told_to_stop() -> None:
    """It says where it listens, asks for the key it was given, and drains on SIGTERM."""
    async with (
        started("recogniser", "--port", "0", **{KEY_VARIABLE: "sesame"}) as process,
        asyncio.timeout(60),
    ):
        assert process.stdout is not None
        line = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(line["url"])
        process.send_signal(signal.SIGTERM)
        code = await process.wait()

    assert line["event"] == "recogniser_listening"
    assert refused.value.status == 401
    assert code == Exit.OK
