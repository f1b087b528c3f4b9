"""The whole service between a simulated Telnyx and a receiver that checks signatures."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from service.app import Running, running
from service.demo.receiver import Receipt, Receiver, open_receiver
from service.ids import CallId, Scope
from service.ingress.limits import MediaLimits
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports import StoredEvent
from service.settings import Settings
from service.simulator.report import Report
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.api.builders import new_key
from tests.service.virtual_time import machine_here

SPEED = 5.0
"""How many times faster than people the calls of these tests are played."""
SCRIPT = [
    {"speaker": "agent", "text": "good morning how can I help", "at_ms": 400},
    {"speaker": "customer", "text": "I would like to move my booking", "at_ms": 3000},
    {"speaker": "agent", "text": "yes", "at_ms": 6000},
    {"speaker": "agent", "text": "yes", "at_ms": 7500},
    {"speaker": "customer", "text": "thank you so much goodbye", "at_ms": 9000},
]


class Watch:
    """Waits for something to be received, without asking again and again."""

    def __init__(self) -> None:
        self._came = asyncio.Event()

    def told(self, receipt: Receipt) -> None:
        """Take note that something came."""
        del receipt
        self._came.set()

    async def until(self, done: Callable[[], bool], timeout_s: float = 30.0) -> None:
        """Return once something is so, or fail."""
        async with asyncio.timeout(timeout_s):
            while not done():
                await self._came.wait()
                self._came.clear()


@dataclass(slots=True)
class House:
    """Everything there is."""

    service: Running
    telnyx: Simulator
    receiver: Receiver
    watch: Watch

    async def play(self) -> Report:
        """Play the scenario and return once every call's transcript was delivered as complete."""
        report = await self.telnyx.run(webhook_url=self.service.url + "/webhooks/telnyx")
        calls = {call.call_id for call in report.calls}
        await self.watch.until(lambda: not self.missing(calls))
        return report

    def missing(self, calls: set[str]) -> set[str]:
        """Return the calls whose `transcript.completed` has not come yet."""
        return calls - {
            receipt.data["call_id"]
            for receipt in self.receiver.receipts
            if receipt.type == "transcript.completed"
        }


def settings_for(
    telnyx: Simulator, receiver: Receiver, journal: Path, **route: object
) -> Mapping[str, Any]:
    """Return settings of one route, with the simulator in Telnyx's place."""
    return {
        "listen": "127.0.0.1:0",
        "database_url": f"sqlite:///{journal}",
        "drain_timeout_s": 5,
        "telnyx_api_key": telnyx.api_key,
        "telnyx_public_key": telnyx.public_key,
        "telnyx_base_url": telnyx.url,
        "telnyx_stt_url": telnyx.stt_url,
        "public_url": "http://127.0.0.1:1",
        "route": {
            "0": {
                "roles": {"inbound": "customer", "outbound": "agent"},
                "endpoints": ["crm"],
                "metadata": {"queue": "billing"},
                **route,
            }
        },
        "endpoint": {
            "0": {
                "name": "crm",
                "type": "webhook",
                "url": receiver.url,
                "secret": receiver.secret,
                "partials": "all",
                "allow_private": True,
            }
        },
    }


@asynccontextmanager
async def open_house(
    journal: Path,
    scenario: Mapping[str, object],
    changes: Mapping[str, object] | None = None,
    recogniser_url: str | None = None,
    endpoints: Sequence[Mapping[str, object]] = (),
    /,
    **route: object,
) -> AsyncIterator[House]:
    """Open simulator, receiver and service, with these settings changed.

    Of `endpoints` the first changes what is said of the receiver, the others are more of them. The
    simulator hears by the script, or relays to a recogniser.
    """
    watch, machine = Watch(), machine_here()
    hears = "relay" if recogniser_url else "script"
    parsed = parse_scenario({"speed": SPEED, "recogniser": hears, **scenario})
    simulator = open_simulator(parsed, recogniser_url=recogniser_url, clock=machine.clock)
    async with simulator as tx, open_receiver(watch.told, now=machine.clock) as receiver:
        settings = dict(settings_for(tx, receiver, journal, **route))
        settings.pop("public_url")
        for number, one in enumerate(endpoints):
            settings["endpoint"][str(number)] = settings["endpoint"].get(str(number), {}) | one
        settings |= changes or {}
        limits = MediaLimits(speed=parsed.speed)
        opening = running(Settings.model_validate(settings), media_limits=limits, machine=machine)
        async with opening as service:
            yield House(service, tx, receiver, watch)


@asynccontextmanager
async def asking(
    house: House, journal: Path, *scopes: Scope
) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a client with a key of its own that has these scopes."""
    async with open_sqlite_keys(journal, threaded=machine_here().threaded) as keys:
        key = await new_key(keys, *scopes, now=time.time())
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(house.service.url, headers=headers) as client:
        yield client


async def journal_of(path: Path, calls: Iterable[str]) -> dict[str, list[StoredEvent]]:
    """Read what is in the journal of these calls, after the service has stopped."""
    async with open_sqlite_journal(
        path, exclusive=False, threaded=machine_here().threaded
    ) as journal:
        return {call: await journal.read(CallId(call), after_seq=0, limit=10_000) for call in calls}


def durable(receipts: Sequence[Receipt]) -> dict[str, list[Receipt]]:
    """Sort what was received into calls, without partials, in the order of arrival."""
    calls: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        if receipt.type != "transcript.partial":
            calls[receipt.data["call_id"]].append(receipt)
    return calls


def finals(receipts: Sequence[Receipt], track: str) -> list[str]:
    """Return the settled texts of a track, in the order of arrival."""
    return [
        receipt.data["text"]
        for receipt in receipts
        if receipt.type == "transcript.final" and receipt.data["track"] == track
    ]


def texts(stored: Sequence[StoredEvent]) -> list[str]:
    """Return the settled texts in a journal, in order."""
    bodies = [msgspec.json.decode(event.body) for event in stored]
    return [body["data"]["text"] for body in bodies if body["type"] == "transcript.final"]
