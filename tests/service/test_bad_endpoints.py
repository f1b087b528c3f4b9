"""Endpoints that cannot be reached, beside calls that know nothing of it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from service.app import Machine, running
from service.demo.receiver import Receiver, open_receiver
from service.ingress.limits import MediaLimits
from service.settings import Settings
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.name_server import open_name_server
from tests.service.harness import SCRIPT, SPEED, House, Watch, durable, settings_for

UNKNOWN = [f"crm{number}" for number in range(6)]


def settings_with_unknown(telnyx: Simulator, receiver: Receiver, journal: Path) -> Settings:
    """Return settings of six more endpoints whose names nobody knows; Telnyx has a name, too."""
    endpoints = ["crm", *UNKNOWN]
    settings: dict[str, Any] = dict(settings_for(telnyx, receiver, journal, endpoints=endpoints))
    known = settings["endpoint"]["0"]
    for number, name in enumerate(UNKNOWN, start=1):
        url = f"http://{name}.example/hooks"
        settings["endpoint"][str(number)] = {**known, "name": name, "url": url}
    del settings["public_url"]
    by_name = telnyx.url.replace("127.0.0.1", "localhost")
    return Settings.model_validate(settings | {"telnyx_base_url": by_name, "drain_timeout_s": 1})


def at(text: str) -> float:
    """Read a time stamp."""
    return datetime.fromisoformat(text).timestamp()


async def test_names_that_nobody_resolves_delay_no_call(tmp_path: Path) -> None:
    """With six of them no call was answered in 45 s: look-ups kept Telnyx from being reached."""
    watch = Watch()
    call = {"say": SCRIPT, "count": 3, "every_s": 0.5}
    parsed = parse_scenario({"speed": SPEED, "recogniser": "script", "call": [call]})
    async with (
        open_name_server() as server,
        open_simulator(parsed) as telnyx,
        open_receiver(watch.told) as receiver,
    ):
        server.silent = True
        settings = settings_with_unknown(telnyx, receiver, tmp_path / "j.db")
        machine = Machine(nameservers=(server.address,))
        limits = MediaLimits(speed=parsed.speed)
        async with running(settings, media_limits=limits, machine=machine) as service:
            await House(service, telnyx, receiver, watch).play()

    calls = durable(receiver.receipts)
    assert len(calls) == 3
    for started, answered, *_ in calls.values():
        assert (started.type, answered.type) == ("call.started", "call.answered")
        assert at(answered.data["occurred_at"]) - at(started.data["occurred_at"]) < 15
    assert {f"{name}.example" for name in UNKNOWN} <= set(server.asked)
