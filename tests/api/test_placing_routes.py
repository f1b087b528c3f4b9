"""`POST /v1/calls`: a live leg of somebody else's is transcribed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.calls.routes import Route
from service.ids import CallId
from service.ports import Attachment
from tests.api.builders import new_key
from tests.api.harness import Answer, Harness, open_harness

LEG = "v3:somebodys-leg"
FOUND = Attachment(CallId("session-1"), is_confirmed=True)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API."""
    async with open_harness(tmp_path) as harness:
        yield harness


async def place(harness: Harness, body: dict[str, object], *, key: str | None = None) -> Answer:
    """Ask for a call."""
    return await harness.ask("POST", "/v1/calls", key=key or harness.key, json=body)


async def test_a_leg_is_attached_to_by_its_route_and_the_changes(harness: Harness) -> None:
    """Which the settings have put together."""
    harness.attacher.answers = [FOUND]

    answer = await place(
        harness,
        {
            "call_control_id": LEG,
            "route": "billing",
            "metadata": {"ticket": "T-7"},
            "engine": "Google",
            "endpointing_ms": False,
        },
    )

    assert answer.status == 200
    assert answer.json == {"call_id": "session-1", "call_control_id": LEG}
    assert harness.attacher.asked == [
        (LEG, Route(engine="Google", endpointing_ms=False, metadata={"ticket": "T-7"}))
    ]


async def test_what_telnyx_could_not_confirm_is_accepted(harness: Harness) -> None:
    """It is tried on."""
    harness.attacher.answers = [Attachment(CallId(LEG), is_confirmed=False)]

    assert (await place(harness, {"call_control_id": LEG})).status == 202


async def test_a_leg_that_is_over_or_unknown_is_told_apart(harness: Harness) -> None:
    """409 and 404."""
    harness.attacher.answers = ["call_over", None]

    over = await place(harness, {"call_control_id": LEG})
    unknown = await place(harness, {"call_control_id": LEG})

    assert (over.status, over.json["detail"]) == (409, "The leg is over.")
    assert unknown.status == 404


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "call_control_id: field required"),
        ({"from": "+15550100", "to": "+15550111"}, "from and to are not taken yet"),
        ({"call_control_id": LEG, "to": "+15550111"}, "from and to are not taken yet"),
        ({"call_control_id": LEG, "route": "bills"}, "there is none of this name"),
        ({"call_control_id": LEG, "redact": []}, "redact"),
        ({"call_control_id": LEG, "endpointing_ms": True}, "endpointing_ms"),
        ({"call_control_id": LEG, "metadata": {"a": "b" * 9000}}, "should have 8192 bytes"),
        ({"call_control_id": ""}, "call_control_id"),
        ({"call_control_id": "a\nb"}, "call_control_id"),
    ],
)
async def test_what_cannot_be_used_is_refused(
    harness: Harness, body: dict[str, object], detail: str
) -> None:
    """In words, and before anybody is asked."""
    answer = await place(harness, body)

    assert answer.status == 400
    assert detail in answer.json["detail"]
    assert harness.attacher.asked == []


async def test_it_needs_a_key_that_may_act_on_calls(harness: Harness) -> None:
    """One that reads them does not do."""
    reader = await new_key(harness.keys, "calls:read", now=harness.now)

    assert (await place(harness, {"call_control_id": LEG}, key=reader)).status == 403
