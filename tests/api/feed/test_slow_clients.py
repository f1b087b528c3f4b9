"""Clients that do not read: they cost little memory, and are closed with a cursor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from service.api.feed.connections import FeedLimits
from tests.api.feed.harness import open_feed, seqs, watch
from tests.api.feed.peers import SocketClient
from tests.api.harness import Harness
from tests.feed.builders import A, B, final, started
from tests.waiting import until
from tests.web.peers import RawClient, connected

IMPATIENT = FeedLimits(check_every_s=0.1, stall_s=0.5, grace_s=0.2)
BIG = "word " * 3_000
"""So that few events fill what the system holds for a client that does not read."""


def asking(harness: Harness, path: str) -> bytes:
    """Return a request for a stream."""
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {harness.key}\r\n\r\n"
    return head.encode()


@asynccontextmanager
async def deaf(harness: Harness, path: str = "/v1/feed") -> AsyncIterator[RawClient]:
    """Ask for a stream and read nothing of it."""
    async with connected(harness.url) as client:
        client.reader._limit = 1  # type: ignore[attr-defined]  # noqa: SLF001 - stop reading at once
        await client.send(asking(harness, path))
        yield client


async def test_a_stuck_client_is_closed_while_the_others_get_everything(tmp_path: Path) -> None:
    """It is told so, as far as it takes that; the rest it finds after its last id."""
    async with (
        open_feed(tmp_path, limits=IMPATIENT) as harness,
        deaf(harness, "/v1/feed?after=0"),
        watch(harness, "/v1/feed") as watcher,
    ):
        await until(lambda: len(harness.connections) == 2)
        received = []
        for number in range(200):
            await harness.calls.commit(A, final(f"a{number}", BIG))
            received.append(await watcher.next())
        await until(lambda: harness.connections.closed["slow"] == 1)
        await until(lambda: len(harness.connections) == 1)

    assert [event.seq for event in received] == seqs(A, 1, 200)


async def test_a_client_that_reads_slowly_is_not_stuck(tmp_path: Path) -> None:
    """However long it takes: what it is behind with waits in the journal."""
    async with open_feed(tmp_path, limits=IMPATIENT) as harness:
        for number in range(60):
            await harness.calls.commit(A, final(f"a{number}", BIG))
        async with watch(harness, f"/v1/calls/{A}/feed") as watcher:
            received = []
            for _ in range(60):
                received.append(await watcher.next())
                await asyncio.sleep(0.02)  # the pace is what is tested

    assert [event.seq for event in received] == seqs(A, 1, 60)
    assert not harness.connections.closed


async def test_a_stuck_socket_is_closed_with_4008_or_cut_off(tmp_path: Path) -> None:
    """4008, if it reads on in time to see it."""
    async with open_feed(tmp_path, limits=IMPATIENT) as harness:
        url = harness.url.replace("http", "ws", 1) + "/v1/feed"
        bearer = {"Authorization": f"Bearer {harness.key}"}
        async with connect(
            url, additional_headers=bearer, proxy=None, max_queue=1, close_timeout=0.1
        ) as socket:
            talker = SocketClient(socket)
            await talker.subscribe("s1", after=0)
            for number in range(300):
                await harness.calls.commit(A, final(f"a{number}", BIG))
            await until(lambda: harness.connections.closed["slow"] == 1)
            await until(lambda: len(harness.connections) == 0)
            code, messages = await talker.closed()

    assert code in (4008, 1006)
    assert [m["cursor"] for m in messages if m["kind"] == "event"] == list(
        range(1, 1 + sum(m["kind"] == "event" for m in messages))
    )


async def test_what_a_stuck_client_missed_is_there_when_it_comes_again(tmp_path: Path) -> None:
    """The cursor of the last event it had takes it on without a gap."""
    async with open_feed(tmp_path, limits=IMPATIENT) as harness:
        for number in range(200):
            await harness.calls.commit(A, final(f"a{number}", BIG))
        async with watch(harness, "/v1/feed?after=0") as watcher:
            first = [await watcher.next()]
            await until(lambda: harness.connections.closed["slow"] == 1)
            first += await watcher.ended()
        durable = [event for event in first if event.type != "closed"]
        async with watch(harness, "/v1/feed", after=durable[-1].id) as watcher:
            rest = await watcher.many(200 - len(durable))

    assert 0 < len(durable) < 200
    assert [event.seq for event in (*durable, *rest)] == seqs(A, 1, 200)


@pytest.mark.slow
async def test_a_thousand_watch_and_a_hundred_of_them_read_nothing(tmp_path: Path) -> None:
    """Everybody else gets everything, memory stays bounded, and the hundred are closed."""
    limits = FeedLimits(check_every_s=0.2, stall_s=3.0, grace_s=0.2)
    async with open_feed(tmp_path, limits=limits) as harness, AsyncExitStack() as stack:
        enter = stack.enter_async_context
        await harness.calls.commit(B, started())
        for _ in range(100):
            await enter(deaf(harness))
        readers = [await enter(raw_reader(harness)) for _ in range(900)]
        # not the connections: these count from before the place where a feed begins is read
        await until(lambda: harness.calls.hub.subscriptions == 1000)
        max_bytes = 0
        for number in range(40):
            await harness.calls.commit(A, final(f"a{number}", BIG))
            await asyncio.gather(*(reader.saw(f"id: {number + 2}\n") for reader in readers))
            max_bytes = max(max_bytes, harness.connections.waiting_bytes)
        await until(lambda: harness.connections.closed["slow"] == 100)
        await until(lambda: len(harness.connections) == 900)

    assert 0 < max_bytes < 100 * (80 << 10)


class RawReader:
    """Reads a stream and keeps only whether a line has come."""

    def __init__(self, client: RawClient) -> None:
        self._client = client

    async def saw(self, line: str) -> None:
        """Wait until this line has come."""
        async with asyncio.timeout(30):
            while (await self._client.reader.readline()).decode() != line:
                pass


@asynccontextmanager
async def raw_reader(harness: Harness) -> AsyncIterator[RawReader]:
    """Ask for a stream and read it."""
    async with connected(harness.url) as client:
        await client.send(asking(harness, "/v1/feed"))
        yield RawReader(client)
