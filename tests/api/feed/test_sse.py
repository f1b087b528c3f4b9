"""The feed as Server-Sent Events, through real sockets."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from service.api.feed.connections import FeedLimits
from service.web.limits import Limits
from tests.api.feed.harness import live_token, open_feed, seqs, watch
from tests.api.harness import Harness
from tests.feed.builders import PARTIAL, A, B, completed, final, started
from tests.waiting import until

QUICK = FeedLimits(check_every_s=0.05, keep_alive_s=0.1, stall_s=0.5, grace_s=0.2)


async def test_a_stored_event_comes_byte_for_byte_with_its_cursor(tmp_path: Path) -> None:
    """The id is what `Last-Event-ID` resumes after, the type is the event's own."""
    async with open_feed(tmp_path) as harness, watch(harness, "/v1/feed") as watcher:
        stored = await harness.calls.commit(A, started(), final("a1"))
        events = await watcher.many(2)

    assert [event.id for event in events] == [1, 2]
    assert [event.type for event in events] == ["call.started", "transcript.final"]
    assert [event.seq for event in events] == [(A, one.seq) for one in stored]
    assert watcher.retry_ms == 1000
    assert watcher.answer.content_type == "text/event-stream"
    assert watcher.answer.headers["Cache-Control"] == "no-store"


async def test_the_feed_of_all_calls_begins_now_and_that_of_a_call_at_its_beginning(
    tmp_path: Path,
) -> None:
    """Unless they are asked to resume; the cursor of a call's feed is its seq."""
    async with open_feed(tmp_path) as harness:
        await harness.calls.commit(B, started())
        await harness.calls.commit(A, started(), final("a1"))
        path = f"/v1/calls/{A}/feed"
        async with (
            watch(harness, "/v1/feed") as new,
            watch(harness, "/v1/feed?after=1") as resumed,
            watch(harness, "/v1/feed?after=1", after=2) as header_wins,
            watch(harness, path) as call,
            watch(harness, path, after=1) as call_resumed,
            watch(harness, "/v1/feed", after=10**17) as from_elsewhere,
            watch(harness, path, after=10**17) as call_from_elsewhere,
        ):
            await harness.calls.commit(A, completed())

            assert [e.seq for e in await new.many(1)] == seqs(A, 3, 3)
            assert [e.seq for e in await resumed.many(3)] == seqs(A, 1, 3)
            assert [e.seq for e in await header_wins.many(2)] == seqs(A, 2, 3)
            assert [(e.seq, e.id) for e in await call.many(3)] == [((A, n), n) for n in (1, 2, 3)]
            assert [e.id for e in await call_resumed.many(2)] == [2, 3]
            assert [e.seq for e in await from_elsewhere.many(1)] == seqs(A, 3, 3)
            assert [e.id for e in await call_from_elsewhere.many(3)] == [1, 2, 3]


async def test_partials_come_without_an_id_and_give_way_to_their_final(tmp_path: Path) -> None:
    """Who begins to watch gets the current ones at once."""
    async with open_feed(tmp_path) as harness:
        await harness.calls.commit(A, started())
        await until(lambda: harness.calls.hub.ring.head == 1)
        harness.calls.publish(A, "a1", "hel")
        async with watch(harness, f"/v1/calls/{A}/feed") as watcher:
            before = await watcher.many(2)
            await harness.calls.commit(A, final("a1"))
            after = await watcher.next()
        async with watch(harness, f"/v1/calls/{A}/feed?partials=false") as watcher:
            harness.calls.publish(A, "a2", "wor")
            await harness.calls.commit(A, final("a2"))
            durable = await watcher.many(3)

    assert [(e.type, e.id) for e in before] == [("call.started", 1), (PARTIAL, None)]
    assert (after.type, after.id) == ("transcript.final", 2)
    assert [e.id for e in durable] == [1, 2, 3]


async def test_a_quiet_filtered_stream_still_moves_the_cursor_of_its_client(tmp_path: Path) -> None:
    """A comment keeps the connection; an id without data moves `Last-Event-ID` on."""
    async with (
        open_feed(tmp_path, limits=QUICK) as harness,
        watch(harness, "/v1/feed?types=call.*") as watcher,
    ):
        await harness.calls.commit(A, final("a1"), final("a2"))
        await until(lambda: harness.calls.hub.ring.head == 2)
        reading = asyncio.create_task(watcher.next())
        await until(lambda: watcher.last_id == 2)
        await harness.calls.commit(A, ("call.ended", {}))
        event = await reading

    assert "keep-alive" in watcher.comments
    assert (event.type, event.id) == ("call.ended", 3)


async def test_what_cannot_be_read_is_refused_and_what_is_not_there_is_404(tmp_path: Path) -> None:
    """No stream is begun for it."""
    bad = ("after=-1", "after=x", "types=A!", "role=boss", "partials=maybe", "colour=red")
    async with open_feed(tmp_path) as harness:
        answers = [await status(harness, f"/v1/feed?{query}") for query in bad]
        answers.append(await status(harness, "/v1/feed", {"Last-Event-ID": "17; DROP"}))
        types = ",".join(["call.*"] * 21)
        answers.append(await status(harness, f"/v1/feed?types={types}"))
        missing = await status(harness, "/v1/calls/nobody/feed")

    assert answers == [400] * 8
    assert missing == 404
    assert len(harness.connections) == 0


async def status(harness: Harness, path: str, headers: dict[str, str] | None = None) -> int:
    """Return what a request of the key is answered with."""
    headers = {"Authorization": f"Bearer {harness.key}", **(headers or {})}
    async with harness.session.get(harness.url + path, headers=headers) as answer:
        return answer.status


async def test_a_token_of_one_call_sees_that_call_and_may_stand_in_the_url(tmp_path: Path) -> None:
    """Where an `EventSource` can put it; never a key."""
    async with open_feed(tmp_path) as harness:
        await harness.calls.commit(A, started())
        await harness.calls.commit(B, started())
        token = await live_token(harness, A)
        url = f"{harness.url}/v1/calls/{A}/feed?access_token="
        async with harness.session.get(url + token) as own:
            line = (await own.content.readuntil(b"\n")).decode()
        statuses = []
        for path, shown in (
            (f"/v1/calls/{B}/feed?access_token=", token),
            ("/v1/feed?access_token=", token),
            (f"/v1/calls/{A}/feed?access_token=", harness.key),
        ):
            async with harness.session.get(harness.url + path + shown) as answer:
                statuses.append(answer.status)

    assert (own.status, line) == (200, "retry: 1000\n")
    assert statuses == [404, 403, 401]


async def test_a_stream_ends_with_its_token_or_its_key(tmp_path: Path) -> None:
    """And says so, with what to resume after."""
    async with open_feed(tmp_path, limits=QUICK) as harness:
        await harness.calls.commit(A, started())
        token = await live_token(harness, A, for_s=0.5)
        path = f"/v1/calls/{A}/feed"
        async with watch(harness, path, key=token) as watcher, watch(harness, path) as other:
            expired = await watcher.ended()
            await harness.keys.revoke_key(harness.key[4:16], 1.0)
            revoked = await other.ended()

    assert expired[-1].data == {"reason": "token_expired", "resume_after": 1}
    assert revoked[-1].data == {"reason": "key_revoked", "resume_after": 1}
    assert harness.connections.closed == {"token_expired": 1, "key_revoked": 1}


async def test_too_many_streams_are_refused_in_all_and_per_key(tmp_path: Path) -> None:
    """503 where there is no room, 429 where one key has had its share; a place comes free."""
    limits = FeedLimits(max_connections=2, max_connections_per_key=1)
    async with open_feed(tmp_path, limits=limits) as harness:
        async with watch(harness, "/v1/feed"):
            per_key = await status(harness, "/v1/feed")
        await until(lambda: len(harness.connections) == 0)
        async with watch(harness, "/v1/feed"):
            pass
        await until(lambda: len(harness.connections) == 0)
        harness.connections.limits = FeedLimits(max_connections=0)
        in_all = await status(harness, "/v1/feed")

    assert (per_key, in_all) == (429, 503)


async def test_who_watches_leaves_places_that_are_kept(tmp_path: Path) -> None:
    """They are for who comes and goes, such as webhooks; a place comes free."""
    limits = Limits(max_connections=8, kept_share=1 / 4, shutdown_s=0.2)
    async with open_feed(tmp_path, web_limits=limits) as harness:
        async with AsyncExitStack() as stack:
            for _ in range(6):
                await stack.enter_async_context(watch(harness, "/v1/feed"))
            refused = await status(harness, "/v1/feed")
        await until(lambda: len(harness.connections) == 0)
        async with watch(harness, "/v1/feed"):
            pass

    assert refused == 503


async def test_a_stop_tells_all_where_to_go_on(tmp_path: Path) -> None:
    """What was committed comes first, and nobody holds the stop up."""
    async with open_feed(tmp_path) as harness, watch(harness, "/v1/feed") as watcher:
        await harness.calls.commit(A, started())
        left = await harness.calls.hub.drain(5)
        events = await watcher.ended()
        async with watch(harness, "/v1/feed") as late:
            later = await late.ended()

    assert left == 0
    assert [event.type for event in events] == ["call.started", "closed"]
    assert events[-1].data == {"reason": "stopping", "resume_after": 1}
    assert later[-1].data == {"reason": "stopping", "resume_after": 1}


async def test_streams_do_not_count_against_their_address(tmp_path: Path) -> None:
    """They have shown a key: a backend may hold a thousand. Nor does the listener end them."""
    strict = Limits(
        head_s=0.3, body_s=0.3, idle_s=0.3, answer_s=0.3, proxies=(), max_connections_per_address=2
    )
    async with (
        open_feed(tmp_path, limits=QUICK, web_limits=strict) as harness,
        AsyncExitStack() as stack,
    ):
        watchers = [await stack.enter_async_context(watch(harness, "/v1/feed")) for _ in range(6)]
        reading = [asyncio.create_task(one.next()) for one in watchers]
        await until(lambda: all(len(one.comments) > 5 for one in watchers))
        await harness.calls.commit(A, started())
        events = await asyncio.gather(*reading)

    assert [event.seq for event in events] == seqs(A, 1, 1) * 6
