"""What is known of a call: looked up once, however many ask."""

import asyncio
from pathlib import Path

from service.feed.call_lookup import CallLookup
from tests.feed.builders import CUSTOMER, A, started
from tests.feed.harness import open_feed_harness


async def test_many_who_ask_at_once_cost_one_look(tmp_path: Path) -> None:
    """Also for a call of which nothing is known yet, until it is invalidated."""
    async with open_feed_harness(tmp_path) as harness:
        calls = CallLookup(harness.library)
        unknown = await asyncio.gather(*(calls.find(A) for _ in range(50)))
        metadata = {"queue": "x", "n": 1, "vip": True, "l": []}
        await harness.commit(A, started(), metadata=metadata, told=False)
        calls.invalidate(A)
        known = await asyncio.gather(*(calls.find(A) for _ in range(50)))

    assert set(unknown) == {None}
    assert harness.library.calls_asked == 2
    details = known[0]
    assert details is not None
    assert details.numbers[0] == CUSTOMER
    assert details.metadata == {"queue": "x", "n": "1", "vip": "true"}
