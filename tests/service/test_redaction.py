"""A card that is read out in a call is nowhere: not at receivers, on the disk, or in the log."""

import asyncio
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.demo.receiver import Receipt
from service.exits import Exit
from tests.redaction.oracle import digits_in, most_in_order
from tests.service.harness import House, asking, open_house, settings_for
from tests.service.process import free_port, serving
from tests.service.test_feed import read, watching
from tests.service.test_stop import MEDIA, Peers, count, open_peers

CARD = "4111234567899876"
SCRIPT = [
    {"speaker": "agent", "text": "could I have your card number", "at_ms": 300},
    {"speaker": "customer", "text": "it is four one one one two three four five", "at_ms": 2500},
    {"speaker": "agent", "text": "go on", "at_ms": 6500},
    {"speaker": "customer", "text": "six seven eight nine nine eight seven six", "at_ms": 7500},
    {"speaker": "agent", "text": "four one one one two three four five is it", "at_ms": 11500},
    {"speaker": "customer", "text": "yes that is right thank you so much", "at_ms": 15500},
]
CALLS = 2
SAID = ("two three four", "six seven eight", "nine nine", "eight seven six")
KINDS = ["pci", "ssn", "phone", "email", "iban", "numbers"]
SOURCES = {
    "media": MEDIA,
    "in_call": {"source": "in_call", "engine": "Telnyx"},
}


def on_disk(folder: Path) -> str:
    """Return what the database, its write-ahead log and the service's log hold."""
    paths = [*folder.glob("j.db*"), *folder.glob("log*")]
    return "".join(path.read_bytes().decode(errors="replace") for path in paths)


def most_shown(receipts: list[Receipt]) -> int:
    """Return how many digits of the card one call's texts and words show in order, at most."""
    worst = 0
    for call in {receipt.data["call_id"] for receipt in receipts}:
        mine = [one.data for one in receipts if one.data["call_id"] == call and "text" in one.data]
        worst = max([worst, *(most_in_order(digits_in(_all_of(data)), CARD) for data in mine)])
    return worst


def _all_of(data: Mapping[str, Any]) -> str:
    return " ".join((data["text"], *(word["text"] for word in data["words"] or ())))


async def killed_and_started_again(folder: Path, peers: Peers, source: str) -> str:
    """Play calls on a service that is killed in the middle; return what was on the disk."""
    telnyx, receiver, watch = peers
    route = SOURCES[source]
    settings = dict(settings_for(telnyx, receiver, folder / "j.db", redact=KINDS, **route))
    port = free_port()
    async with asyncio.TaskGroup() as tasks:
        async with serving(folder, settings, port) as service:
            tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            await watch.until(lambda: count(receiver, "transcript.final") >= 2 * CALLS)
            await service.stop(signal.SIGKILL)
        left = on_disk(folder)
        async with serving(folder, settings, port) as service:
            await watch.until(lambda: count(receiver, "transcript.completed") >= CALLS)
            assert await service.stop(signal.SIGTERM) == Exit.OK
    return left + on_disk(folder)


@pytest.mark.parametrize("source", SOURCES)
async def test_a_killed_service_leaves_no_card_anywhere(tmp_path: Path, source: str) -> None:
    """Neither in partials and finals, nor in the journal, its write-ahead log and the log."""
    scenario = {"speed": 1.0, "recogniser": "script", "call": [{"say": SCRIPT, "count": CALLS}]}
    async with open_peers(scenario) as peers:
        left = await killed_and_started_again(tmp_path, peers, source)
    receipts = peers[1].receipts

    assert most_shown(receipts) <= 4
    assert any("[CARD]" in one.data.get("text", "") for one in receipts)
    assert "[CARD]" in left
    assert [said for said in SAID if said in left] == []


async def test_everybody_gets_the_same_text(tmp_path: Path) -> None:
    """The feed, the API's events and transcript, the export and the search."""
    path = tmp_path / "j.db"
    async with asyncio.TaskGroup() as tasks:
        async with open_house(path, {"call": [{"say": SCRIPT}]}, redact=KINDS) as house:
            opened = watching(house, path)
            reading = tasks.create_task(read(await opened.__aenter__()), name="read the feed")
            report = await house.play()
            answers = await asked(house, path, report.calls[0].call_id)
        watched = await reading  # until the service stopped
        await opened.__aexit__(None, None, None)
    seen = answers | {"feed": b" ".join(data for _, data in watched).decode()}

    assert most_shown(house.receiver.receipts) <= 4
    assert [name for name, text in seen.items() if any(said in text for said in SAID)] == []
    assert [name for name, text in seen.items() if "[CARD]" not in text] == ["nothing"]
    assert json.loads(answers["nothing"])["data"] == []


async def asked(house: House, journal: Path, call: str) -> dict[str, str]:
    """Ask the API for all that it has of a call's words, and for a word that was hidden."""
    places = {
        "events": f"/v1/calls/{call}/events",
        "transcript": f"/v1/calls/{call}/transcript",
        "export": f"/v1/calls/{call}/transcript?format=txt",
        "search": "/v1/search?q=it",
        "nothing": "/v1/search?q=nine",
    }
    answers = {}
    async with asking(house, journal, "calls:read") as client:
        for name, place in places.items():
            async with client.get(place) as answer:
                answers[name] = await answer.text()
    return answers
