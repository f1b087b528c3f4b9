"""The feed of a bound key over a WebSocket, resumed, and while nothing of its own happens."""

import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from service.api.feed.connections import FeedLimits
from service.api.keys import make_key
from service.feed.frames import KEEP_ALIVE
from service.ports import bind
from tests.api.feed.harness import open_feed, talk, watch
from tests.api.feed.peers import SocketClient
from tests.api.harness import Harness
from tests.feed.builders import A, B, final, started

BILLING = bind(metadata=[("queue", "billing")])
QUICK = FeedLimits(keep_alive_s=0.01, check_every_s=0.01)


async def bound_key(harness: Harness) -> str:
    """Keep a key that follows calls of one queue."""
    text, kept = make_key("desk", ("live",), now=time.time(), binding=BILLING)
    await harness.keys.keep_key(kept)
    return text


def connect(harness: Harness, key: str) -> AbstractAsyncContextManager[SocketClient]:
    """Connect to the feed of all calls with this key."""
    return talk(harness, additional_headers={"Authorization": f"Bearer {key}"})


async def fill(harness: Harness) -> None:
    """Begin a call of each queue."""
    await harness.calls.commit(A, started(), final("a1"), metadata={"queue": "billing"})
    await harness.calls.commit(B, started(), final("b1"), metadata={"queue": "sales"})
    await harness.calls.caught_up()


async def test_a_subscription_to_anothers_call_is_one_to_none(tmp_path: Path) -> None:
    """Word for word."""
    async with open_feed(tmp_path) as harness:
        await fill(harness)
        async with connect(harness, await bound_key(harness)) as client:
            said = [await client.subscribe("s", call_id=call_id) for call_id in (B, "none")]

    assert said[0] == said[1] == {"kind": "error", "id": "s", "detail": "there is no such call"}


async def test_a_socket_carries_own_calls_only(tmp_path: Path) -> None:
    """Of all calls, from the beginning."""
    async with open_feed(tmp_path) as harness:
        await fill(harness)
        async with connect(harness, await bound_key(harness)) as client:
            await client.subscribe("s", after=0)
            events = await client.many(2)
            await harness.calls.commit(B, final("b2"), metadata={"queue": "sales"})
            await harness.calls.commit(A, final("a2"), metadata={"queue": "billing"})
            events.append(await client.next())

    assert [one["event"]["data"]["call_id"] for one in events] == [A, A, A]


@pytest.mark.parametrize("after", [1, 2, 3, 4])
async def test_a_resumed_feed_has_no_more(tmp_path: Path, after: int) -> None:
    """Wherever it is resumed after, be it an event of another's call."""
    async with open_feed(tmp_path) as harness:
        await fill(harness)
        await harness.calls.commit(A, final("a2"), metadata={"queue": "billing"})
        key = await bound_key(harness)
        async with watch(harness, "/v1/feed", after=after, key=key) as client:
            seqs = [(await client.next()).seq]
            while seqs[-1] != (A, 3):
                seqs.append((await client.next()).seq)

    assert seqs == [(A, seq) for seq in range(min(after, 2) + 1, 4)]


async def test_a_feed_says_where_it_begins(tmp_path: Path) -> None:
    """An `EventSource` that saw nothing yet comes again to where it was, not to later."""
    async with open_feed(tmp_path) as harness:
        await fill(harness)
        async with watch(harness, "/v1/feed", key=await bound_key(harness)) as client:
            await harness.calls.commit(A, final("a2"), metadata={"queue": "billing"})
            lines = [await client.answer.content.readline() for _ in range(3)]

    assert lines == [b"retry: 1000\n", b"\n", b"id: 4\n"]


async def test_a_quiet_feed_does_not_tell_that_others_talk(tmp_path: Path) -> None:
    """It is kept alive without a place that moves."""
    async with open_feed(tmp_path, limits=QUICK) as harness:
        await fill(harness)
        key = await bound_key(harness)
        async with watch(harness, "/v1/feed", after=0, key=key) as client:
            await client.many(2)
            await harness.calls.commit(B, final("b2"), metadata={"queue": "sales"})
            await harness.calls.caught_up()
            lines: list[bytes] = []
            while lines.count(KEEP_ALIVE) < 3:
                lines.append(await client.answer.content.readline())

    assert not [line for line in lines if line.startswith(b"id:")]
