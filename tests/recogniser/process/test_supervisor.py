import asyncio
import io
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import numpy as np
import pytest

from service.recogniser.files.route import PATHS
from tests.recogniser.builders import audio, pack, recording
from tests.recogniser.peers import PHONE, open_client, text_of

pytestmark = pytest.mark.speech


class Command:
    """`callscribe recogniser`, and what it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def logged(self, event: str) -> dict[str, Any]:
        """Wait for a line about this; others are passed over."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := json.loads(await self.process.stdout.readline()):
                if line["event"] == event:
                    break
        return dict(line)


@asynccontextmanager
async def command() -> AsyncIterator[Command]:
    """Run the command, and see that it stops in good order."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "recogniser", "--port", "0"), stdin=DEVNULL, stdout=PIPE
    )
    try:
        yield Command(process)
        process.terminate()
        async with asyncio.timeout(30):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


async def test_sigterm_stops_it_in_good_order() -> None:
    """As the command line runs it: status 0, and nobody left at work."""
    async with command() as running:
        pid = (await running.logged("recogniser_listening"))["pid"]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_one_that_crashes_is_replaced_where_it_was() -> None:
    """Sessions break off, as clients expect of a lost machine; the next one is heard."""
    async with command() as running:
        first = await running.logged("recogniser_listening")
        async with open_client(first["url"], **PHONE) as client:
            await client.play(recording("austen_0920"))
            os.kill(first["pid"], signal.SIGSEGV)
            assert await client.rest() == []
            lost = client.socket.close_code
        died = await running.logged("recogniser_process_died")
        second = await running.logged("recogniser_listening")
        async with open_client(second["url"], **PHONE) as client:
            await client.play(recording("austen_0920"))
            heard = text_of(await client.finish())

    assert (died["status"], died["pid"]) == (-signal.SIGSEGV, first["pid"])
    assert second["url"] == first["url"]
    assert (lost, client.socket.close_code) == (1006, 1000)
    assert "respectable" in heard


def form(times: int) -> aiohttp.FormData:
    """Return a file in which somebody says the same so many times."""
    fields = aiohttp.FormData()
    fields.add_field("model", "deepgram/nova-3")
    file = io.BytesIO(pack(np.tile(audio("jfk"), times), "flac"))
    fields.add_field("file", file, filename="a.flac")
    return fields


async def test_a_file_at_work_in_one_that_crashes_is_not_answered() -> None:
    """Its connection breaks off, at which clients try again; the next file is understood."""
    async with command() as running, aiohttp.ClientSession() as http:
        first = await running.logged("recogniser_listening")
        base_url = first["url"].replace("ws", "http", 1).partition("/v2")[0]
        post = partial(http.post, f"{base_url}{PATHS[0]}")

        async def lose() -> None:
            """Send a file that takes long."""
            await post(data=form(30))

        lost = asyncio.create_task(lose())
        async with asyncio.timeout(30):
            files = 0
            while not files:
                async with http.get(f"{base_url}/healthz") as health:
                    files = (await health.json()).get("files", 0)  # or it is too busy to say
        os.kill(first["pid"], signal.SIGKILL)
        with pytest.raises(aiohttp.ClientConnectionError):
            await lost
        await running.logged("recogniser_listening")
        async with post(data=form(1)) as reply:
            assert "country" in (await reply.json())["text"]
