"""What the store of webhooks that are passed on promises, whatever the database."""

import asyncio

from tests.journal.harness import Database


async def test_what_is_kept_waits_in_order_until_it_is_settled(database: Database) -> None:
    """Over a restart; a repeat is no news, also of what was settled."""
    async with database.journal():
        async with database.forwards() as forwards:
            await forwards.keep("e1", "call-1", 1.5, b"one")
            await forwards.keep("e2", "call-2", 2.5, b"two")
            await forwards.keep("e1", "call-1", 9.5, b"again")
        async with database.forwards() as forwards:
            first, second = await forwards.waiting(10)
            assert (first.lane, first.received_at, first.sealed) == ("call-1", 1.5, b"one")
            assert (second.lane, second.sealed) == ("call-2", b"two")
            assert await forwards.waiting(1) == [first]

            await forwards.settle([first.number, first.number + 100])
            await forwards.keep("e1", "call-1", 9.5, b"again")

            assert await forwards.waiting(10) == [second]


async def test_only_what_is_settled_is_forgotten(database: Database) -> None:
    """After a while, and then a repeat would be news."""
    async with database.journal(), database.forwards() as forwards:
        await forwards.keep("e1", "", 1.0, b"one")
        await forwards.keep("e2", "", 2.0, b"two")
        (first, second) = await forwards.waiting(10)
        await forwards.settle([first.number])

        await forwards.prune(5.0)
        await forwards.keep("e1", "", 6.0, b"new")

        assert {one.sealed for one in await forwards.waiting(10)} == {b"two", b"new"}
        assert second in await forwards.waiting(10)


async def test_several_may_open_it_at_once(database: Database) -> None:
    """Workers start together; each finds the table, whoever made it."""

    async def keep(number: int) -> None:
        async with database.forwards() as forwards:
            await forwards.keep(f"e{number}", "", 1.0, b"x")

    async with database.journal(), database.forwards() as forwards:
        await asyncio.gather(*map(keep, range(5)))
        assert len(await forwards.waiting(10)) == 5
