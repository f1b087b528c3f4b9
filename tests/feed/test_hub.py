"""What subscribers take: every event once and in order, partials between them, from any cursor."""

import sqlite3
from pathlib import Path

from structlog.testing import capture_logs

from service import tasks
from service.errors import JournalUnavailableError
from service.feed.filter import FeedFilter
from service.feed.items import FeedEvent
from service.feed.ring import Ring
from service.ports import Frontier, StoredEvent
from tests.feed.builders import CUSTOMER, A, B, completed, final, started
from tests.feed.harness import open_feed_harness, take_all
from tests.feed.peers import Alarm
from tests.waiting import until


async def test_a_subscriber_of_all_calls_gets_every_event_in_the_order_of_commits(
    tmp_path: Path,
) -> None:
    """Whatever call they are of."""
    async with open_feed_harness(tmp_path) as harness:
        alarm = Alarm()
        with harness.subscribe(wake=alarm) as subscription:
            await harness.commit(A, started())
            await harness.commit(B, started(), final("b1"))
            await harness.commit(A, final("a1"))
            await harness.caught_up()

            events, _ = await take_all(subscription)

    assert events == [(A, 1), (B, 1), (B, 2), (A, 2)]
    assert subscription.cursor == 4


async def test_a_subscriber_of_a_call_begins_with_what_was_before_and_goes_on_live(
    tmp_path: Path,
) -> None:
    """First from the journal, then as it comes; nothing between is left out or doubled."""
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, started(), *(final(f"a{n}") for n in range(100)))
        await harness.commit(B, started())
        await harness.caught_up()
        alarm = Alarm()
        wanted = FeedFilter(call_id=A)
        with harness.subscribe(wanted, after=2, by_seq=True, wake=alarm) as subscription:
            before, _ = await take_all(subscription)
            await harness.commit(A, completed())
            await alarm.rung()
            await harness.caught_up()
            after, _ = await take_all(subscription)

    assert before == [(A, seq) for seq in range(3, 102)]
    assert after == [(A, 102)]


async def test_who_is_behind_the_ring_reads_the_journal(tmp_path: Path) -> None:
    """Whatever the ring holds, the events are all there, once."""
    async with open_feed_harness(tmp_path) as harness:
        harness.hub.ring = Ring(0, max_events=10)
        wanted = FeedFilter(call_id=A)
        with (
            harness.subscribe() as of_all,
            harness.subscribe(wanted, by_seq=True) as of_one,
        ):
            await take_all(of_one)
            for number in range(40):
                await harness.commit(A, final(f"a{number}"), final(f"x{number}"))
                await harness.commit(B, final(f"b{number}"))
            await harness.caught_up()

            assert len(harness.hub.ring) <= 10
            all_events, _ = await take_all(of_all)
            one_events, _ = await take_all(of_one)

    assert len(all_events) == len(set(all_events)) == 120
    assert one_events == [(A, seq) for seq in range(1, 81)]


async def test_a_partial_never_overtakes_what_was_committed_before_it(tmp_path: Path) -> None:
    """It waits until the events up to its `after_seq` have been read."""
    async with open_feed_harness(tmp_path) as harness:
        with harness.subscribe() as subscription:
            await harness.commit(A, started(), final("a1"))
            harness.publish(A, "a2")
            early = await take_all(subscription)
            await harness.caught_up()
            await until(lambda: bool(harness.hub.partials.since(0, None, 1)))
            events, partials = await take_all(subscription)

    assert early == ([], [])
    assert events == [(A, 1), (A, 2)]
    assert partials == ["a2"]


async def test_a_partial_waits_for_what_is_held_back_and_for_nothing_later(tmp_path: Path) -> None:
    """Others write all the time: something is always held back, but never the same for long."""
    async with open_feed_harness(tmp_path) as harness:
        frontiers = harness.library.frontiers
        frontiers += [Frontier(0, 4)] * 3
        frontiers += [Frontier(shown, shown + 4) for shown in range(100)]
        await harness.commit(A, started())
        harness.publish(A, "a1")
        await until(lambda: len(frontiers) < 101)
        early = harness.hub.partials.since(0, None, 1)
        waited_s = harness.hub.held_back_s
        await until(lambda: bool(harness.hub.partials.since(0, None, 1)))

        assert not early
        assert waited_s > 0
        assert len(frontiers) > 80


async def test_a_partial_is_not_shown_after_its_final(tmp_path: Path) -> None:
    """Neither one that waited for its turn, nor one that comes too late."""
    async with open_feed_harness(tmp_path) as harness:
        with harness.subscribe() as subscription:
            harness.publish(A, "a1")
            await harness.commit(A, final("a1"))
            harness.publish(A, "a1", "too late")
            await harness.caught_up()
            events, partials = await take_all(subscription)

    assert (events, partials) == ([(A, 1)], [])
    assert len(harness.hub.partials) == 0


async def test_a_subscriber_that_sleeps_finds_only_the_newest_partial(tmp_path: Path) -> None:
    """However many there were; and a new subscriber finds it as well."""
    async with open_feed_harness(tmp_path) as harness:
        wanted = FeedFilter(call_id=A)
        with harness.subscribe(wanted, by_seq=True) as sleeper:
            await take_all(sleeper)
            for number in range(1000):
                harness.publish(A, "a1", f"word {number}")
            batch = await sleeper.take()
            again = await sleeper.take()
        with harness.subscribe(wanted, by_seq=True) as newcomer:
            _, shown = await take_all(newcomer)

    assert [b"word 999" in partial.body for partial in batch.partials] == [True]
    assert not again.partials
    assert shown == ["a1"]


async def test_filters_choose_by_type_role_number_and_metadata(tmp_path: Path) -> None:
    """And what is not wanted still moves the cursor on."""
    wanted = [
        FeedFilter(types=("transcript.*",), role="agent"),
        FeedFilter(number=CUSTOMER[:-1] + "*", types=("call.started",)),
        FeedFilter(metadata={"queue": "billing", "vip": "true"}),
        FeedFilter(call_id=B),
    ]
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, started(), metadata={"queue": "billing", "vip": True})
        await harness.commit(B, started("+4930123456", to="+4930999"), metadata={"queue": "sales"})
        await harness.commit(A, final("a1", role="agent"), final("a2"))
        await harness.commit(B, final("b1"))
        await harness.caught_up()
        found = []
        for one in wanted:
            with harness.subscribe(one) as subscription:
                found.append((await take_all(subscription))[0])
                assert subscription.cursor == 5

    assert found == [[(A, 2)], [(A, 1)], [(A, 1), (A, 2), (A, 3)], [(B, 1), (B, 2)]]


async def test_an_erased_call_leaves_its_tombstone_to_every_cursor(tmp_path: Path) -> None:
    """Nothing of it is left in the ring, and whoever had seen it hears that it is gone."""
    async with open_feed_harness(tmp_path) as harness:
        with (
            harness.subscribe() as of_all,
            harness.subscribe(FeedFilter(call_id=A), after=1, by_seq=True) as of_one,
            harness.subscribe(FeedFilter(number="+1*"), after=2) as some,
        ):
            await harness.commit(A, started(), final("a1", "secret"))
            harness.publish(A, "a2", "secret too")
            await harness.caught_up()
            await take_all(some)
            erase(harness.path)
            tombstone = StoredEvent(A, 3, "transcript.erased", b'{"data":{"call_id":"call-a"}}')
            await harness.commit_stored(A, [tombstone])
            await harness.caught_up()

            assert len(harness.hub.ring) == 1
            assert await take_all(of_all) == ([(A, 3)], [])
            assert await take_all(of_one) == ([(A, 3)], [])
            assert await take_all(some) == ([(A, 3)], [])


def erase(path: Path) -> None:
    """Take what call A said out of the database."""
    db = sqlite3.connect(path)
    db.execute("DELETE FROM event")
    db.commit()
    db.close()


async def test_what_another_process_commits_is_seen_too(tmp_path: Path) -> None:
    """Nobody tells the hub; it looks by itself."""
    async with open_feed_harness(tmp_path) as harness:
        alarm = Alarm()
        with harness.subscribe(wake=alarm) as subscription:
            await harness.commit(A, started(), told=False)
            await alarm.rung()
            events, _ = await take_all(subscription)

    assert events == [(A, 1)]


async def test_a_big_backlog_is_handed_out_in_small_batches(tmp_path: Path) -> None:
    """No batch is much larger than 32 KiB, whatever is in the journal."""
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, *(final(f"a{n}", "word " * 2000) for n in range(20)))
        await harness.caught_up()
        sizes: list[int] = []
        events: list[FeedEvent] = []
        with harness.subscribe() as subscription:
            more = True
            while more:
                batch = await subscription.take()
                sizes.append(sum(len(event.body) for event in batch.events))
                events += batch.events
                more = batch.more

    assert max(sizes) < 45_000
    assert [event.event.seq for event in events] == list(range(1, 21))


async def test_a_drain_hands_out_what_was_committed_and_waits_for_all_to_leave(
    tmp_path: Path,
) -> None:
    """Those that do not leave are counted."""
    async with open_feed_harness(tmp_path) as harness:
        alarm = Alarm()
        with harness.subscribe(wake=alarm) as subscription:
            await harness.commit(A, started())
            left = await harness.hub.drain(0.05)
            events, _ = await take_all(subscription)

        assert (left, harness.hub.closing) == (1, True)
        assert events == [(A, 1)]
        assert await harness.hub.drain(1) == 0


async def test_a_journal_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """Nothing is lost by it."""
    async with open_feed_harness(tmp_path) as harness:
        harness.library.failures.append(JournalUnavailableError("away"))
        await harness.commit(A, started())
        await harness.caught_up()

    assert len(harness.hub.ring) == 1


async def test_an_event_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    """Of a damaged file: subscribers get it as it is, and what comes after it."""
    async with open_feed_harness(tmp_path) as harness:
        with harness.subscribe() as subscription:
            damaged = [b'{"data":{"role":', b"\xff", b'{"data":7}', b"{}"]
            stored = [
                StoredEvent(A, seq, "transcript.final", body) for seq, body in enumerate(damaged, 1)
            ]
            await harness.commit_stored(A, stored)
            await harness.commit(B, started())
            await harness.caught_up()
            events, _ = await take_all(subscription)

    assert events == [(A, 1), (A, 2), (A, 3), (A, 4), (B, 1)]


async def test_an_error_that_nobody_foresaw_ends_neither_the_hub_nor_a_subscription(
    tmp_path: Path,
) -> None:
    """It is logged once and counted, and the hub reads on from where it was."""
    tasks.failures.clear()
    with capture_logs() as logs:
        async with open_feed_harness(tmp_path) as harness:
            with harness.subscribe() as of_all:
                harness.library.failures.append(RuntimeError("nobody foresaw this"))
                await harness.commit(A, started())
                await until(lambda: tasks.failures == {"read_feed": 1})
                await harness.commit(B, started())
                await harness.caught_up()
                events, _ = await take_all(of_all)

    assert events == [(A, 1), (B, 1)]
    assert [(line["event"], line["kind"]) for line in logs] == [("keeper_failed", "read_feed")]
