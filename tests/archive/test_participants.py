"""Who was in a call is read from the latest of its events that says so."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.archive.exports import write_export
from service.archive.participants import find_participants, read_participants
from service.calls.party_events import Participant
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, StoredEvent
from tests.archive.builders import CALL, SUMMARY, final, stored

CUSTOMER: dict[str, Any] = {
    "leg": "v3:a", "role": "customer", "number": "+15555550100", "start_ms": 0, "end_ms": None,
}  # fmt: skip
AGENT: dict[str, Any] = {
    "leg": "v3:b",
    "role": "agent",
    "number": None,
    "start_ms": None,
    "end_ms": 5000,
}


def told(seq: int, kind: str, *participants: dict[str, Any]) -> StoredEvent:
    """Return an event that says who is in the call."""
    return stored(seq, kind, participants=participants)


def test_the_latest_event_that_says_so_holds() -> None:
    """Whatever else came since; what cannot be read is as if it were not there."""
    events = [
        told(1, "call.bridged", CUSTOMER),
        told(2, "call.ended", CUSTOMER, AGENT),
        StoredEvent(CALL, 3, "transcript.completed", b"{"),
        final(4, "hello"),
    ]

    assert [one.role for one in read_participants(events)] == ["customer", "agent"]
    assert read_participants(events[:1]) == (Participant(**CUSTOMER),)
    assert read_participants(events[3:]) == ()
    assert read_participants([*events, stored(5, "transcript.erased")]) == ()


async def test_they_are_found_in_the_journal_from_its_end(tmp_path: Path) -> None:
    """Page by page, as far back as need be; of a call that says nothing there is nobody."""
    events = [told(1, "call.bridged", CUSTOMER), *(final(seq, "x") for seq in range(2, 1203))]
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        call = replace(SUMMARY, last_seq=1202)
        assert await find_participants(journal, call) == ()
        entry = Entry(call_id=CALL, version=0, epoch=1, state=b"", events=tuple(events))
        await journal.commit(entry)

        assert await find_participants(journal, call) == (Participant(**CUSTOMER),)
        assert await find_participants(journal, replace(call, last_seq=0)) == ()


@pytest.mark.parametrize("form", ["json", "txt"])
def test_exports_say_who_was_in_the_call(form: Any) -> None:  # noqa: ANN401 - a form
    """With the role, the number, and from when to when."""
    events = [told(1, "call.ended", CUSTOMER, AGENT)]
    body = write_export(SUMMARY, events, form).body.decode()

    if form == "json":
        assert json.loads(body)["call"]["participants"] == [CUSTOMER, AGENT]
    else:
        assert body.splitlines()[3:5] == [
            "Customer +15555550100, 00:00:00",
            "Agent unknown, from before the answer until 00:00:05",
        ]
