"""Acting on calls over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.calls.commands import Reply
from tests.api.office import CALL, Office, open_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """The API, with nobody on the line but a board."""
    async with open_office(tmp_path) as office:
        yield office


@pytest.mark.parametrize("action", ["start", "stop", "pause", "resume"])
async def test_what_is_asked_reaches_the_call(office: Office, action: str) -> None:
    """And what holds then comes back."""
    office.board.answers = [Reply(changed=True, transcription="paused", at_ms=1200)]

    answer = await office.ask("POST", f"/v1/calls/{CALL}/transcription/{action}", key=office.key)

    assert answer.json == {"call_id": CALL, "transcription": "paused", "at_ms": 1200}
    assert office.board.asked == [(CALL, action)]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("not_answered", "Nobody has answered the call yet."),
        ("call_over", "The call is over."),
        ("off", "Its transcription is off: start it."),
        ("paused", "Its transcription is paused: resume it."),
        ("new_reason", "The state of the call does not allow it."),
    ],
)
async def test_what_the_call_does_not_allow_is_409(office: Office, reason: str, said: str) -> None:
    """With why."""
    office.board.answers = [reason]

    answer = await office.ask("POST", f"/v1/calls/{CALL}/transcription/pause", key=office.key)

    assert (answer.status, answer.json["detail"]) == (409, said)


async def test_a_call_nobody_knows_cannot_be_asked(office: Office) -> None:
    """And nothing else can be asked of a call."""
    office.board.answers = [None]
    path = "/v1/calls/none/transcription"

    assert (await office.ask("POST", f"{path}/pause", key=office.key)).status == 404
    assert (await office.ask("POST", f"{path}/explode", key=office.key)).status == 404
    assert office.board.asked == [("none", "pause")]


async def test_a_call_is_erased(office: Office) -> None:
    """Again is as good as once; one that never was is 404."""
    for status in (204, 204):
        assert (await office.ask("DELETE", f"/v1/calls/{CALL}", key=office.key)).status == status
    assert (await office.ask("DELETE", "/v1/calls/none", key=office.key)).status == 404
    assert office.board.erased == [CALL, CALL, "none"]


async def test_all_calls_of_a_number_are_erased(office: Office) -> None:
    """However it is written; it says how many there were."""
    wish = {"number": "+1 (555) 555-0100"}

    answer = await office.ask("POST", "/v1/erasures", key=office.key, json=wish)

    assert (answer.status, answer.json) == (200, {"erased": 2})
    assert office.board.erased == ["+15555550100"]
    assert (await office.ask("POST", "/v1/erasures", key=office.key, json={})).status == 400
