import asyncio
import resource
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.exits import Exit
from tests.cli.harness import started
from tests.settings.builders import KEYS
from tests.test_descriptors import descriptors


async def log_of_start(process: Process) -> list[dict[str, Any]]:
    """Return what is logged until the service listens."""
    assert process.stdout is not None
    lines: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not lines or lines[-1]["event"] != "service_started":
            lines.append(msgspec.json.decode(await process.stdout.readline()))
    return lines


def variables(folder: Path) -> dict[str, str]:
    """Return what the service needs beside a settings file."""
    return KEYS | {
        "CALLSCRIBE_LISTEN": "127.0.0.1:0",
        "CALLSCRIBE_DATABASE_URL": f"sqlite:///{folder}/calls.db",
    }


async def test_a_service_without_routes_says_so_and_which_file_it_read(tmp_path: Path) -> None:
    """It leaves every call alone, which nobody may be left to wonder at."""
    config = tmp_path / "callscribe.toml"
    config.write_text("drain_timeout_s = 1\n")
    async with started("serve", "--config", str(config), **variables(tmp_path)) as process:
        read, warned, *_ = await log_of_start(process)

    assert (read["event"], read["file"]) == ("settings_read", str(config))
    assert (warned["level"], warned["subject"]) == ("warning", "routes")
    assert f"none in {config}" in warned["advice"]


async def test_a_service_without_a_file_says_that_it_read_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever started it in the wrong folder sees it."""
    monkeypatch.chdir(tmp_path)
    async with started("serve", **variables(tmp_path)) as process:
        read, warned, *_ = await log_of_start(process)

    assert read["file"] == "none"
    assert "no settings file was read" in warned["advice"]


async def test_a_sqlite_journal_is_not_shared(tmp_path: Path) -> None:
    """Who wants more workers is told what they need."""
    async with started("serve", "--workers", "2", **variables(tmp_path)) as process:
        assert process.stderr is not None
        said = (await process.stderr.read()).decode()
        assert await process.wait() == Exit.USAGE
    assert "--workers: a SQLite journal belongs to one process" in said
    assert "set database_url to a postgresql:// address" in said


async def test_a_stop_waits_for_nothing_that_is_still_being_loaded(tmp_path: Path) -> None:
    """Telnyx's SDK may take half a minute on a busy machine, and then nobody needs it any more."""
    (tmp_path / "telnyx.py").write_text("import time\n\ntime.sleep(600)\n")
    async with started("serve", **variables(tmp_path), PYTHONPATH=str(tmp_path)) as process:
        await log_of_start(process)
        process.terminate()
        async with asyncio.timeout(30):
            assert await process.wait() == Exit.OK


async def test_it_may_open_as_many_files_as_the_system_lets_it(tmp_path: Path) -> None:
    """Whoever started it could open a few only."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with descriptors(most // 2):
        async with started("serve", **variables(tmp_path)) as process:
            await log_of_start(process)

            assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (most, most)
