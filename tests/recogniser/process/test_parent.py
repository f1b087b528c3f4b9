import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_recogniser_process
from tests.recogniser.builders import recording
from tests.recogniser.peers import PHONE, open_client, text_of
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.speech


async def test_a_recogniser_of_ones_own_hears_and_is_gone_afterwards() -> None:
    """It listens when the context begins, wants the key, and ends with the context."""
    async with (
        open_recogniser_process(ProcessSettings(api_key="k"), quiet=True) as process,
        open_client(process.url, key="k", **PHONE) as client,
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
        async with asyncio.timeout(PATIENCE_S):
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
