"""`GET /v1/engines`: what this release knows is open to all, what Telnyx lists to whom we know."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.calls.engines import Offer, catalogue
from tests.api.harness import Harness, open_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API."""
    async with open_harness(tmp_path) as harness:
        yield harness


async def test_telnyxs_own_list_is_shown_beside_ours(harness: Harness) -> None:
    """With a key."""
    harness.providers.listed = [Offer(provider="x", model="x/new", surfaces={"in_call": ("ky",)})]

    answer = await harness.get("/v1/engines?live=true", key=harness.key)

    assert answer.json == catalogue() | {
        "live": [
            {"provider": "x", "model": "x/new", "known": False, "surfaces": {"in_call": ["ky"]}}
        ]
    }


async def test_telnyx_is_asked_for_nobody_else(harness: Harness) -> None:
    """Strangers get the table alone; its keys must not be used by them."""
    assert (await harness.get("/v1/engines?live=true")).status == 401
    assert (await harness.get("/v1/engines?live=false")).json == catalogue()


async def test_a_telnyx_that_gives_no_list_is_said(harness: Harness) -> None:
    """And what to do."""
    answer = await harness.get("/v1/engines?live=true", key=harness.key)

    assert answer.status == 502
    assert "ask without live=true" in answer.json["detail"]
