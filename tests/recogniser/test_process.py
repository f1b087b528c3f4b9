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
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from service.errors import SettingsError
from service.recogniser.files.routes import PATHS
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_recogniser_process
from tests.recogniser.packing import pack
from tests.recogniser.talking import PHONE, audio, recording, talk, text_of

pytestmark = pytest.mark.speech


async def test_a_recogniser_of_ones_own_hears_and_is_gone_afterwards() -> None:
    """It listens when the context begins, wants the key, and ends with the context."""
    async with (
        open_recogniser_process(ProcessSettings(api_key="k"), quiet=True) as process,
        talk(process.url, key="k", **PHONE) as client,
    ):
        await client.play(recording("austen_0920"))
        heard = text_of(await client.finish())

    assert "respectable" in heard
    assert await process.wait() == 0


async def test_one_that_cannot_run_says_why(tmp_path: Path) -> None:
    """What is wrong reaches whoever started it, as an error and not as a log line."""
    with pytest.raises(SettingsError, match=r"encoder_model\.ort"):
        async with open_recogniser_process(ProcessSettings(model_dir=str(tmp_path)), quiet=True):
            pass


async def test_one_that_dies_is_noticed() -> None:
    """`wait` returns, with the signal as status."""
    async with open_recogniser_process(quiet=True) as process:
        os.kill(process.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            status = await process.wait()

    assert status == -signal.SIGKILL


async def test_it_does_not_outlive_its_parent() -> None:
    """When the parent's end of standard input is gone, so is the child."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.recogniser", "--quiet", stdin=PIPE, stdout=PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"{}\n")
    async with asyncio.timeout(30):
        await child.stdout.readline()
        child.stdin.close()
        assert await child.wait() == 0


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
        async with talk(first["url"], **PHONE) as client:
            await client.play(recording("austen_0920"))
            os.kill(first["pid"], signal.SIGSEGV)
            assert await client.rest() == []
            lost = client.socket.close_code
        died = await running.logged("recogniser_process_died")
        second = await running.logged("recogniser_listening")
        async with talk(second["url"], **PHONE) as client:
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
        lost = asyncio.ensure_future(post(data=form(30)))
        async with asyncio.timeout(30):
            files = 0
            while not files:
                async with http.get(f"{base_url}/healthz") as health:
                    files = (await health.json())["files"]
        os.kill(first["pid"], signal.SIGKILL)
        with pytest.raises(aiohttp.ClientConnectionError):
            await lost
        await running.logged("recogniser_listening")
        async with post(data=form(1)) as reply:
            assert "country" in (await reply.json())["text"]
