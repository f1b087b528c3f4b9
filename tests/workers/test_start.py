"""A worker that starts on a machine so busy that its lease runs out meanwhile."""

from typing import cast

from service.ports import LaneHolder, Orphans, Roster
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness
from service.workers.mailbox import Mailbox
from service.workers.membership import Membership
from service.workers.room import SoleWorker
from service.workers.sealing import Seal
from service.workers.shared import SharedOwnership
from service.workers.takeover import TakeOver
from tests.workers.peers import InMemoryBus, ListedRoster, Street


async def test_who_has_no_lease_as_it_starts_finds_no_calls() -> None:
    """It starts all the same: it comes back as another worker, which looks for them by itself."""
    roster, lease = cast("Roster", ListedRoster()), WorkerLease()
    member = Membership(roster, lease, "http://here", Likeness({}))
    mailbox = Mailbox(roster, member, Seal("KEY1"))
    takeover = TakeOver(roster, member, cast("LaneHolder", None), taken=mailbox.expect)
    bus = InMemoryBus(Street(), SoleWorker(Likeness({})))
    ownership = SharedOwnership(roster, member, mailbox, takeover, bus)

    assert await ownership.orphans() == Orphans(())
