"""Addresses for streams that a call's own application starts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.calls.routes import Route
from tests.api.builders import new_key
from tests.api.harness import Harness, open_harness

LEG = "v3:leg"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API, with a key that may act on calls."""
    async with open_harness(tmp_path) as opened:
        yield opened


async def test_an_address_is_given_for_a_leg(harness: Harness) -> None:
    """The call is treated by the route that is named, with what is told along."""
    body = {"call_control_id": LEG, "route": "billing", "metadata": {"ticket": "T-7"}}
    answer = await harness.ask("POST", "/v1/streams", key=harness.key, json=body)

    assert answer.status == 200
    assert answer.json == {
        "call_id": "session-1",
        "url": "wss://calls.example.com/media/token",
        "auth_token": "header",
        "expires_in_s": 60,
    }
    assert harness.attacher.asked == [(LEG, Route(metadata={"ticket": "T-7"}))]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "call_control_id"),
        ({"call_control_id": LEG, "route": "bills"}, "there is none of this name"),
        ({"call_control_id": LEG, "metadata": {"a": "b" * 9000}}, "should have 8192 bytes"),
    ],
)
async def test_what_cannot_be_used_is_refused(
    harness: Harness, body: dict[str, object], detail: str
) -> None:
    """In words, and nothing is expected."""
    answer = await harness.ask("POST", "/v1/streams", key=harness.key, json=body)

    assert answer.status == 400
    assert detail in answer.json["detail"]
    assert harness.attacher.asked == []


async def test_a_route_that_takes_no_audio_cannot_expect_any(harness: Harness) -> None:
    """It is the route that does not fit, not what was asked."""
    body = {"call_control_id": LEG, "route": "words"}
    answer = await harness.ask("POST", "/v1/streams", key=harness.key, json=body)

    assert answer.status == 409
    assert harness.attacher.asked == []


async def test_it_needs_a_key_that_may_act_on_calls(harness: Harness) -> None:
    """One that reads them does not do."""
    reader = await new_key(harness.keys, "calls:read", now=harness.now)
    body = {"call_control_id": LEG}

    assert (await harness.ask("POST", "/v1/streams", key=reader, json=body)).status == 403
