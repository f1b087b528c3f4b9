"""Look-ups of names: never for long, never twice at once, and never in the system's threads."""

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest
from aiohttp.abc import ResolveResult

from service.delivery.webhook import open_webhook
from service.errors import HostUnavailableError
from service.name_lookup import KEEP_S, MAX_DOUBTFUL, MAX_LOOKUPS, NameLookup, open_name_lookup
from tests.delivery.builders import webhook
from tests.delivery.peers import open_receiver
from tests.delivery.test_webhook import DELIVERY
from tests.name_server import NameServer, open_name_server
from tests.waiting import until

AT_ONCE = 32
"""Questions that a server's socket surely holds until it is read."""


async def test_a_name_is_looked_up_once_and_kept() -> None:
    """A hundred at once ask once, and so does whoever comes soon after."""
    async with (
        open_name_server(crm_example="192.0.2.7") as server,
        open_name_lookup([server.address]) as lookup,
    ):
        found = await asyncio.gather(*(lookup.resolve("crm.example", 443) for _ in range(100)))
        again = await lookup.resolve("crm.example", 8443)

        assert {(one["host"], one["port"]) for (one,) in found} == {("192.0.2.7", 443)}
        assert [(one["host"], one["port"]) for one in again] == [("192.0.2.7", 8443)]
        assert server.asked == ["crm.example"]


async def test_a_name_that_is_not_there_fails_and_is_not_asked_for_again_soon() -> None:
    """An error that aiohttp takes for no connection."""
    async with open_name_server() as server, open_name_lookup([server.address]) as lookup:
        for _ in range(3):
            with pytest.raises(OSError, match="not found"):
                await lookup.resolve("crm.example", 443)

        assert server.asked == ["crm.example"]


async def test_a_name_server_that_never_answers_is_not_waited_for_long() -> None:
    """The deadline is the look-up's own, whatever c-ares would do."""
    async with open_name_server() as server:
        server.silent = True
        async with open_name_lookup([server.address], deadline_s=0.1) as lookup:
            with pytest.raises(OSError, match="no name server answered in time"):
                await lookup.resolve("crm.example", 443)


async def test_whoever_gives_up_does_not_end_the_others_look_up() -> None:
    """Nor does it leave anything behind when the look-ups are closed."""
    async with open_name_server(crm_example="192.0.2.7") as server:
        server.silent = True
        async with open_name_lookup([server.address]) as lookup:
            first = asyncio.create_task(lookup.resolve("crm.example", 443))
            second = asyncio.create_task(lookup.resolve("crm.example", 443))
            await until(lambda: bool(server.asked))
            first.cancel()
            server.silent = False

            assert [one["host"] for one in await second] == ["192.0.2.7"]


async def test_look_ups_are_bounded() -> None:
    """One name more than may be asked for at once fails at once."""
    async with open_name_server() as server:
        server.silent = True
        async with open_name_lookup([server.address]) as lookup:
            names = [f"crm{number}.example" for number in range(MAX_LOOKUPS)]
            waiting = [asyncio.create_task(lookup.resolve(name)) for name in names]
            await asyncio.sleep(0)
            with pytest.raises(OSError, match="too many look-ups"):
                await lookup.resolve("one-more.example")
            for task in waiting:
                task.cancel()


async def test_two_hundred_names_that_are_swallowed_keep_out_none_that_is_answered() -> None:
    """So many endpoints there may be; each look-up of theirs takes its whole time."""
    names = [f"lost{number}.example" for number in range(200)]
    async with (
        open_name_server(crm_example="192.0.2.7") as server,
        open_name_lookup([server.address], deadline_s=60.0) as lookup,
    ):
        server.swallows = frozenset(names)
        waiting = await all_asked(server, lookup, names)

        assert not any(one.done() for one in waiting)
        assert [one["host"] for one in await lookup.resolve("crm.example")] == ["192.0.2.7"]
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_names_that_are_not_found_leave_places_to_those_that_are() -> None:
    """However many there are: a new name has a place, and one that was found is found on."""
    now = 0.0
    gone = [f"gone{number}.example" for number in range(MAX_LOOKUPS)]
    new = [f"new{number}.example" for number in range(MAX_LOOKUPS - MAX_DOUBTFUL)]
    async with (
        open_name_server(crm_example="192.0.2.7") as server,
        open_name_lookup([server.address], deadline_s=60.0, clock=lambda: now) as lookup,
    ):
        found = await lookup.resolve("crm.example")
        for name in gone:
            with pytest.raises(OSError, match="not found"):
                await lookup.resolve(name)
        server.silent, now = True, KEEP_S + 1.0
        server.asked.clear()
        doubtful = await all_asked(server, lookup, gone)
        assert sum(one.done() for one in doubtful) == len(new)
        wanted = await all_asked(server, lookup, new)

        assert not any(one.done() for one in wanted)
        assert await lookup.resolve("crm.example") == found
        for one in (*doubtful, *wanted):
            one.cancel()
        told = await asyncio.gather(*doubtful, return_exceptions=True)
    refused = [one for one in told if isinstance(one, OSError)]
    assert {one.strerror for one in refused} == {"too many look-ups at once"}


async def all_asked(
    server: NameServer, lookup: NameLookup, names: Sequence[str]
) -> list[asyncio.Task[list[ResolveResult]]]:
    """Look names up until each is asked for or refused, a few at once: a socket holds so many."""
    tasks: dict[str, asyncio.Task[list[ResolveResult]]] = {}

    def is_asked() -> bool:
        return all(name in server.asked or task.done() for name, task in tasks.items())

    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        tasks.update((name, asyncio.create_task(lookup.resolve(name))) for name in some)
        await until(is_asked)
    return list(tasks.values())


async def test_only_addresses_of_the_family_that_is_wanted() -> None:
    """A name with an IPv4 address has none of the other kind."""
    async with (
        open_name_server(crm_example="192.0.2.7") as server,
        open_name_lookup([server.address]) as lookup,
    ):
        with pytest.raises(OSError, match="no address of this family"):
            await lookup.resolve("crm.example", 443, socket.AF_INET6)


async def test_a_webhook_is_found_by_its_name() -> None:
    """The address that is dialled is judged as ever."""
    async with (
        open_receiver() as receiver,
        open_name_server(crm_example="127.0.0.1") as server,
        open_name_lookup([server.address]) as lookup,
    ):
        url = f"http://crm.example:{receiver.port}/hooks"
        async with open_webhook(webhook(url), resolver=lookup) as sink:
            await sink.deliver(DELIVERY)
        private = webhook("https://crm.example/hooks", allow_private=False)
        async with open_webhook(private, resolver=lookup) as sink:
            with pytest.raises(HostUnavailableError, match="not a public one"):
                await sink.deliver(DELIVERY)

    assert len(receiver.received) == 1


async def test_look_ups_use_none_of_the_threads_that_others_wait_for() -> None:
    """While six names are looked up in vain, the loop's own threads have nothing to do."""
    async with open_name_server() as server:
        server.silent = True
        async with open_name_lookup([server.address]) as lookup:
            names = [f"crm{number}.example" for number in range(6)]
            waiting = [asyncio.create_task(lookup.resolve(name)) for name in names]
            await until(lambda: len(set(server.asked)) == 6)

            assert not [one for one in threading.enumerate() if one.name.startswith("asyncio_")]
            for task in waiting:
                task.cancel()
