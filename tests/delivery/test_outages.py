"""Outages in virtual time: how long after one the endpoint is dark, to the second."""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.errors import DeliveryError, HostUnavailableError
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Delivery, Journal
from tests.delivery.builders import BROKEN, BUSY, CRM, endpoint
from tests.delivery.harness import commit
from tests.proof.virtual.loop import BEGINS_AT_S, VirtualLoop

Answer = Callable[[Delivery, float], DeliveryError | None]
SOON_S = 0.2
"""What the work itself may take: answers, acks, reads."""
_ANSWERS_IN_S = 0.005


@dataclass
class Crm:
    """A receiver that answers by a rule of what comes, and when."""

    answer: Answer
    tried: list[tuple[float, str]] = field(default_factory=list)
    taken: dict[str, float] = field(default_factory=dict)

    async def deliver(self, delivery: Delivery) -> None:
        """Take it, or fail as the rule says."""
        name, now = delivery.id.removeprefix("evt_"), at()
        self.tried.append((now, name))
        failure = self.answer(delivery, now)
        await asyncio.sleep(_ANSWERS_IN_S)
        if failure:
            raise failure
        self.taken.setdefault(name, now)


@dataclass
class World:
    """The lanes, and their one receiver."""

    journal: Journal
    lanes: DeliveryLanes
    crm: Crm

    async def commit(self, call_id: str, *kinds: str) -> None:
        """Commit events of a call, then tell the lanes."""
        self.lanes.committed([CRM], await commit(self.journal, call_id, *kinds))


def at() -> float:
    """Return the seconds since the beginning."""
    return asyncio.get_running_loop().time() - BEGINS_AT_S


async def wait_until(second: float) -> None:
    """Return at this second."""
    await asyncio.sleep(second - at())


@asynccontextmanager
async def open_world(folder: Path, answer: Answer) -> AsyncIterator[World]:
    """Open lanes to a receiver, in virtual time and without jitter."""
    crm = Crm(answer)

    @asynccontextmanager
    async def sink(_: Endpoint) -> AsyncIterator[Crm]:
        yield crm

    clock = asyncio.get_running_loop().time
    async with (
        open_sqlite_journal(folder / "journal.db", clock=clock, threaded=False) as journal,
        open_lanes(journal, [endpoint()], clock=clock, dice=lambda: 0.5, sink=sink) as lanes,
    ):
        yield World(journal, lanes, crm)


def play(answer: Answer, work: Callable[[World], Coroutine[Any, Any, None]]) -> Crm:
    """Run something in a world of its own, and return the receiver."""

    async def run() -> Crm:
        async with open_world(Path(folder), answer) as world:
            await work(world)
            return world.crm

    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
    ):
        return runner.run(run())


def down(*, until: float, since: float = 0.0) -> Answer:
    """Refuse every connection between two seconds."""
    refused = HostUnavailableError("no answer: ConnectionRefusedError")
    return lambda _, now: refused if since <= now < until else None


@pytest.mark.parametrize("outage_s", [95.0, 2400.0])
def test_a_live_call_is_told_of_within_fifteen_seconds_of_an_outage(outage_s: float) -> None:
    """It was dark for 332 s after 95 s, and for 116 s after 40 minutes."""

    async def one_call(world: World) -> None:
        await world.commit("c1", "call.started", "call.answered")
        await wait_until(outage_s + 60)

    crm = play(down(until=outage_s), one_call)

    assert set(crm.taken) == {"c1_1", "c1_2"}
    assert max(crm.taken.values()) <= outage_s + 15 + SOON_S


@pytest.mark.parametrize("outage_s", [95.0, 2400.0])
def test_many_calls_are_told_of_within_one_pause_of_an_outage(outage_s: float) -> None:
    """One probe finds the endpoint there again, and all lanes go on at once."""

    async def many_calls(world: World) -> None:
        for call in range(60):
            await world.commit(f"c{call}", "call.started", "call.answered")
            await asyncio.sleep(0.5)
        await wait_until(outage_s + 60)

    crm = play(down(until=outage_s), many_calls)

    assert len(crm.taken) == 120
    assert max(crm.taken.values()) <= outage_s + 30 + SOON_S
    assert max(crm.taken.values()) - min(crm.taken.values()) <= SOON_S
    probes = [when for when, _ in crm.tried if 60 < when < outage_s]
    assert len(probes) <= outage_s / 30


def test_live_calls_go_first_after_an_outage() -> None:
    """Then those that are over, which nobody waits for."""

    async def old_and_new(world: World) -> None:
        for call in range(40):
            await world.commit(f"old{call}", "call.started", "call.ended")
        await asyncio.sleep(300)
        for call in range(40):
            await world.commit(f"new{call}", "call.started")
        await wait_until(660)

    crm = play(down(until=600), old_and_new)

    assert len(crm.taken) == 120
    tried = [name for when, name in crm.tried if when > 600]
    assert all(name.startswith("new") for name in tried[:40])


def test_a_call_that_is_over_does_not_wait_for_its_schedule() -> None:
    """What arrives of another call says that the endpoint is there again."""

    async def over(world: World) -> None:
        await world.commit("c1", "call.started", "call.ended")
        await wait_until(1000)
        await world.commit("c2", "call.started")
        await wait_until(1001)

    crm = play(down(until=900), over)

    assert max(crm.taken.values()) <= 1000 + SOON_S


def test_what_was_left_of_an_outage_at_the_start_does_not_wait_either(tmp_path: Path) -> None:
    """The lanes of the life before had their next attempt hours away."""

    async def restart() -> Crm:
        async with open_world(tmp_path, down(until=10_000)) as world:
            for call in range(5):
                await world.commit(f"c{call}", "call.started", "call.ended")
            await wait_until(9_990)
        async with open_world(tmp_path, down(until=10_000)) as world:
            await wait_until(10_001)
            await world.commit("new", "call.started")
            await wait_until(10_002)
            return world.crm

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        crm = runner.run(restart())

    assert len(crm.taken) == 11
    assert max(crm.taken.values()) <= 10_001 + SOON_S


def test_a_restart_in_an_outage_does_not_end_the_probes(tmp_path: Path) -> None:
    """Nobody calls any more, and all lanes have their next attempt hours away."""

    async def restart() -> Crm:
        async with open_world(tmp_path, down(until=10_000)) as world:
            for call in range(12):
                await world.commit(f"c{call}", "call.started", "call.ended")
            await wait_until(9_000)
        async with open_world(tmp_path, down(until=10_000)) as world:
            await wait_until(10_031)
            return world.crm

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        crm = runner.run(restart())

    assert len(crm.taken) == 24
    assert max(crm.taken.values()) <= 10_030 + SOON_S
    assert sum(when < 9_001 for when, _ in crm.tried) == 1


def test_records_that_the_receiver_fails_at_delay_nobody_else() -> None:
    """Four calls with a 500 delayed a healthy one by 59 s."""

    def poisoned(delivery: Delivery, _: float) -> DeliveryError | None:
        return BROKEN if "bad" in delivery.id else None

    async def five_calls(world: World) -> None:
        for second in range(120):
            for call in range(4):
                await world.commit(f"bad{call}", "call.answered")
            await world.commit("good", "call.answered")
            await wait_until(second + 1)

    crm = play(poisoned, five_calls)

    assert len(crm.taken) == 120
    late = [when - second for second, when in enumerate(crm.taken.values())]
    assert max(late) <= SOON_S
    assert all(name.startswith("good") for name in crm.taken)


def test_an_extra_attempt_does_not_use_up_the_schedule() -> None:
    """While the call is live there is one each 15 s; what is given up is given up days later."""

    async def for_hours(world: World) -> None:
        await world.commit("c1", "call.started")
        await wait_until(3 * 3600)
        assert await world.journal.parked(limit=1) == []
        (row,) = await world.journal.backlog()
        assert row.attempts == 9  # after 1, 2, 5, 15, 60, 300, 1800 s and 2 h; the next in 5 h

    crm = play(lambda *_: BROKEN, for_hours)

    times = [when for when, _ in crm.tried]
    assert max(after - before for before, after in pairwise(times)) <= 15 + SOON_S


def test_a_receiver_that_refuses_whatever_is_new_gets_everything_soon() -> None:
    """503 to each call's first attempt opened the breaker for good: 19 events in three minutes."""
    seen: defaultdict[str, int] = defaultdict(int)

    def timid(delivery: Delivery, _: float) -> DeliveryError | None:
        call_id = delivery.id.split("_")[1]
        seen[call_id] += 1
        return BUSY if seen[call_id] == 1 else None

    async def fifty_calls(world: World) -> None:
        for call in range(50):
            await world.commit(f"c{call}", "call.started", "call.answered", "call.ended")
        await wait_until(180)

    crm = play(timid, fifty_calls)

    assert len(crm.taken) == 150
    assert max(crm.taken.values()) <= 15 + SOON_S


def test_a_poisoned_probe_does_not_keep_the_breaker_open() -> None:
    """Every other probe takes a lane that is new: not only records that the receiver hangs on."""

    def hangs_on_some(delivery: Delivery, _: float) -> DeliveryError | None:
        return BUSY if "bad" in delivery.id else None

    async def mixed(world: World) -> None:
        for call in range(12):
            await world.commit(f"bad{call}", "call.started")
        await wait_until(60)
        await world.commit("good", "call.started")
        await wait_until(600)

    crm = play(hangs_on_some, mixed)

    assert crm.taken["good_1"] <= 60 + 2 * 30 + SOON_S


def test_a_wish_for_a_pause_is_heeded_by_extra_attempts() -> None:
    """`Retry-After` is the receiver's own word: neither the cap nor a recovery goes over it."""
    later = HostUnavailableError("answered 429", status=429, retry_after_s=40.0)

    def busy_at_first(delivery: Delivery, now: float) -> DeliveryError | None:
        return later if "c1" in delivery.id and now < 40 else None

    async def two_calls(world: World) -> None:
        await world.commit("c1", "call.started")
        await wait_until(10)
        await world.commit("c2", "call.started")
        await wait_until(60)

    crm = play(busy_at_first, two_calls)

    assert [name for _, name in crm.tried] == ["c1_1", "c2_1", "c1_1"]
    assert 40 <= crm.taken["c1_1"] <= 40 + SOON_S


def test_a_host_that_is_away_is_not_hammered() -> None:
    """Once the breaker is open there is one attempt each pause, however many calls wait."""

    async def many_calls(world: World) -> None:
        for call in range(500):
            await world.commit(f"c{call}", "call.started")
        await wait_until(600)

    crm = play(down(until=1e9), many_calls)

    times = [when for when, _ in crm.tried]
    assert sum(when < 1 for when in times) <= 32 + 10
    assert [round(when) for when in times if when > 1] == [5, 15, *range(35, 600, 30)]
