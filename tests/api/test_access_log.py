"""The access log: what is noted of whom, how soon it is written, and what never stands in it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from service.api.access import Caller
from service.api.access_log import (
    AGAIN_S,
    MAX_WAITING,
    AccessLog,
    AccessLogLimits,
    Addresses,
    open_access_log,
    shown_address,
)
from service.errors import JournalUnavailableError
from service.ids import CallId
from service.ports import Access, AccessFilter, bind
from tests.api.bound import OTHER, OWN, BoundWorld, bound_key, open_bound_world
from tests.api.feed.peers import SseClient
from tests.api.harness import open_harness
from tests.api.rows import ROWS
from tests.api.test_access import request
from tests.waiting import until

NOTED = {
    "list_calls": "listed",
    "get_call": "read",
    "list_events": "read",
    "get_transcript": "exported",
    "get_audio": "listened",
    "feed": "followed",
    "call_feed": "followed",
    "search_feed": "followed",
    "search": "searched",
    "erase_call": "erased",
    "erase_number": "erased",
}
"""What is noted of each operation; of the others nothing: they show no words, or no call's."""
OWN_ONLY = bind(["billing"])
CALLER = Caller("somebody", frozenset({"admin"}))


class Store:
    """A store of accesses in memory, which fails when it is told to."""

    def __init__(self) -> None:
        self.kept: list[Access] = []
        self.fails = False
        self.pruned: list[tuple[float, int]] = []

    async def keep_accesses(self, accesses: Sequence[Access]) -> None:
        """See `AccessStore.keep_accesses`."""
        if self.fails:
            raise JournalUnavailableError("the disk is full")
        self.kept += accesses

    async def accesses(
        self, wanted: AccessFilter, *, before: int | None, limit: int
    ) -> list[tuple[int, Access]]:
        """See `AccessStore.accesses`."""
        del wanted, before
        return list(enumerate(self.kept))[:limit]

    async def prune_accesses(self, before: float, *, most: int, limit: int) -> int:
        """See `AccessStore.prune_accesses`."""
        del limit
        if self.fails:
            raise JournalUnavailableError("the disk is full")
        self.pruned.append((before, most))
        return 7 if len(self.pruned) == 1 else 0


async def noted(world: BoundWorld) -> list[tuple[str, str | None]]:
    """Return what is in the log, the oldest first."""
    await world.harness.access_log.write()
    found = await world.harness.accesses.accesses(AccessFilter(), before=None, limit=99)
    return [(one.action, one.call_id) for _, one in found[::-1]]


async def test_every_operation_says_what_is_noted(tmp_path: Path) -> None:
    """Who adds a route says what its callers are noted to have done."""
    calls = {
        "list_calls": "/v1/calls",
        "get_call": f"/v1/calls/{OWN}",
        "list_events": f"/v1/calls/{OTHER}/events",
        "get_transcript": f"/v1/calls/{OWN}/transcript",
        "get_audio": f"/v1/calls/{OWN}/audio",
        "search": "/v1/search?q=booking",
    }
    async with open_bound_world(tmp_path, "none") as world:
        for path in calls.values():
            assert (await world.get(path)).status == 200
        await world.ask("DELETE", f"/v1/calls/{OWN}")
        await world.ask("POST", "/v1/erasures", json={"number": "+15555550100"})
        made = await noted(world)
        kept = await world.harness.accesses.accesses(AccessFilter(), before=None, limit=9)

    assert set(NOTED) <= set(ROWS)
    assert made == [
        ("listed", None),
        ("read", OWN),
        ("read", OTHER),
        ("exported", OWN),
        ("listened", OWN),
        ("searched", OTHER),
        ("searched", OWN),
        ("erased", OWN),
        ("erased", OTHER),
    ]
    assert {one.key_id for _, one in kept} == {world.key[4:16]}
    assert {one.address for _, one in kept} == {"127.0.0.1"}


async def test_what_was_refused_is_not_noted(tmp_path: Path) -> None:
    """Nor what anybody wrote into a path or a body: that may be a number."""
    async with open_bound_world(tmp_path, "matching route") as world:
        for path in (f"/v1/calls/{OTHER}", "/v1/calls/+15555550100", "/v1/calls?limit=0"):
            assert (await world.get(path)).status >= 400
        headers = {"Authorization": f"Bearer {world.key}"}
        url = f"{world.harness.url}/v1/feed?call_id=%2B15555550100"
        async with world.harness.session.get(url, headers=headers) as answer:
            assert answer.status == 200
        await world.ask("POST", "/v1/erasures", json={"number": "+15555550100"})

        assert await noted(world) == [("followed", None), ("erased", OWN)]


async def test_a_feed_is_noted_when_it_begins(tmp_path: Path) -> None:
    """Of one call, and of all; not only once it ends."""
    async with open_bound_world(tmp_path, "none") as world:
        headers = {"Authorization": f"Bearer {world.key}"}
        for path in (f"/v1/calls/{OWN}/feed", "/v1/feed?after=0"):
            async with world.harness.session.get(world.harness.url + path, headers=headers) as sse:
                await SseClient(sse).next()

        assert await noted(world) == [("followed", OWN), ("followed", None)]


async def test_the_log_is_listed_by_whoever_may_do_all(tmp_path: Path) -> None:
    """Page by page, chosen by call, key and action; a bound admin may not."""
    async with open_bound_world(tmp_path, "none") as world:
        for path in (f"/v1/calls/{OWN}", f"/v1/calls/{OTHER}", f"/v1/calls/{OWN}/audio"):
            await world.get(path)
        await world.harness.access_log.write()
        first = (await world.get("/v1/access?limit=2")).json
        rest = (await world.get(f"/v1/access?limit=2&cursor={first['next']}")).json
        one = (
            await world.get(f"/v1/access?call_id={OTHER}&action=read&key_id={world.key[4:16]}")
        ).json
        bad = await world.get("/v1/access?action=eaten")

    listed = [(each["action"], each["call_id"]) for each in first["data"] + rest["data"]]
    assert listed == [("listened", OWN), ("read", OTHER), ("read", OWN)]
    assert rest["next"] is None
    assert [each["call_id"] for each in one["data"]] == [OTHER]
    assert bad.status == 400


async def test_the_same_again_within_a_minute_is_one_access() -> None:
    """A player asks for many ranges; another key, call, action or address is another access."""
    store, now = Store(), 1000.0
    access_log = AccessLog(store, AccessLogLimits(), lambda: now)
    for _ in range(3):
        access_log.note(request({}), CALLER, "listened", CallId("c1"))
    access_log.note(request({}), CALLER, "listened", CallId("c2"))
    access_log.note(request({}), CALLER, "read", CallId("c1"))
    now += AGAIN_S
    access_log.note(request({}), CALLER, "listened", CallId("c1"))
    await access_log.write()

    assert [(one.action, one.call_id) for one in store.kept] == [
        ("listened", "c1"), ("listened", "c2"), ("read", "c1"), ("listened", "c1")
    ]  # fmt: skip


async def test_accesses_wait_for_a_database_that_is_away() -> None:
    """As many as may wait; the others are counted. Nothing is written twice."""
    store = Store()
    store.fails = True
    asked: web.Request = request({})
    async with open_access_log(store, clock=lambda: 1000.0) as access_log:
        await asyncio.sleep(0)
        for n in range(MAX_WAITING + 3):
            access_log.note(asked, CALLER, "read", CallId(f"c{n}"))
        with pytest.raises(JournalUnavailableError):
            await access_log.write()
        store.fails = False
        await until(lambda: bool(store.kept))

    assert len(store.kept) == MAX_WAITING
    assert (access_log.lost, access_log.waiting) == (3, 0)


async def test_what_was_noted_is_written_at_the_stop() -> None:
    """At once, and if the database is away, the stop goes on all the same."""
    for fails, kept in ((False, 1), (True, 0)):
        store = Store()
        async with open_access_log(store, clock=lambda: 1000.0) as access_log:
            access_log.note(request({}), CALLER, "read", CallId("c1"))
            store.fails = fails
        assert len(store.kept) == kept


async def test_what_is_old_is_forgotten_in_steps() -> None:
    """As long as there is something; by age, and by how many there are."""
    store = Store()
    limits = AccessLogLimits(days=1, max_entries=5)
    async with open_access_log(store, limits, clock=lambda: 100_000.0):
        await until(lambda: len(store.pruned) == 2)

    assert store.pruned == [(13_600.0, 5)] * 2


async def test_an_outage_does_not_end_the_pruning() -> None:
    """It is tried again later."""
    store = Store()
    store.fails = True
    async with open_access_log(store, clock=lambda: 0.0) as access_log:
        with pytest.raises(JournalUnavailableError):
            await access_log.look()


@pytest.mark.parametrize(
    ("address", "how", "shown"),
    [
        ("203.0.113.9", "full", "203.0.113.9"),
        ("203.0.113.9", "network", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "network", "2001:db8:1::/48"),
        ("fe80::1%eth0", "network", "fe80::/48"),
        ("", "network", ""),
        ("203.0.113.9", "none", ""),
    ],
)
def test_as_much_of_an_address_is_kept_as_is_configured(
    address: str, how: Addresses, shown: str
) -> None:
    """All of it, its network, or nothing."""
    assert shown_address(address, how) == shown


async def test_a_bound_admin_does_not_see_the_log(tmp_path: Path) -> None:
    """It is about all calls."""
    async with open_harness(tmp_path) as harness:
        answer = await harness.get("/v1/access", key=await bound_key(harness, OWN_ONLY))

    assert answer.status == 403
