"""Calls whose people come and go: what everybody who plays one looks at."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from service.demo.receiver import Receipt
from service.simulator.report import Report
from tests.service.harness import durable, open_house
from tests.service.test_connecting import scenario

ROUTES: Mapping[str, Mapping[str, object]] = {
    "media": {"source": "media", "engine": "Deepgram", "model": "nova-3"},
    "in_call": {"source": "in_call", "engine": "Deepgram", "model": "nova-3"},
    "in_call, the side is named": {"source": "in_call", "engine": "Telnyx"},
}
ROLES = {"inbound": "customer", "outbound": "agent"}
PRESENCE = {
    *("call.bridged", "call.held", "call.resumed", "call.transferred", "call.dtmf"),
    "conference.joined",
}
"""Events that say who is where."""


def said_by(events: list[Receipt]) -> list[tuple[str, str]]:
    """Return every word with the role that it was heard under, in the order of the call."""
    finals = [one.data for one in events if one.type == "transcript.final"]
    finals.sort(key=lambda data: data["start_ms"])
    return [
        (data["role"], word.strip(".,?").lower())
        for data in finals
        for word in data["text"].split()
    ]


def meant(report: Report, *, unknown: int = 0) -> list[tuple[str, str]]:
    """Return every word that was said, with who said it; of so many utterances nobody knows."""
    return [
        ("unknown" if number < unknown else said.speaker, word.strip(".,?").lower())
        for number, said in enumerate(report.calls[0].said)
        for word in said.text.split()
    ]


async def check_parties(
    folder: Path, name: str, source: str, *, kinds: Sequence[str], roles: Sequence[str]
) -> None:
    """Play a scenario: every word once, under the right role, one call, and no leg left over.

    `kinds` are the events that say who is where, `roles` those of the participants, in order.
    """
    route = {**ROUTES[source], "roles": ROLES, "numbers": "last4"}
    async with open_house(folder / "j.db", scenario(name), **route) as house:
        report = await house.play()
        calls = durable(house.receiver.receipts)

    ((call_id, events),) = calls.items()
    assert {call.call_id for call in report.calls} == {call_id}
    assert len(report.calls) == len(roles)
    assert {call.outcome for call in report.calls} == {"normal_clearing"}
    # a caller who is alone is heard with both sides, and only some engines say which it was
    alone = name == "queue-then-agent" and source == "in_call"
    assert said_by(events) == meant(report, unknown=int(alone))
    assert [one.type for one in events if one.type in PRESENCE] == list(kinds)
    ended, completed = (
        one.data["participants"]
        for one in events
        if one.type in ("call.ended", "transcript.completed")
    )
    assert ended == completed
    assert [one["role"] for one in ended] == list(roles)
    assert [one["number"][:-4].strip("*") for one in ended] == [""] * len(roles)
    assert all(one["start_ms"] is not None and one["end_ms"] for one in ended)
