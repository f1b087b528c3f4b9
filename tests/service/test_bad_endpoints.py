"""Endpoints that cannot be reached, beside calls that know nothing of it."""

from collections.abc import Sequence
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
from tests.service.harness import SCRIPT, SPEED, House, Watch, durable, finals, settings_for

UNKNOWN = [f"crm{number}" for number in range(6)]
AGENT, CUSTOMER = (
    [str(one["text"]) for one in SCRIPT if one["speaker"] == speaker]
    for speaker in ("agent", "customer")
)
MANY = [f"lost{number}" for number in range(80)]
CALLS = {"say": SCRIPT, "count": 3, "every_s": 0.5}


def settings_with(
    telnyx: Simulator,
    receiver: Receiver,
    journal: Path,
    unknown: Sequence[str],
    **changes: object,
) -> Settings:
    """Return settings of more endpoints whose names nobody knows; Telnyx has a name, too."""
    endpoints = [*unknown, "crm"]  # in their order events go out, and names are looked up
    settings: dict[str, Any] = dict(settings_for(telnyx, receiver, journal, endpoints=endpoints))
    known = settings["endpoint"]["0"]
    for number, name in enumerate(unknown, start=1):
        url = f"http://{name}.example/hooks"
        settings["endpoint"][str(number)] = {**known, "name": name, "url": url}
    known["url"] = receiver.url.replace("127.0.0.1", "crm.example")
    del settings["public_url"]
    by_name = telnyx.url.replace("127.0.0.1", "localhost")
    changes = {"telnyx_base_url": by_name, "drain_timeout_s": 1, **changes}
    return Settings.model_validate(settings | changes)


def at(text: str) -> float:
    """Read a time stamp."""
    return datetime.fromisoformat(text).timestamp()


async def test_names_that_nobody_resolves_delay_no_call(tmp_path: Path) -> None:
    """With six of them no call was answered in 45 s: look-ups kept Telnyx from being reached."""
    watch = Watch()
    parsed = parse_scenario({"speed": SPEED, "recogniser": "script", "call": [CALLS]})
    names = {f"{name}.example" for name in UNKNOWN}
    async with (
        open_name_server(crm_example="127.0.0.1") as server,
        open_simulator(parsed) as telnyx,
        open_receiver(watch.told) as receiver,
    ):
        server.swallows = frozenset(names)
        settings = settings_with(telnyx, receiver, tmp_path / "j.db", UNKNOWN)
        machine = Machine(nameservers=(server.address,))
        limits = MediaLimits(speed=parsed.speed)
        async with running(settings, media_limits=limits, machine=machine) as service:
            await House(service, telnyx, receiver, watch).play()

    calls = durable(receiver.receipts)
    assert len(calls) == 3
    for started, answered, *_ in calls.values():
        assert (started.type, answered.type) == ("call.started", "call.answered")
        assert at(answered.data["occurred_at"]) - at(started.data["occurred_at"]) < 15
    assert names <= set(server.asked)


async def test_names_that_are_swallowed_slow_none_that_are_answered(tmp_path: Path) -> None:
    """Eighty of them: an engine and an endpoint are found by their names, and no word is lost."""
    watch = Watch()
    parsed = parse_scenario({"speed": SPEED, "recogniser": "script", "call": [CALLS]})
    names = {"crm_example": "127.0.0.1", "stt_example": "127.0.0.1"}
    async with (
        open_name_server(**names) as server,
        open_simulator(parsed) as telnyx,
        open_receiver(watch.told) as receiver,
    ):
        server.swallows = frozenset(f"{name}.example" for name in MANY)
        ears = {"telnyx_stt_url": telnyx.stt_url.replace("127.0.0.1", "stt.example")}
        settings = settings_with(telnyx, receiver, tmp_path / "j.db", MANY, **ears)
        machine = Machine(nameservers=(server.address,))
        limits = MediaLimits(speed=parsed.speed)
        async with running(settings, media_limits=limits, machine=machine) as service:
            await House(service, telnyx, receiver, watch).play()

    assert server.swallows & set(server.asked)
    for track, words in ("inbound", CUSTOMER), ("outbound", AGENT):
        assert sorted(finals(receiver.receipts, track)) == sorted(words * 3)
