"""Secrets that change while the service runs as a process of its own."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp

from service.demo.receiver import open_receiver
from service.exits import Exit
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from tests.service.harness import Watch, settings_for
from tests.service.process import Process, free_port, serving, text_of, write_settings
from tests.settings.builders import SECRET
from tests.waiting import PATIENCE_S, until, writing_to_a_reader


def lines(folder: Path, event: str) -> list[str]:
    """Return the log lines of an event so far."""
    return [line for line in (folder / "log.jsonl").read_text().splitlines() if event in line]


async def test_a_hangup_signal_has_new_secrets_read(tmp_path: Path) -> None:
    """Those of the settings file as it is now; one that cannot be used changes nothing.

    An endpoint that is new there has no part in it: there is none before the next start.
    """
    scenario = parse_scenario({"recogniser": "script", "call": []})
    async with open_simulator(scenario) as telnyx, open_receiver(Watch().told) as receiver:
        settings: dict[str, Any] = dict(settings_for(telnyx, receiver, tmp_path / "j.db"))
        crm = settings["endpoint"]["0"]
        async with serving(tmp_path, settings, free_port()) as service:
            settings["endpoint"]["1"] = {**crm, "name": "new"}
            crm |= {"secret": SECRET, "secret_previous": receiver.secret}
            write_settings(tmp_path, settings)
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(lines(tmp_path, "secrets_rotated")) == 1, 20)
            write_settings(tmp_path, settings | {"endpoint": {"0": crm | {"secret": "whsec_?"}}})
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(lines(tmp_path, "secrets_not_rotated")) == 1, 20)

            refused = lines(tmp_path, "secrets_not_rotated")[0]
            assert "openssl rand -base64 32 makes what comes after whsec_" in refused
            assert '"endpoints": ["crm"]' in lines(tmp_path, "secrets_rotated")[0]
            assert SECRET not in (tmp_path / "log.jsonl").read_text()


async def test_whoever_is_slow_to_give_the_settings_holds_nothing_up(tmp_path: Path) -> None:
    """As a pipe is while nobody writes to it, or a disk that is far away."""
    scenario = parse_scenario({"recogniser": "script", "call": []})
    async with (
        open_simulator(scenario) as telnyx,
        open_receiver(Watch().told) as receiver,
        aiohttp.ClientSession() as session,
    ):
        settings: dict[str, Any] = dict(settings_for(telnyx, receiver, tmp_path / "j.db"))
        async with serving(tmp_path, settings, free_port()) as service, asyncio.timeout(PATIENCE_S):
            path = tmp_path / "callscribe.toml"
            text = path.read_text()
            path.unlink()
            os.mkfifo(path)
            service.process.send_signal(signal.SIGHUP)
            with os.fdopen(await writing_to_a_reader(path, 20), "w") as pipe:
                async with session.get(f"{service.url}/healthz") as answer:
                    assert answer.status == 200
                pipe.write(text)
            await until(lambda: len(lines(tmp_path, "secrets_rotated")) == 1, 20)


async def test_a_hangup_signal_while_the_service_starts_has_them_read_again(tmp_path: Path) -> None:
    """It may have read the old ones by then, and it ends nothing."""
    scenario = parse_scenario({"recogniser": "script", "call": []})
    async with open_simulator(scenario) as telnyx, open_receiver(Watch().told) as receiver:
        settings: dict[str, Any] = dict(settings_for(telnyx, receiver, tmp_path / "j.db"))
        path = tmp_path / "callscribe.toml"
        os.mkfifo(path)

        async def hang_up(service: Process) -> None:
            with os.fdopen(await writing_to_a_reader(path, 60), "w") as pipe:
                service.process.send_signal(signal.SIGHUP)
                path.unlink()
                write_settings(tmp_path, settings)
                pipe.write(text_of(settings))

        async with serving(tmp_path, settings, free_port(), loading=hang_up):
            await until(lambda: len(lines(tmp_path, "secrets_rotated")) == 1, 20)


async def test_a_service_that_is_stopped_before_it_began_ends_well(tmp_path: Path) -> None:
    """Nothing was begun; whoever started it sees no signal that killed it."""
    path = tmp_path / "callscribe.toml"
    os.mkfifo(path)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "serve", "--config", str(path))
    )
    with os.fdopen(await writing_to_a_reader(path, 60), "w"):
        process.terminate()
        assert await process.wait() == Exit.OK
