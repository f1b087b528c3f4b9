"""Calls that a route connects, and calls that are dialled: from ring to hang-up, both sources."""

import asyncio
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.demo.receiver import Receipt
from service.simulator.report import Report
from service.simulator.words.count import Count
from service.simulator.words.receiver import WordReceiver, open_word_receiver
from service.simulator.words.tally import are_complete, tally
from tests.service.harness import House, asking, durable, open_house
from tests.service.test_words import SECRET, endpoint
from tests.service.virtual_time import in_virtual_time

SCENARIOS = Path(__file__).parents[2] / "fixtures/scenarios"
AGENT = "+13125550177"
ROUTES: Mapping[str, Mapping[str, object]] = {
    "media": {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    "in_call": {"source": "in_call", "engine": "Deepgram", "model": "nova-3"},
}


def scenario(name: str) -> dict[str, Any]:
    """Return a scenario of the fixtures."""
    return tomllib.loads((SCENARIOS / f"{name}.toml").read_text())


def dials(report: Report) -> int:
    """Return how many dials were taken."""
    taken = [one for call in report.calls for one in call.commands if one.name == "dial"]
    return sum(one.status == 200 and not one.repeated for one in taken)


async def counted(report: Report, receiver: WordReceiver) -> Count:
    """Count the words once every call is complete."""
    assert await receiver.until(lambda: are_complete(report.calls, receiver.records), 30)
    return tally(report.calls, receiver.records, max_shift_ms=1500).total


def told(house: House) -> dict[str, list[Receipt]]:
    """Return what was delivered of each call."""
    return durable(house.receiver.receipts)


@pytest.mark.parametrize("source", ROUTES)
@pytest.mark.parametrize("announce", [None, "This call is transcribed."])
@in_virtual_time
async def test_a_caller_is_connected_with_an_agent(
    tmp_path: Path, source: str, announce: str | None
) -> None:
    """Every word once, under the right role; one call of two legs, of which none is left over."""
    more = {} if announce is None else {"announce": announce}
    route = {**ROUTES[source], "connect": AGENT, "roles": {}, **more}
    async with open_word_receiver(secret=SECRET) as receiver:
        changes = endpoint(receiver.url)
        async with open_house(tmp_path / "j.db", scenario("connect"), changes, **route) as house:
            report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
            count = await counted(report, receiver)

    assert count.said > 20
    assert count == Count(said=count.said, heard=count.said)
    caller, agent = report.calls
    assert caller.call_id == agent.call_id
    assert agent.to_number == AGENT
    assert (caller.outcome, agent.outcome) == ("normal_clearing", "normal_clearing")
    assert dials(report) == 1


@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_who_is_not_reached_is_told_and_no_leg_is_left(tmp_path: Path, source: str) -> None:
    """Busy, no answer, and a caller who gives up: each call ends, with one event that says why."""
    route = {**ROUTES[source], "connect": AGENT}
    what = scenario("connect-unanswered")
    async with open_house(tmp_path / "j.db", what, **route) as house:
        report = await house.play()
        events = told(house)

    assert all(call.outcome for call in report.calls)
    assert len(report.calls) == 6
    assert dials(report) == 3
    why = {
        call.from_number[-1]: [
            one.data["reason"] for one in events[call.call_id] if one.type == "call.unanswered"
        ]
        for call in report.calls
        if call.direction == "incoming"
    }
    assert why == {"5": ["busy"], "6": ["no_answer"], "7": []}
    for call_id in {call.call_id for call in report.calls}:
        kinds = [one.type for one in events[call_id]]
        assert kinds.count("call.ended") == kinds.count("call.started") == 1


@pytest.mark.slow
@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_a_campaign_of_fifty_calls(tmp_path: Path, source: str) -> None:
    """Each is dialled once, connected with an agent, heard from the first word on, and ends."""
    route = {**ROUTES[source], "connect": AGENT, "name": "campaign", "roles": {}}
    journal = tmp_path / "j.db"
    async with open_word_receiver(secret=SECRET) as receiver:
        changes = {**endpoint(receiver.url), "connection_id": "1684641123236054244"}
        async with open_house(journal, scenario("campaign"), changes, **route) as house:
            run = asyncio.create_task(
                house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
            )
            async with asking(house, journal, "calls:write") as client:
                for number in range(50):
                    body = {
                        "from": "+13125550199",
                        "to": f"+1312555{1000 + number}",
                        "route": "campaign",
                        "metadata": {"number": number},
                        "idempotency_key": f"campaign {number}",
                    }
                    for _ in range(2):
                        async with client.post("/v1/calls", json=body) as reply:
                            assert reply.status == 202, await reply.text()
            report = await run
            count = await counted(report, receiver)

    assert dials(report) == 50 + 46
    assert count.said > 500
    assert count == Count(said=count.said, heard=count.said)
    outcomes = sorted(
        call.outcome for call in report.calls if call.said == () and not call.answered
    )
    assert outcomes == ["no_answer", "no_answer", "user_busy", "user_busy"]
    assert all(call.outcome for call in report.calls)


@in_virtual_time
async def test_a_call_without_an_agent_is_heard_from_its_first_word(tmp_path: Path) -> None:
    """The dial carries the fork: nothing is asked for after the answer."""
    journal = tmp_path / "j.db"
    plan = {"direction": "outgoing", "numbered": {"duration_s": 8}, "talk": "on_answer"}
    async with open_word_receiver(secret=SECRET) as receiver:
        changes = {**endpoint(receiver.url), "connection_id": "1684641123236054244"}
        what = {"seed": 24, "speed": 1.0, "call": [plan]}
        async with open_house(journal, what, changes, **ROUTES["media"]) as house:
            run = asyncio.create_task(
                house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")
            )
            async with asking(house, journal, "calls:write", "calls:read") as client:
                body = {"from": "+13125550199", "to": "+13125550142"}
                async with client.post("/v1/calls", json=body) as reply:
                    call_id = (await reply.json())["call_id"]
                async with client.get(f"/v1/calls/{call_id}") as reply:
                    shown = await reply.json()
            report = await run
            count = await counted(report, receiver)

    assert shown["direction"] == "outgoing"
    assert count == Count(said=count.said, heard=count.said)
    assert [one.name for one in report.calls[0].commands] == ["dial"]
