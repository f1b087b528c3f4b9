"""Secrets that change while the service runs as a process of its own."""

import signal
from pathlib import Path
from typing import Any

from service.demo.receiver import open_receiver
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from tests.service.harness import Watch, settings_for
from tests.service.process import free_port, serving, write_settings
from tests.settings.builders import SECRET
from tests.waiting import until


def lines(folder: Path, event: str) -> list[str]:
    """Return the log lines of an event so far."""
    return [line for line in (folder / "log.jsonl").read_text().splitlines() if event in line]


async def test_a_hangup_signal_has_new_secrets_read(tmp_path: Path) -> None:
    """Those of the settings file as it is now; one that cannot be used changes nothing."""
    scenario = parse_scenario({"recogniser": "script", "call": []})
    async with open_simulator(scenario) as telnyx, open_receiver(Watch().told) as receiver:
        settings: dict[str, Any] = dict(settings_for(telnyx, receiver, tmp_path / "j.db"))
        crm = settings["endpoint"]["0"]
        async with serving(tmp_path, settings, free_port()) as service:
            crm |= {"secret": SECRET, "secret_previous": receiver.secret}
            write_settings(tmp_path, settings)
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(lines(tmp_path, "secrets_rotated")) == 1, 20)
            write_settings(tmp_path, settings | {"endpoint": {"0": crm | {"secret": "whsec_?"}}})
            service.process.send_signal(signal.SIGHUP)
            await until(lambda: len(lines(tmp_path, "secrets_not_rotated")) == 1, 20)

            assert '"endpoints": ["crm"]' in lines(tmp_path, "secrets_rotated")[0]
            assert SECRET not in (tmp_path / "log.jsonl").read_text()
