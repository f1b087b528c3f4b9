"""What somebody who watches at one worker sees of a call that another worker has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path

import asyncpg

from service.feed.filter import FeedFilter
from service.feed.hub import POLL_S
from service.ids import CallId
from tests.bus.feeds import Beside, open_beside, watch_at
from tests.bus.harness import Carrier, own_schema
from tests.feed.builders import A, B, completed, final, started
from tests.feed.harness import FeedHarness, take_all
from tests.feed.peers import Alarm
from tests.waiting import PATIENCE_S, until

C = CallId("call-c")
_BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"


async def test_a_partial_reaches_who_watches_at_another_worker(carrier: Carrier) -> None:
    """Of the call or of all calls; and then its final, with the words of the journal."""
    async with open_beside(carrier) as workers:
        a, b = workers.a, workers.b
        await a.commit(A, started())
        await b.caught_up()
        alarm, of_all = Alarm(), Alarm()
        wanted = FeedFilter(call_id=A)
        with (
            b.subscribe(wanted, by_seq=True, wake=alarm) as one,
            b.subscribe(after=b.hub.ring.head, wake=of_all) as everything,
        ):
            assert await take_all(one) == ([(A, 1)], [])
            a.publish(A, "a1")
            await alarm.rung()
            await of_all.rung()
            seen = await take_all(one), await take_all(everything)
            await a.commit(A, final("a1"))
            await alarm.rung()
            after = await take_all(one)

    assert seen == (([], ["a1"]), ([], ["a1"]))
    assert after == ([(A, 2)], [])


async def test_finals_are_there_before_the_next_poll(carrier: Carrier) -> None:
    """Each is told of: there are five in a row where nobody reads unprompted for an hour."""
    async with open_beside(carrier, poll_s=3600.0) as workers:
        for number in range(5):
            await workers.a.commit(A, final(f"a{number}"))
            await workers.b.caught_up()


async def test_finals_come_with_the_next_poll_without_a_bus(tmp_path: Path) -> None:
    """From the journal: the bus carries only what may be lost."""
    carrier = Carrier(await own_schema(tmp_path))
    async with open_beside(carrier, told=False, poll_s=0.05) as workers:
        alarm = Alarm()
        with workers.b.subscribe(after=workers.b.hub.ring.head, wake=alarm) as subscription:
            await workers.a.commit(A, started(), final("a1"))
            await alarm.rung()
            events, _ = await take_all(subscription)

    assert events == [(A, 1), (A, 2)]
    assert POLL_S <= 1.0


async def test_a_partial_that_comes_after_its_final_or_its_call_is_not_shown(
    carrier: Carrier,
) -> None:
    """The final came from the journal meanwhile, by another way."""
    async with open_beside(carrier) as workers:
        a, b = workers.a, workers.b
        with b.subscribe(after=b.hub.ring.head) as subscription:
            await a.commit(A, final("a1"), told=False)
            await a.commit(B, completed(), told=False)
            await b.caught_up()
            a.publish(A, "a1", "too late")
            a.seqs[B] = 0  # as it was when this was said
            a.publish(B, "b1", "too late")
            a.publish(C, "c1")
            await until(lambda: bool(b.hub.partials.since(0, None, 9)))
            events, partials = await take_all(subscription)

    assert events == [(A, 1), (B, 1)]
    assert partials == ["c1"]


async def test_no_event_is_skipped_because_a_smaller_number_committed_later(
    carrier: Carrier,
) -> None:
    """One transaction is held open: what commits after it, with a greater number, waits for it.

    Who watches gets each event once, in the order of the cursor, and so does who comes back with
    any cursor that was seen. A partial that was said after an event waits with it.
    """
    async with open_beside(carrier) as workers:
        a, b = workers.a, workers.b
        await a.commit(A, started())
        await b.caught_up()
        before = b.hub.ring.head
        async with watch_at(b, workers.url, after=before) as client:
            async with held_open(workers, a, A):
                await b.commit(B, started(), final("b1"))
                b.publish(B, "b2")
                await until(lambda: b.hub.held_back_s > 0)
                assert b.hub.ring.head == before
            live = await client.many(4)
        cursors = [before, *(one.id for one in live if one.id is not None)]
        again = []
        for cursor in cursors[:-1]:
            async with watch_at(b, workers.url, after=cursor) as client:
                again.append((await client.next()).seq)

    assert [one.seq for one in live[:3]] == [(A, 2), (B, 1), (B, 2)]
    assert live[3].type == "transcript.partial"
    assert cursors == sorted(cursors)
    assert again == [(A, 2), (B, 1), (B, 2)]


async def test_partials_get_through_while_somebody_is_always_writing(carrier: Carrier) -> None:
    """At every moment some event is kept back, but none for long: each is waited for once."""
    async with open_beside(carrier) as workers:
        a, b = workers.a, workers.b
        await a.commit(A, started())
        await b.caught_up()
        writing = asyncio.gather(write_without_pause(workers.url), commit_without_pause(b))
        try:
            for number in range(10):
                await a.commit(A, final(f"a{number}"))
                a.publish(A, f"next {number}")
                await until(partial(is_shown, b, f"next {number}"))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


def is_shown(worker: FeedHarness, name: str) -> bool:
    """Return whether the partial of this utterance is shown at a worker."""
    return any(one.utterance_id == name for one in worker.hub.partials.since(0, None, 1_000))


@asynccontextmanager
async def held_open(workers: Beside, worker: FeedHarness, call_id: CallId) -> AsyncIterator[None]:
    """Hold a commit of this call open at this worker, in the middle, until the end of the block."""
    blocker = await asyncpg.connect(workers.url)
    watcher = await asyncpg.connect(workers.url)
    try:
        async with blocker.transaction():
            # the event is written by then, and the summary is not: it has its number
            await blocker.execute("SELECT 1 FROM summary FOR SHARE")
            committing = asyncio.create_task(worker.commit(call_id, final("held")))
            async with asyncio.timeout(PATIENCE_S):
                while not await watcher.fetchval(_BLOCKED, blocker.get_server_pid()):
                    pass
            yield
        await committing
    finally:
        await watcher.close()
        await blocker.close()


async def commit_without_pause(worker: FeedHarness) -> None:
    """Commit events of a call, for ever."""
    for number in count():
        await worker.commit(C, final(f"c{number}"))


async def write_without_pause(url: str) -> None:
    """Keep one transaction or another open, each with a number, for ever."""
    ones = [await asyncpg.connect(url) for _ in range(2)]
    try:
        while True:
            for one in ones:
                if one.is_in_transaction():
                    await one.execute("COMMIT")
                await one.execute("BEGIN")
                await one.execute("SELECT pg_current_xact_id()")
    finally:
        for one in ones:
            one.terminate()
