"""Mail that a call does not take: it is kept for as long as that is the database's fault."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from service.errors import InputRefusedError, JournalUnavailableError
from service.ids import CallId, InputId, WorkerId
from service.ports import CallHolder, Mail, Roster
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness
from service.workers.mail import encode_webhook
from service.workers.mailbox import MAX_TRIES, Mailbox
from service.workers.membership import Membership
from service.workers.room import SoleWorker
from service.workers.sealing import Seal
from tests.calls.harness import CALL, T0, said
from tests.workers.peers import InMemoryBus, Street

US = WorkerId("us")


@dataclass
class Table:
    """The mail of one worker, as the database has it."""

    mails: list[Mail] = field(default_factory=list)

    async def send(self, call_id: CallId, input_id: InputId, body: bytes) -> None:
        """Keep it."""
        del input_id
        self.mails.append(Mail(len(self.mails), call_id, body, None))

    async def has_mail(self, worker: WorkerId, *, keeps_house: bool) -> bool:
        """Say whether there is some."""
        del worker, keeps_house
        return bool(self.mails)

    async def mail(self, worker: WorkerId, *, keeps_house: bool, limit: int) -> list[Mail]:
        """Return it."""
        del worker, keeps_house
        return self.mails[:limit]

    async def losses(self, worker: WorkerId) -> list[CallId]:
        """Return none."""
        del worker
        return []

    async def replies(self, worker: WorkerId) -> list[tuple[int, bytes]]:
        """Return none."""
        del worker
        return []

    async def drop_mail(self, ids: list[int]) -> None:
        """Keep it no more."""
        self.mails = [mail for mail in self.mails if mail.id not in ids]


@dataclass
class Refusing:
    """Calls that take nothing, and why."""

    error: Exception

    async def told(self, call_id: CallId, item: object) -> None:
        """Refuse it."""
        del call_id, item
        raise self.error


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (JournalUnavailableError("the database does not answer: DiskFullError"), 1),
        (InputRefusedError("the call could not be worked on"), 0),
    ],
)
async def test_a_full_disk_costs_no_mail(error: Exception, left: int) -> None:
    """However long it is full; what no turn can take is given up, so that others get through."""
    table = Table()
    roster, lease = cast("Roster", table), WorkerLease()
    lease.begin(US, lease.ticks())
    seal, alike = Seal("KEY1"), Likeness({})
    mailbox = Mailbox(roster, Membership(roster, lease, "http://here", alike), seal)
    words = said("hello", T0)
    await table.send(CALL, words.input_id, seal.close(encode_webhook(words)))

    for _ in range(2 * MAX_TRIES):
        await mailbox.collect(
            US, cast("CallHolder", Refusing(error)), InMemoryBus(Street(), SoleWorker(alike))
        )

    assert len(table.mails) == left
