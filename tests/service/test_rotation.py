"""Secrets that change while the service runs as a process of its own."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp

from service.demo.receiver import open_receiver
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from tests.service.harness import Watch, settings_for
from tests.service.process import free_port, serving, write_settings
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
