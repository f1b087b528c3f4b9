"""What workers tell each other: the same over PostgreSQL and over NATS."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from structlog.testing import capture_logs

from service.bus.counters import BusCounters
from service.bus.opening import open_bus
from tests.bus.builders import HERE, THERE, partial
from tests.bus.harness import Carrier, open_worker, own_schema
from tests.bus.peers import KeptListener
from tests.waiting import until


async def test_what_one_tells_the_others_hear_once_and_byte_for_byte(carrier: Carrier) -> None:
    """Each in its order, and nobody hears what it told itself."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        a, b, c = [await enter(open_worker(carrier, name)) for name in ("a", "b", "c")]
        hellos, heard_before = a.counters.sent, b.counters.received
        told = [partial(f"p{number}", "né € 日本 \\u0000 \n" * 20) for number in range(300)]
        for one in told:
            a.bus.partial(one)
        await until(lambda: len(b.heard.partials) == len(c.heard.partials) == 300)
        await until(
            lambda: a.counters.sent - hellos > 1
        )  # it counts what it knows to have gone out

        assert b.heard.partials == c.heard.partials == told
        assert not a.heard.partials
        assert a.counters.sent - hellos < 100
        assert b.counters.received - heard_before >= a.counters.sent - hellos


async def test_partials_of_one_utterance_that_come_together_travel_as_the_newest(
    carrier: Carrier,
) -> None:
    """Of a hundred within a batch, one."""
    async with open_worker(carrier, "a") as a, open_worker(carrier, "b") as b:
        for number in range(100):
            a.bus.partial(partial(f"p{number}", utterance="u"))
        await until(lambda: bool(b.heard.partials))

        assert b.heard.ids == ["p99"]


async def test_the_same_again_is_heard_again(carrier: Carrier) -> None:
    """NOTIFY merges payloads that are alike: none is like another."""
    async with open_worker(carrier, "a") as a, open_worker(carrier, "b") as b:
        for number in range(1, 6):
            a.bus.committed()
            a.bus.partial(partial("same"))
            await b.heard.heard(number)

        assert b.heard.order == ["committed", *["committed", "same"] * 5]
        assert not b.counters.dropped["missed"]


async def test_who_says_it_is_connected_hears_whatever_comes_next(carrier: Carrier) -> None:
    """Each time: a subscription may be on its way still when the client's flush returns."""
    async with open_worker(carrier, "a") as a:
        for _ in range(40):
            async with open_worker(carrier, "b") as b:
                a.bus.partial(partial("next"))
                await b.heard.heard(1)


async def test_a_nudge_reaches_whom_it_is_for_and_an_offer_everybody(carrier: Carrier) -> None:
    """Beside what each asks itself when it has connected."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        a, b, c = [await enter(open_worker(carrier, name)) for name in (HERE, THERE, "c")]
        assert (b.heard.nudges, b.heard.offers, b.heard.commits) == (1, 1, 1)
        a.bus.nudge(THERE)
        a.bus.offer()
        await until(lambda: b.heard.offers == c.heard.offers == 2)

        assert (a.heard.nudges, b.heard.nudges, c.heard.nudges) == (1, 2, 1)
        assert a.heard.offers == 1


async def test_commits_are_told_before_the_partials_after_them(carrier: Carrier) -> None:
    """Also in one batch."""
    async with open_worker(carrier, "a") as a, open_worker(carrier, "b") as b:
        b.heard.order.clear()
        a.bus.committed()
        a.bus.partial(partial("p"))
        await until(lambda: bool(b.heard.partials))

        assert b.heard.order == ["committed", "p"]


async def test_a_listener_that_fails_costs_only_what_it_failed_at(carrier: Carrier) -> None:
    """The next is heard."""
    async with open_worker(carrier, "a") as a, open_worker(carrier, "b") as b:
        b.heard.fault = RuntimeError("boom")
        with capture_logs() as logs:
            a.bus.partial(partial("bad"))
            await until(lambda: b.heard.fault is None)
        a.bus.partial(partial("good"))
        await until(lambda: b.heard.ids == ["good"])

    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "bus_message_failed"
    ]


async def test_workers_of_another_database_hear_nothing(carrier: Carrier, tmp_path: Path) -> None:
    """Though they are on the same server, and on the same NATS."""
    other = Carrier(await own_schema(tmp_path / "other"), carrier.nats_url)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        a, b = [await enter(open_worker(carrier, name)) for name in ("a", "b")]
        x, y = [await enter(open_worker(other, name)) for name in ("x", "y")]
        a.bus.partial(partial("ours"))
        x.bus.partial(partial("theirs"))
        await until(lambda: bool(b.heard.partials and y.heard.partials))

        assert (b.heard.ids, y.heard.ids) == (["ours"], ["theirs"])


async def test_on_sqlite_there_is_nobody_to_tell() -> None:
    """And nothing to connect to, whatever NATS there is."""
    heard = KeptListener()
    async with open_bus(
        None, "nats://127.0.0.1:1", known_as=lambda: HERE, listener=heard, counters=BusCounters()
    ) as bus:
        bus.partial(partial("p"))
        bus.committed()
        bus.nudge(THERE)
        bus.offer()
        await asyncio.sleep(0)

    assert not heard.order
