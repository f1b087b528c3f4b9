"""A worker's place on the roster, and the lease that goes with it, by a clock moved by hand."""

from dataclasses import dataclass
from typing import cast

import pytest

from service.ports import Roster
from service.tasks import open_tasks
from service.workers import membership
from service.workers.lease import Pace, WorkerLease
from service.workers.likeness import Likeness
from service.workers.membership import Membership
from tests.waiting import until
from tests.workers.peers import ListedRoster


@dataclass
class Ticks:
    """A clock that stands still until it is moved."""

    now: float = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Desk:
    """A membership and what it depends on; `losses` has how often it was lost."""

    ticks: Ticks
    lease: WorkerLease
    roster: ListedRoster
    member: Membership
    losses: int = 0

    def lost(self) -> None:
        """Count one."""
        self.losses += 1


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A member that registered just now, and does not dawdle."""
    for name in ("_BEAT_AGAIN_S", "_MIN_WATCH_S"):
        monkeypatch.setattr(membership, name, 0.001)
    ticks, roster = Ticks(), ListedRoster()
    lease = WorkerLease(pace=Pace(beat_every_s=0.001), ticks=ticks)
    member = Membership(cast("Roster", roster), lease, "http://here", Likeness({}))
    one = Desk(ticks, lease, roster, member)
    one.member.on_loss = one.lost
    await one.member.join()
    return one


async def test_a_heartbeat_renews_the_lease(desk: Desk) -> None:
    """From when it began, for seven seconds; and says who keeps house."""
    worker = desk.lease.worker
    assert desk.roster.workers == [worker]
    async with open_tasks() as tasks:
        tasks.keep(desk.member.beat, "beat")
        for _ in range(5):
            desk.ticks.now += 5
            await until(lambda: desk.lease.left_s == 7.0)
        assert desk.member.keeps_house
    assert (desk.lease.worker, desk.losses) == (worker, 0)


async def test_without_heartbeats_the_lease_is_over_after_seven_seconds(desk: Desk) -> None:
    """By its own clock: it is lost once, and it is another worker that comes back."""
    worker = desk.lease.worker
    desk.roster.is_away = True
    async with open_tasks() as tasks:
        tasks.keep(desk.member.beat, "beat")
        desk.ticks.now += 6.9
        assert desk.lease.worker == worker
        desk.ticks.now += 0.1
        assert desk.lease.worker is None
        await until(lambda: desk.losses == 1)
        desk.roster.is_away = False
        await until(lambda: desk.lease.worker is not None)
    assert desk.roster.workers == [desk.lease.worker]
    assert desk.roster.seen == [worker, desk.lease.worker]
    assert desk.losses == 1


async def test_the_watch_sees_it_while_a_heartbeat_hangs(desk: Desk) -> None:
    """It asks nobody."""
    async with open_tasks() as tasks:
        tasks.keep(desk.member.watch, "watch")
        desk.ticks.now += 7
        await until(lambda: desk.losses == 1)


async def test_whoever_was_taken_off_the_roster_is_out(desk: Desk) -> None:
    """However much of its lease is left."""
    worker = desk.lease.worker
    desk.roster.workers.clear()
    async with open_tasks() as tasks:
        tasks.keep(desk.member.beat, "beat")
        await until(lambda: desk.lease.worker not in (worker, None))
    assert desk.losses == 1


async def test_a_heartbeat_that_was_answered_late_renews_from_when_it_began(desk: Desk) -> None:
    """A process that froze in between has no lease when it wakes, whatever the answer says."""

    def freeze() -> None:
        desk.ticks.now += 30
        desk.roster.answers = lambda: None
        desk.roster.is_away = True

    desk.roster.answers = freeze
    async with open_tasks() as tasks:
        tasks.keep(desk.member.beat, "beat")
        await until(lambda: desk.losses == 1)
    assert desk.lease.worker is None


async def test_whoever_leaves_is_off_the_roster_at_once(desk: Desk) -> None:
    """And that the database is away keeps nobody."""
    desk.roster.is_away = True
    await desk.member.leave()
    assert (desk.lease.worker, desk.losses) == (None, 0)
