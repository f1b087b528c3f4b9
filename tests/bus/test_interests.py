"""Which partials travel: those that somebody elsewhere may watch."""

import asyncio
from pathlib import Path

from service.bus.counters import BusCounters
from service.bus.inbox import Inbox
from service.bus.interests import HOLDS_S, MAX_WATCHED, REPEAT_S, Interests, written
from service.bus.messages import parse_message
from service.bus.notify import NotifyTransport
from service.bus.outbox import Outbox
from service.bus.worker_bus import WorkerBus
from service.feed.filter import FeedFilter
from service.ids import CallId
from tests.bus.builders import CALL, HERE, THERE, partial
from tests.bus.feeds import open_beside
from tests.bus.harness import Carrier, own_schema
from tests.bus.peers import KeptListener
from tests.waiting import until

A, B = CallId("call-a"), CallId("call-b")


class Clock:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self.now


def begun() -> tuple[Interests, Clock]:
    """Return interests after the time in which nobody had to say anything."""
    clock = Clock()
    interests = Interests(clock)
    interests.begin()
    clock.now = 2 * REPEAT_S
    return interests, clock


def test_everything_is_wanted_until_all_had_time_to_say() -> None:
    """Before there is a connection, and for a while after each new one."""
    interests, clock = Interests(Clock()), Clock()
    assert interests.wants(A)

    interests, clock = begun()
    assert not interests.wants(A)
    interests.begin()
    clock.now += REPEAT_S
    assert interests.wants(A)


def test_a_call_is_wanted_where_it_is_watched_and_all_where_all_are() -> None:
    """By any of the workers; the last that each said counts."""
    interests, _ = begun()
    interests.hear(HERE, [A])
    interests.hear(THERE, [])
    assert (interests.wants(A), interests.wants(B)) == (True, False)
    interests.hear(THERE, ["*"])
    assert interests.wants(B)
    interests.hear(THERE, [])
    assert not interests.wants(B)


def test_what_a_worker_said_that_is_gone_is_forgotten() -> None:
    """It would have said it again."""
    interests, clock = begun()
    interests.hear(HERE, [A])
    clock.now += HOLDS_S - 1
    assert interests.wants(A)
    clock.now += 1
    assert not interests.wants(A)
    interests.hear(THERE, [])
    assert not interests.wants(A)


async def test_what_nobody_watches_elsewhere_is_not_even_queued() -> None:
    """What is watched is."""
    interests, _ = begun()
    counters = BusCounters()
    bus = WorkerBus(
        NotifyTransport("postgresql://nobody/none", counters),
        Outbox(HERE, counters),
        Inbox(HERE, KeptListener(), counters, interests),
        interests=interests,
        watched=frozenset,
        counters=counters,
        dice=lambda: 0.5,
    )
    bus.partial(partial("p"))
    unwatched = counters.waiting
    interests.hear(THERE, [CALL])
    bus.partial(partial("p"))

    assert (unwatched, counters.waiting) == (0, 1)


async def test_workers_tell_each_other_what_is_watched_at_them(tmp_path: Path) -> None:
    """With their first words, and whenever it changes; of who wants no partials, nothing."""
    carrier = Carrier(await own_schema(tmp_path))
    said: list[tuple[str, ...] | None] = []
    connected = asyncio.Event()
    wire = NotifyTransport(carrier.postgresql_url, BusCounters())
    listening = asyncio.create_task(
        wire.listen(lambda text: said.append(parse_message(text).watching), connected.set)
    )
    await connected.wait()
    async with open_beside(carrier) as workers:
        await until(lambda: said.count(()) >= 2)
        with workers.b.subscribe(FeedFilter(call_id=A), by_seq=True):
            await until(lambda: (A,) in said)
            with workers.b.subscribe(FeedFilter(partials=False)), workers.a.subscribe():
                await until(lambda: ("*",) in said)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    assert list(dict.fromkeys(one for one in said if one)) == [(A,), ("*",)]


def test_who_watches_very_many_calls_wants_all() -> None:
    """A payload has room for some."""
    many = frozenset(CallId(f"call-{number}") for number in range(MAX_WATCHED + 1))

    assert written(many) == written(None) == ("*",)
    assert written(frozenset((B, A))) == (A, B)
    assert written(frozenset()) == ()
