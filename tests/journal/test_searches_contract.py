"""What the store of saved searches promises, whatever the database."""

import pytest

from service.errors import BadInputError
from service.ids import CallId
from service.ports import CallFilter, SavedSearch, WordQuery
from tests.journal.harness import Database

QUERY = WordQuery(
    words='"ref* me" -no',
    calls=CallFilter(live=True, number="+13*", metadata={"queue": "ä"}, started_from=1.5),
    role="customer",
    call_id=CallId("c1"),
)


async def test_a_search_is_kept_until_it_is_dropped(database: Database) -> None:
    """As it was given, over a restart; one of the same id takes its place."""
    first = SavedSearch(id="s1", name="Refunds", query=QUERY, created_at=2.0)
    other = SavedSearch(id="s0", name="Names", query=WordQuery(words="name"), created_at=3.0)
    renamed = SavedSearch(id="s1", name="Money", query=WordQuery(words="money"), created_at=2.0)
    async with database.journal():
        async with database.searches() as searches:
            await searches.keep_search(first)
            await searches.keep_search(other)
        async with database.searches() as searches:
            assert await searches.searches() == [first, other]
            await searches.keep_search(renamed)
            assert await searches.searches() == [renamed, other]
            assert await searches.drop_search("s1") is True
            assert await searches.drop_search("s1") is False
            assert await searches.searches() == [other]


async def test_a_search_for_nothing_is_refused(database: Database) -> None:
    """It would never find anything, and nobody would know why."""
    async with database.journal(), database.searches() as searches:
        nothing = SavedSearch(id="s", name="", query=WordQuery(words="-no"), created_at=0.0)
        with pytest.raises(BadInputError, match="at least one word"):
            await searches.keep_search(nothing)
        assert await searches.searches() == []


async def test_there_may_be_so_many(database: Database) -> None:
    """What is more is refused; one that is there may still be changed."""
    query = WordQuery(words="a")
    made = [SavedSearch(id=f"s{n}", name="", query=query, created_at=float(n)) for n in range(3)]
    async with database.journal(), database.searches(max_searches=2) as searches:
        for one in (*made[:2], made[0]):
            await searches.keep_search(one)
        with pytest.raises(BadInputError, match="drop one first"):
            await searches.keep_search(made[2])
