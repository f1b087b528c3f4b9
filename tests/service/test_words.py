"""What became of numbered words, counted after calls through the whole service."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from service.simulator.report import CallReport
from service.simulator.words.count import Count
from service.simulator.words.receiver import WordReceiver, open_word_receiver
from service.simulator.words.tally import are_complete, tally
from tests.service.harness import House, open_house
from tests.service.peers import Passes, open_go_between
from tests.service.virtual_time import in_virtual_time

NUMBERED = {"numbered": {"duration_s": 20}, "talk": "on_answer"}
SECRET = "whsec_" + "A" * 43 + "="
ROUTES: dict[str, Mapping[str, object]] = {
    "media": {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    "in_call": {"source": "in_call", "engine": "Telnyx"},
}


class Swallower:
    """Passes on every event but each fifth final; knows what was in those."""

    def __init__(self) -> None:
        self.swallowed: list[str] = []
        self._finals = 0

    def __call__(self, event: Mapping[str, Any]) -> int:
        """Say how often an event is passed on."""
        if event["type"] != "transcript.final":
            return 1
        self._finals += 1
        if self._finals % 5:
            return 1
        self.swallowed += event["data"]["text"].split()
        return 0


class Repeater:
    """Passes on every final twice; counts their words."""

    def __init__(self) -> None:
        self.words = 0

    def __call__(self, event: Mapping[str, Any]) -> int:
        """Say how often an event is passed on."""
        if event["type"] != "transcript.final":
            return 1
        self.words += len(event["data"]["text"].split())
        return 2


def endpoint(url: str, **more: object) -> Mapping[str, object]:
    """Return settings with an endpoint there."""
    crm = {"name": "crm", "type": "webhook", "url": url, "secret": SECRET, "allow_private": True}
    return {"endpoint": {"0": crm | more}}


@asynccontextmanager
async def through(passes: Passes, receiver: WordReceiver) -> AsyncIterator[str]:
    """Serve a go-between before a receiver; yield where it is."""
    async with open_go_between(receiver.url, passes) as url:
        yield url


async def played(house: House, receiver: WordReceiver) -> Count:
    """Play the scenario, and count once every call is complete."""
    report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
    calls: tuple[CallReport, ...] = report.calls
    assert await receiver.until(lambda: are_complete(calls, receiver.records), 30)
    counted = tally(calls, receiver.records, max_shift_ms=1500)
    assert not counted.strangers
    assert len(counted.calls) == len(calls)
    return counted.total


@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_of_a_faultless_run_every_word_is_heard_once(tmp_path: Path, source: str) -> None:
    """Signed, in arrays, of several calls."""
    call = {**NUMBERED, "count": 2, "every_s": 0.1}
    async with open_word_receiver(secret=SECRET) as receiver:
        changes = endpoint(receiver.url, batch=20)
        scenario = {"seed": 3, "call": [call]}
        async with open_house(tmp_path / "j.db", scenario, changes, **ROUTES[source]) as house:
            count = await played(house, receiver)

    assert count == Count(said=count.said, heard=count.said, shifted=count.shifted)
    assert count.said > 60
    assert receiver.forged == 0


@in_virtual_time
async def test_finals_that_a_receiver_swallows_are_lost(tmp_path: Path) -> None:
    """Their words, exactly: nobody told of a gap."""
    swallower = Swallower()
    async with open_word_receiver() as receiver, through(swallower, receiver) as url:
        scenario = {"seed": 4, "call": [NUMBERED]}
        async with open_house(
            tmp_path / "j.db", scenario, endpoint(url), **ROUTES["media"]
        ) as house:
            count = await played(house, receiver)

    assert count.lost == len(swallower.swallowed) > 0
    assert count.heard == count.said - count.lost
    assert (count.told, count.doubled, count.wrong_track) == (0, 0, 0)
    assert count.is_wrong


@in_virtual_time
async def test_finals_that_come_twice_are_doubled(tmp_path: Path) -> None:
    """Under another number; what comes again under its own is a repeated delivery."""
    repeater = Repeater()
    async with open_word_receiver() as receiver, through(repeater, receiver) as url:
        scenario = {"seed": 5, "call": [NUMBERED]}
        async with open_house(
            tmp_path / "j.db", scenario, endpoint(url), **ROUTES["media"]
        ) as house:
            count = await played(house, receiver)

    assert count.doubled == repeater.words == count.said == count.heard
    assert count.is_wrong


@in_virtual_time
async def test_words_in_a_gap_are_lost_and_told(tmp_path: Path) -> None:
    """Six seconds of frames never came: whoever tells it has done what can be done."""
    scenario = {
        "seed": 6,
        "speed": 1.0,
        "call": [NUMBERED],
        "media": {"missing_ms": [[5000, 11000]]},
    }
    async with (
        open_word_receiver(secret=SECRET) as receiver,
        open_house(tmp_path / "j.db", scenario, endpoint(receiver.url), **ROUTES["media"]) as house,
    ):
        count = await played(house, receiver)

    assert count.lost == count.told > 0
    assert (count.untold_ms, count.shifted) == (0, 0)
    assert not count.is_wrong
