"""Acting on calls over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.calls.commands import Reply
from tests.api.builders import CALL
from tests.api.harness import Harness, open_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API, with nobody on the line but a board."""
    async with open_harness(tmp_path) as harness:
        yield harness


@pytest.mark.parametrize("action", ["start", "stop", "pause", "resume"])
async def test_what_is_asked_reaches_the_call(harness: Harness, action: str) -> None:
    """And what holds then comes back."""
    harness.controls.answers = [Reply(changed=True, transcription="paused", at_ms=1200)]

    answer = await harness.ask("POST", f"/v1/calls/{CALL}/transcription/{action}", key=harness.key)

    assert answer.json == {"call_id": CALL, "transcription": "paused", "at_ms": 1200}
    assert harness.controls.asked == [(CALL, action)]


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
async def test_what_the_call_does_not_allow_is_409(
    harness: Harness, reason: str, said: str
) -> None:
    """With why."""
    harness.controls.answers = [reason]

    answer = await harness.ask("POST", f"/v1/calls/{CALL}/transcription/pause", key=harness.key)

    assert (answer.status, answer.json["detail"]) == (409, said)


async def test_a_call_nobody_knows_cannot_be_asked(harness: Harness) -> None:
    """And nothing else can be asked of a call."""
    harness.controls.answers = [None]
    path = "/v1/calls/none/transcription"

    assert (await harness.ask("POST", f"{path}/pause", key=harness.key)).status == 404
    assert (await harness.ask("POST", f"{path}/explode", key=harness.key)).status == 404
    assert harness.controls.asked == [("none", "pause")]


async def test_a_call_is_erased(harness: Harness) -> None:
    """Again is as good as once; one that never was is 404."""
    for status in (204, 204):
        assert (await harness.ask("DELETE", f"/v1/calls/{CALL}", key=harness.key)).status == status
    assert (await harness.ask("DELETE", "/v1/calls/none", key=harness.key)).status == 404
    assert harness.controls.erased == [CALL, CALL, "none"]


async def test_all_calls_of_a_number_are_erased(harness: Harness) -> None:
    """However it is written; it says how many there were."""
    wish = {"number": "+1 (555) 555-0100"}

    answer = await harness.ask("POST", "/v1/erasures", key=harness.key, json=wish)

    assert (answer.status, answer.json) == (200, {"erased": 2})
    assert harness.controls.erased == ["+15555550100"]
    assert (await harness.ask("POST", "/v1/erasures", key=harness.key, json={})).status == 400


@pytest.mark.parametrize("number", ["+1312*", "+1312555????", "+1312555010[0-9]", "sip:a@b*"])
async def test_no_pattern_is_taken_for_a_number_to_erase(harness: Harness, number: str) -> None:
    """It would erase nothing, and be answered as if all were done."""
    answer = await harness.ask("POST", "/v1/erasures", key=harness.key, json={"number": number})

    assert answer.status == 400
    assert "should be one number, whole" in str(answer.json)
    assert harness.controls.erased == []


async def test_a_sip_address_may_have_brackets(harness: Harness) -> None:
    """Those of IPv6."""
    wish = {"number": "sip:a@[::1]"}

    assert (await harness.ask("POST", "/v1/erasures", key=harness.key, json=wish)).status == 200
    assert harness.controls.erased == ["sip:a@[::1]"]
