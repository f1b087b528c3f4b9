"""What subscribers take: every event once and in order, partials between them, from any cursor."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

from service.errors import JournalUnavailableError
from service.feed.filter import Wanted
from service.feed.items import Entry
from service.ids import CallId
from service.ports import StoredEvent
from tests.feed.harness import (
    CUSTOMER,
    A,
    B,
    Newsroom,
    completed,
    everything,
    final,
    open_newsroom,
    started,
)


class Bell:
    """A wake that can be waited for."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def __call__(self) -> None:
        """Ring."""
        self._rung.set()

    async def rung(self) -> None:
        """Wait for the next ring."""
        async with asyncio.timeout(5):
            await self._rung.wait()
        self._rung.clear()


async def settled(room: Newsroom) -> None:
    """Wait until the hub has read what is in the journal."""
    newest = await room.library.newest()
    await until(lambda: room.hub.ring.head >= newest)


async def until(done: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - what is waited for is whatever the test names
            await asyncio.sleep(0)


async def test_a_subscriber_of_all_calls_gets_every_event_in_the_order_of_commits(
    tmp_path: Path,
) -> None:
    """Whatever call they are of."""
    async with open_newsroom(tmp_path) as room:
        bell = Bell()
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=bell) as subscription:
            await room.say(A, started())
            await room.say(B, started(), final("b1"))
            await room.say(A, final("a1"))
            await settled(room)

            events, _ = await everything(subscription)

    assert events == [(A, 1), (B, 1), (B, 2), (A, 2)]
    assert subscription.cursor == 4


async def test_a_subscriber_of_a_call_begins_with_what_was_before_and_goes_on_live(
    tmp_path: Path,
) -> None:
    """First from the journal, then as it comes; nothing between is left out or doubled."""
    async with open_newsroom(tmp_path) as room:
        await room.say(A, started(), *(final(f"a{n}") for n in range(100)))
        await room.say(B, started())
        bell = Bell()
        wanted = Wanted(call_id=A)
        with room.hub.subscribe(wanted, after=2, by_seq=True, wake=bell) as subscription:
            before, _ = await everything(subscription)
            await room.say(A, completed())
            await bell.rung()
            await settled(room)
            after, _ = await everything(subscription)

    assert before == [(A, seq) for seq in range(3, 102)]
    assert after == [(A, 102)]


async def test_who_is_behind_the_ring_reads_the_journal(tmp_path: Path) -> None:
    """Whatever the ring holds, the events are all there, once."""
    async with open_newsroom(tmp_path) as room:
        room.hub.ring._max_events = 10  # noqa: SLF001 - a small ring
        wanted = Wanted(call_id=A)
        with (
            room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=Bell()) as of_all,
            room.hub.subscribe(wanted, after=0, by_seq=True, wake=Bell()) as of_one,
        ):
            await everything(of_one)
            for number in range(40):
                await room.say(A, final(f"a{number}"), final(f"x{number}"))
                await room.say(B, final(f"b{number}"))
            await settled(room)

            assert len(room.hub.ring) <= 10
            all_events, _ = await everything(of_all)
            one_events, _ = await everything(of_one)

    assert len(all_events) == len(set(all_events)) == 120
    assert one_events == [(A, seq) for seq in range(1, 81)]


async def test_a_partial_never_overtakes_what_was_committed_before_it(tmp_path: Path) -> None:
    """It waits until the events up to its `after_seq` have been read."""
    async with open_newsroom(tmp_path) as room:
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=Bell()) as subscription:
            await room.say(A, started(), final("a1"))
            room.murmur(A, "a2")
            early = await everything(subscription)
            await settled(room)
            await until(lambda: bool(room.hub.partials.since(0, None, 1)))
            events, partials = await everything(subscription)

    assert early == ([], [])
    assert events == [(A, 1), (A, 2)]
    assert partials == ["a2"]


async def test_a_partial_is_not_shown_after_its_final(tmp_path: Path) -> None:
    """Neither one that waited for its turn, nor one that comes too late."""
    async with open_newsroom(tmp_path) as room:
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=Bell()) as subscription:
            room.murmur(A, "a1")
            await room.say(A, final("a1"))
            room.murmur(A, "a1", "too late")
            await settled(room)
            events, partials = await everything(subscription)

    assert (events, partials) == ([(A, 1)], [])
    assert len(room.hub.partials) == 0


async def test_a_subscriber_that_sleeps_finds_only_the_newest_partial(tmp_path: Path) -> None:
    """However many there were; and a new subscriber finds it as well."""
    async with open_newsroom(tmp_path) as room:
        wanted = Wanted(call_id=A)
        with room.hub.subscribe(wanted, after=0, by_seq=True, wake=Bell()) as sleeper:
            await everything(sleeper)
            for number in range(1000):
                room.murmur(A, "a1", f"word {number}")
            batch = await sleeper.take()
            again = await sleeper.take()
        with room.hub.subscribe(wanted, after=0, by_seq=True, wake=Bell()) as newcomer:
            _, shown = await everything(newcomer)

    assert [b"word 999" in partial.body for partial in batch.partials] == [True]
    assert not again.partials
    assert shown == ["a1"]


async def test_filters_choose_by_type_role_number_and_metadata(tmp_path: Path) -> None:
    """And what is not wanted still moves the cursor on."""
    wanted = [
        Wanted(types=("transcript.*",), role="agent"),
        Wanted(number=CUSTOMER[:-1] + "*", types=("call.started",)),
        Wanted(metadata={"queue": "billing", "vip": "true"}),
        Wanted(call_id=B),
    ]
    async with open_newsroom(tmp_path) as room:
        await room.say(A, started(), metadata={"queue": "billing", "vip": True})
        await room.say(B, started("+4930123456", to="+4930999"), metadata={"queue": "sales"})
        await room.say(A, final("a1", role="agent"), final("a2"))
        await room.say(B, final("b1"))
        await settled(room)
        found = []
        for one in wanted:
            with room.hub.subscribe(one, after=0, by_seq=False, wake=Bell()) as subscription:
                found.append((await everything(subscription))[0])
                assert subscription.cursor == 5

    assert found == [[(A, 2)], [(A, 1)], [(A, 1), (A, 2), (A, 3)], [(B, 1), (B, 2)]]


async def test_an_erased_call_leaves_its_tombstone_to_every_cursor(tmp_path: Path) -> None:
    """Nothing of it is left in the ring, and whoever had seen it hears that it is gone."""
    async with open_newsroom(tmp_path) as room:
        with (
            room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=Bell()) as of_all,
            room.hub.subscribe(Wanted(call_id=A), after=1, by_seq=True, wake=Bell()) as of_one,
            room.hub.subscribe(Wanted(number="+1*"), after=2, by_seq=False, wake=Bell()) as some,
        ):
            await room.say(A, started(), final("a1", "secret"))
            room.murmur(A, "a2", "secret too")
            await settled(room)
            await everything(some)
            erase(room.path)
            tombstone = StoredEvent(A, 3, "transcript.erased", b'{"data":{"call_id":"call-a"}}')
            await room.commit(A, [tombstone])
            await settled(room)

            assert len(room.hub.ring) == 1
            assert await everything(of_all) == ([(A, 3)], [])
            assert await everything(of_one) == ([(A, 3)], [])
            assert await everything(some) == ([(A, 3)], [])


def erase(path: Path) -> None:
    """Take what call A said out of the database."""
    db = sqlite3.connect(path)
    db.execute("DELETE FROM event")
    db.commit()
    db.close()


async def test_what_another_process_commits_is_seen_too(tmp_path: Path) -> None:
    """Nobody tells the hub; it looks by itself."""
    async with open_newsroom(tmp_path) as room:
        bell = Bell()
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=bell) as subscription:
            await room.say(A, started(), told=False)
            await bell.rung()
            events, _ = await everything(subscription)

    assert events == [(A, 1)]


async def test_a_big_backlog_is_handed_out_in_small_batches(tmp_path: Path) -> None:
    """No batch is much larger than 32 KiB, whatever is in the journal."""
    async with open_newsroom(tmp_path) as room:
        await room.say(A, *(final(f"a{n}", "word " * 2000) for n in range(20)))
        await settled(room)
        sizes: list[int] = []
        entries: list[Entry] = []
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=Bell()) as subscription:
            more = True
            while more:
                batch = await subscription.take()
                sizes.append(sum(len(entry.body) for entry in batch.entries))
                entries += batch.entries
                more = batch.more

    assert max(sizes) < 45_000
    assert [entry.event.seq for entry in entries] == list(range(1, 21))


async def test_a_drain_hands_out_what_was_committed_and_waits_for_all_to_leave(
    tmp_path: Path,
) -> None:
    """Those that do not leave are counted."""
    async with open_newsroom(tmp_path) as room:
        bell = Bell()
        with room.hub.subscribe(Wanted(), after=0, by_seq=False, wake=bell) as subscription:
            await room.say(A, started())
            left = await room.hub.drain(0.05)
            events, _ = await everything(subscription)

        assert (left, room.hub.closing) == (1, True)
        assert events == [(A, 1)]
        assert await room.hub.drain(1) == 0


async def test_a_journal_that_is_away_is_asked_again(tmp_path: Path) -> None:
    """Nothing is lost by it."""
    async with open_newsroom(tmp_path) as room:
        library = room.hub._library  # noqa: SLF001 - the one it reads

        class Away:
            def __init__(self) -> None:
                self.asked = 0

            def __getattr__(self, name: str) -> object:
                return getattr(library, name)

            async def events(self, *, after: int, limit: int) -> object:
                self.asked += 1
                if self.asked == 1:
                    raise JournalUnavailableError("away")
                return await library.events(after=after, limit=limit)

        away = Away()
        room.hub._library = away  # type: ignore[assignment]  # noqa: SLF001 - it is one
        await room.say(CallId("c"), started())
        await until(lambda: away.asked == 1)
        await settled(room)

    assert len(room.hub.ring) == 1
