"""What the access log promises, whatever the database."""

import pytest

from service.ids import AccessAction, CallId
from service.ports import Access, AccessFilter
from tests.journal.harness import Database

ALL = AccessFilter()


def access(
    at: float, key_id: str = "a", action: AccessAction = "read", call_id: str | None = "c1"
) -> Access:
    """Return an access from an address of the documentation range."""
    whose = None if call_id is None else CallId(call_id)
    return Access(at=at, key_id=key_id, action=action, call_id=whose, address="203.0.113.9")


FIVE = [
    access(1.5),
    access(2.5, "b"),
    access(3.5, action="listened"),
    access(4.5, call_id=None, action="listed"),
    access(5.5, "b", "exported", "c\u00fc' \ufffd"),
]


async def test_accesses_are_found_as_they_were_kept(database: Database) -> None:
    """The newest first, page by page, over a restart; another process sees them."""
    async with database.journal(), database.accesses() as ours:
        await ours.keep_accesses(FIVE[:2])
        await ours.keep_accesses(FIVE[2:])
        await ours.keep_accesses([])
    async with database.journal(), database.accesses() as theirs:
        found = await theirs.accesses(ALL, before=None, limit=9)
        first = await theirs.accesses(ALL, before=None, limit=2)
        rest = await theirs.accesses(ALL, before=first[-1][0], limit=9)

    assert [one for _, one in found] == FIVE[::-1]
    assert first + rest == found


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        (AccessFilter(call_id=CallId("c1")), [2, 1, 0]),
        (AccessFilter(key_id="b"), [4, 1]),
        (AccessFilter(action="listed"), [3]),
        (AccessFilter(call_id=CallId("c1"), key_id="a", action="read"), [0]),
        (AccessFilter(call_id=CallId("c\u00fc' \ufffd")), [4]),
        (AccessFilter(key_id="c"), []),
    ],
)
async def test_accesses_are_chosen(
    database: Database, wanted: AccessFilter, places: list[int]
) -> None:
    """By call, key and what was done, all of which must fit."""
    async with database.journal(), database.accesses() as store:
        await store.keep_accesses(FIVE)
        found = await store.accesses(wanted, before=None, limit=9)

    assert [one for _, one in found] == [FIVE[n] for n in places]


async def test_old_accesses_are_forgotten(database: Database) -> None:
    """Those from before a time, in steps; the others stay."""
    async with database.journal(), database.accesses() as store:
        await store.keep_accesses(FIVE)
        pruned = [await store.prune_accesses(4.0, most=100, limit=2) for _ in range(3)]
        found = await store.accesses(ALL, before=None, limit=9)

    assert pruned == [2, 1, 0]
    assert [one for _, one in found] == FIVE[:2:-1]


async def test_no_more_than_so_many_are_kept(database: Database) -> None:
    """The oldest go, however young they are."""
    async with database.journal(), database.accesses() as store:
        await store.keep_accesses(FIVE)
        pruned = [await store.prune_accesses(0.0, most=2, limit=9) for _ in range(2)]
        found = await store.accesses(ALL, before=None, limit=9)

    assert pruned == [3, 0]
    assert [one for _, one in found] == FIVE[:2:-1]


async def test_what_no_database_can_hold_is_kept_as_a_mark(database: Database) -> None:
    """Ids come from outside."""
    async with database.journal(), database.accesses() as store:
        await store.keep_accesses([access(1.0, call_id="c\0\x01\ud800")])
        ((_, found),) = await store.accesses(ALL, before=None, limit=9)

    assert found.call_id == "c\ufffd\ufffd?"
