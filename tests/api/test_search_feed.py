"""How the feed of a saved search gets through what was said before it was followed."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from service.api.search.feed import HitCursor
from service.ids import CallId, UtteranceId
from service.ports import Hit, Library, WordQuery

APART = 1 << 14
"""How far apart events of two transactions are on PostgreSQL; on SQLite they are neighbours."""
MAX_ASKED = 200


@dataclass
class FoundLibrary:
    """A library in which something is found at these positions. It counts how often it is asked."""

    positions: list[int]
    asked: int = 0
    query: WordQuery = field(default_factory=lambda: WordQuery(words="refund"))

    async def search(
        self, wanted: WordQuery, *, after: int = 0, before: int | None = None, limit: int
    ) -> list[Hit]:
        """Return the newest of them in between."""
        assert wanted == self.query
        assert before is not None
        self.asked += 1
        found = [one for one in self.positions if after < one < before]
        return [_hit(position) for position in found[::-1][:limit]]


def _hit(position: int) -> Hit:
    return Hit(
        position=position, call_id=CallId("call"), seq=1, utterance_id=UtteranceId("utt"),
        role="customer", start_ms=None, end_ms=None, occurred_at=0.0, snippet="refund",
    )  # fmt: skip


@pytest.mark.parametrize(
    "positions",
    [
        range(1, 2_001),
        range(APART, 100_000 * APART, 1_000 * APART),
        [*range(1, 500), *range(90_000 * APART, 90_000 * APART + 500), 99_999 * APART],
        [],
    ],
    ids=["close", "far apart", "close, and far apart", "none"],
)
async def test_all_is_found_in_order_without_asking_for_ever(positions: list[int]) -> None:
    """However far apart events are, and however many a database has."""
    library, head = FoundLibrary(list(positions)), 100_000 * APART
    hits = HitCursor(cast("Library", library), library.query, 0)
    found: list[int] = []
    while hits.position < head and library.asked < MAX_ASKED:
        found += [one.position for one in await hits.take(head)]

    assert found == list(positions)
    assert hits.position == head
