"""The room of the workers: opened before the journal, at work once calls and lanes are there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from service.ids import WorkerId
from service.ports import (
    Bus,
    CallHolder,
    Journal,
    LaneHolder,
    Ownership,
    Roster,
)
from service.tasks import open_tasks
from service.workers.alone import Alone
from service.workers.counters import WorkerCounters
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness
from service.workers.mailbox import Mailbox
from service.workers.membership import Membership
from service.workers.sealing import Seal
from service.workers.shared import SharedOwnership
from service.workers.takeover import TakeOver


class SoleWorker:
    """The room where one service has its journal to itself. Made by `open_workers`."""

    lease: WorkerLease | None = None

    def __init__(self, likeness: Likeness) -> None:
        self.likeness = likeness
        self.counters = WorkerCounters()

    def known_as(self) -> WorkerId | None:
        """Return that nobody calls it by a name."""
        return None

    def may_deliver(self) -> bool:
        """Return that deliveries may go out."""
        return True

    def attend(self, journal: Journal, lanes: LaneHolder, bus: Bus) -> Ownership:
        """Return whose calls are whose: all are this process's."""
        del bus
        return Alone(journal, lanes)

    @asynccontextmanager
    async def serve(self, calls: CallHolder) -> AsyncIterator[None]:
        """Have nothing to do."""
        del calls
        yield

    def nudged(self) -> None:
        """See `BusListener.nudged`."""

    def offered(self) -> None:
        """See `BusListener.offered`."""


class Workers:
    """The room where several workers share a database. Made by `open_workers`."""

    def __init__(self, roster: Roster, member: Membership, seal: Seal) -> None:
        self._roster = roster
        self._member = member
        self._mailbox = Mailbox(roster, member, seal)
        self._attending: tuple[TakeOver, LaneHolder, Bus] | None = None

    @property
    def lease(self) -> WorkerLease:
        """What the journal is written under."""
        return self._member.lease

    @property
    def counters(self) -> WorkerCounters:
        """What is counted of it."""
        return self._member.counters

    @property
    def likeness(self) -> Likeness:
        """How the settings of the others differ from its own."""
        return self._member.likeness

    def known_as(self) -> WorkerId | None:
        """Return what others call this worker: another name whenever it comes back."""
        return self.lease.holder

    def may_deliver(self) -> bool:
        """Return whether deliveries may go out: the lanes are this worker's now."""
        return self.lease.worker is not None

    def attend(self, journal: Journal, lanes: LaneHolder, bus: Bus) -> Ownership:
        """Return whose calls are whose, once the lanes are there that go with them."""
        del journal
        takeover = TakeOver(self._roster, self._member, lanes, taken=self._mailbox.expect)
        self._attending = takeover, lanes, bus
        return SharedOwnership(self._roster, self._member, self._mailbox, takeover, bus)

    @asynccontextmanager
    async def serve(self, calls: CallHolder) -> AsyncIterator[None]:
        """Read the mailbox and look for calls that are nobody's, until the end of the block."""
        if self._attending is None:
            raise RuntimeError("attend comes first")
        takeover, lanes, bus = self._attending

        def lost() -> None:
            takeover.forget()
            self._mailbox.forget()
            calls.let_go_of_all()
            lanes.release_all()

        self._member.on_loss, self._member.on_return = lost, takeover.news.set
        async with open_tasks() as tasks:
            tasks.keep(partial(self._mailbox.run, calls, bus), "read_mailbox")
            tasks.keep(partial(takeover.run, calls), "take_over")
            yield

    def nudged(self) -> None:
        """See `BusListener.nudged`."""
        self._mailbox.news.set()

    def offered(self) -> None:
        """See `BusListener.offered`."""
        if self._attending is not None:
            self._attending[0].news.set()


@asynccontextmanager
async def open_workers(
    roster: Roster | None, lease: WorkerLease, url: str, seal: Seal, settings: Mapping[str, str]
) -> AsyncIterator[Workers | SoleWorker]:
    """Register this process, which others reach at a URL, and keep its lease alive.

    Without a roster it is alone. What workers leave each other is under the `seal`; `settings` are
    the fingerprints by which it is seen whether they have the same ones.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    if roster is None:
        yield SoleWorker(Likeness(settings))
        return
    member = Membership(roster, lease, url, Likeness(settings))
    await member.join()
    try:
        async with open_tasks() as tasks:
            tasks.keep(member.beat, "heartbeat")
            tasks.keep(member.watch, "watch_lease")
            yield Workers(roster, member, seal)
    finally:
        await member.leave()
