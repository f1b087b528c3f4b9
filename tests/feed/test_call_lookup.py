"""What is known of a call: looked up once, however many ask."""

import asyncio
from pathlib import Path

from service.feed.call_lookup import KnownCalls
from service.ids import CallId
from service.ports import CallSummary, Library
from tests.feed.harness import CUSTOMER, A, open_newsroom, started


class Counted:
    """A library that counts how often it is asked for a call."""

    def __init__(self, library: Library) -> None:
        self.asked = 0
        self._library = library

    def __getattr__(self, name: str) -> object:
        return getattr(self._library, name)

    async def call(self, call_id: CallId) -> CallSummary | None:
        """Count, and look the call up."""
        self.asked += 1
        return await self._library.call(call_id)


async def test_many_who_ask_at_once_cost_one_look(tmp_path: Path) -> None:
    """Also for a call of which nothing is known yet, until it is forgotten."""
    async with open_newsroom(tmp_path) as room:
        library = Counted(room.library)
        calls = KnownCalls(library)  # type: ignore[arg-type]  # it is one
        unknown = await asyncio.gather(*(calls.facts(A) for _ in range(50)))
        await room.say(A, started(), metadata={"queue": "x", "n": 1, "vip": True, "l": []})
        calls.forget(A)
        known = await asyncio.gather(*(calls.facts(A) for _ in range(50)))

    assert set(unknown) == {None}
    assert library.asked == 2
    facts = known[0]
    assert facts is not None
    assert facts.numbers[0] == CUSTOMER
    assert facts.metadata == {"queue": "x", "n": "1", "vip": "true"}
