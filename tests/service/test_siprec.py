"""Calls of somebody else's telephone system, sent by a SIPREC client: two legs, one call."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from service.simulator.report import Report
from tests.service.harness import House, durable, open_house
from tests.service.parties import ROLES, ROUTES, meant, said_by
from tests.service.test_connecting import scenario
from tests.service.virtual_time import in_virtual_time


async def play(house: House, *, calls: int) -> Report:
    """Play the scenario and return once so many calls were delivered as complete."""
    report = await house.telnyx.run(webhook_url=house.service.url + "/webhooks/telnyx")

    def complete() -> int:
        receipts = house.receiver.receipts
        return sum(one.type == "transcript.completed" for one in receipts)

    await house.watch.until(lambda: complete() == calls)
    return report


@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_every_word_is_heard_once_by_whoever_said_it(tmp_path: Path, source: str) -> None:
    """One call, of which each leg brings one side, and no leg is left over."""
    route = {**ROUTES[source], "roles": ROLES, "siprec": True, "match": {"to": "+13125550199"}}
    async with open_house(tmp_path / "j.db", scenario("siprec"), **route) as house:
        report = await play(house, calls=1)
        calls = durable(house.receiver.receipts)

    ((call_id, events),) = calls.items()
    assert call_id.startswith("siprec_")
    assert {call.outcome for call in report.calls} == {"normal_clearing"}
    assert len(report.calls) == 2
    assert said_by(events) == meant(report)
    tracks = {"customer": "inbound", "agent": "outbound"}
    for one in events:
        if one.type == "transcript.final":
            assert one.data["track"] == tracks[one.data["role"]]
    assert [one.type for one in events].count("call.started") == 1
    (completed,) = (one.data for one in events if one.type == "transcript.completed")
    assert [one["role"] for one in completed["participants"]] == ["customer", "agent"]
    assert completed["gaps"] == 0


UNEXPECTED: Mapping[str, Mapping[str, object]] = {
    "nobody expects sessions": {},
    "labels that say nothing": {"siprec": True},
}


@pytest.mark.parametrize("case", UNEXPECTED)
@in_virtual_time
async def test_what_headers_say_is_believed_no_further(tmp_path: Path, case: str) -> None:
    """Without a route for it each leg is a call; a label of somebody's own names no role."""
    played = scenario("siprec")
    if "siprec" in UNEXPECTED[case]:
        played["call"][0]["siprec"] = ["98", "99"]
    route = {**ROUTES["media"], "roles": ROLES, **UNEXPECTED[case]}
    async with open_house(tmp_path / "j.db", played, **route) as house:
        report = await play(house, calls=1 if "siprec" in UNEXPECTED[case] else 2)
        calls = durable(house.receiver.receipts)

    assert len(calls) == (1 if "siprec" in UNEXPECTED[case] else 2)
    heard = [pair for events in calls.values() for pair in said_by(events)]
    assert sorted(word for _, word in heard) == sorted(word for _, word in meant(report))
    if "siprec" in UNEXPECTED[case]:
        assert {role for role, _ in heard} == {"unknown"}
