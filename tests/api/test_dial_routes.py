"""Calls made over HTTP: what is asked, what is refused and why, and that asking again is safe."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.errors import ControlRefusedError, DrainingError
from service.ports import DialWish
from tests.api.harness import Harness, open_harness

BODY = {"from": "+13125550199", "to": "+13125550142"}


async def post(harness: Harness, body: Mapping[str, object]) -> tuple[int, Any]:
    """Ask for a call."""
    answer = await harness.ask("POST", "/v1/calls", key=harness.key, json=body)
    return answer.status, answer.json


async def test_a_call_is_asked_for(tmp_path: Path) -> None:
    """By numbers, route and metadata; the answer has the id that its events will have."""
    more = {"route": "sales", "metadata": {"ticket": 7}}
    async with open_harness(tmp_path) as harness:
        status, answer = await post(harness, {**BODY, **more, "to": "sip:desk@example.com"})
        ((call_id, wish),) = harness.controls.dialled

    assert status == 202
    assert answer == {"call_id": call_id, "call_control_id": None}
    assert wish == DialWish(
        from_number=BODY["from"],
        to_number="sip:desk@example.com",
        route="sales",
        metadata={"ticket": 7},
    )


async def test_the_same_key_is_the_same_call(tmp_path: Path) -> None:
    """Without one, each is another."""
    async with open_harness(tmp_path) as harness:
        keyed = [await post(harness, {**BODY, "idempotency_key": "a"}) for _ in range(2)]
        other = await post(harness, {**BODY, "idempotency_key": "b"})
        plain = [await post(harness, BODY) for _ in range(2)]

    ids = [answer["call_id"] for _, answer in (*keyed, other, *plain)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ControlRefusedError("no_route"), 409),
        (ControlRefusedError("no_connection"), 409),
        (ControlRefusedError("another"), 409),
        (ControlRefusedError("unknown"), 409),
        (ControlRefusedError("something_new"), 409),
        (DrainingError("stopping"), 503),
    ],
)
async def test_what_is_not_made_says_why(tmp_path: Path, error: Exception, status: int) -> None:
    """As a problem."""
    async with open_harness(tmp_path) as harness:
        harness.controls.refuses = error
        answered, problem = await post(harness, BODY)

    assert answered == status
    assert problem["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"to": "911"},
        {"to": None},
        {"from": "me"},
        {"metadata": {"a": []}},
        {"metadata": {"a": 1e300}},
        {"unknown": 1},
    ],
)
async def test_a_body_that_cannot_be_dialled_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    """Before anybody is asked."""
    async with open_harness(tmp_path) as harness:
        status, _ = await post(harness, BODY | change)

    assert status == 400
    assert harness.controls.dialled == []
