"""Mail that a call does not take: it is kept for as long as that is the database's fault."""

import itertools
import math
from dataclasses import dataclass, field
from typing import cast

import pytest

from service.errors import InputRefusedError, JournalUnavailableError
from service.ids import CallId, InputId, WorkerId
from service.ports import CallHolder, Mail, Roster
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness
from service.workers.mail import encode_webhook
from service.workers.mailbox import MAX_TRIES, PAGE, Mailbox
from service.workers.membership import Membership
from service.workers.room import SoleWorker
from service.workers.sealing import Seal
from tests.calls.harness import CALL, T0, said
from tests.workers.peers import InMemoryBus, Street

US = WorkerId("us")
OTHER = CallId("another call")


@dataclass
class Table:
    """The mail of one worker, as the database has it."""

    mails: list[Mail] = field(default_factory=list)

    async def send(self, call_id: CallId, input_id: InputId, body: bytes) -> None:
        """Keep it."""
        del input_id
        self.mails.append(Mail(len(self.mails) + 1, call_id, body, None))

    async def has_mail(self, worker: WorkerId, *, keeps_house: bool) -> bool:
        """Say whether there is some."""
        del worker, keeps_house
        return bool(self.mails)

    async def mail(
        self, worker: WorkerId, *, keeps_house: bool, limit: int, after: int = 0
    ) -> list[Mail]:
        """Return it."""
        del worker, keeps_house
        return [mail for mail in self.mails if mail.id > after][:limit]

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
    """Calls that take nothing, and why; but for what was `taken` of others than `CALL`."""

    error: Exception | None
    taken: list[CallId] = field(default_factory=list)

    async def told(self, call_id: CallId, item: object) -> None:
        """Refuse it, if it is for `CALL`."""
        del item
        if self.error is not None and call_id == CALL:
            raise self.error
        self.taken.append(call_id)


@dataclass
class Post:
    """A worker's mailbox, its table, and the calls it is for."""

    table: Table = field(default_factory=Table)
    calls: Refusing = field(default_factory=lambda: Refusing(None))
    seal: Seal = field(default_factory=lambda: Seal("KEY1"))

    def __post_init__(self) -> None:
        """Open the mailbox."""
        roster, lease = cast("Roster", self.table), WorkerLease()
        lease.begin(US, lease.ticks())
        member = Membership(roster, lease, "http://here", Likeness({}))
        self.mailbox = Mailbox(roster, member, self.seal)
        self.said = (f"words {number}" for number in itertools.count())

    async def send(self, call_id: CallId = CALL) -> None:
        """Have words for a call be in the mail."""
        words = said(next(self.said), T0)
        await self.table.send(call_id, words.input_id, self.seal.close(encode_webhook(words)))

    async def collect(self) -> None:
        """Have the calls take what there is."""
        bus = InMemoryBus(Street(), SoleWorker(Likeness({})))
        await self.mailbox.collect(US, cast("CallHolder", self.calls), bus)


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (JournalUnavailableError("the database does not answer: DiskFullError"), 1),
        (InputRefusedError("the call could not be worked on"), 0),
    ],
)
async def test_a_full_disk_costs_no_mail(error: Exception, left: int) -> None:
    """However long it is full; what no turn can take is given up, so that others get through."""
    post = Post()
    post.calls.error = error
    await post.send()

    for _ in range(2 * MAX_TRIES):
        await post.collect()

    assert len(post.table.mails) == left


async def test_words_wait_until_the_mail_was_taken_that_came_before_them() -> None:
    """That it was looked through is not enough; and other calls have nothing to wait for."""
    post = Post()
    assert post.mailbox.lag_s(CALL) == math.inf
    post.calls.error = JournalUnavailableError("the database does not answer: DiskFullError")
    await post.send()
    await post.collect()
    assert (post.mailbox.lag_s(CALL), post.mailbox.lag_s(OTHER)) == (math.inf, 0.0)
    post.calls.error = None
    await post.collect()
    assert post.mailbox.lag_s(CALL) == 0.0


async def test_a_call_that_was_just_taken_waits_for_its_mail() -> None:
    """Whoever looked before did not look for that."""
    post = Post()
    await post.collect()
    post.mailbox.expect([CALL])
    assert (post.mailbox.lag_s(CALL), post.mailbox.lag_s(OTHER)) == (math.inf, 0.0)
    await post.collect()
    assert post.mailbox.lag_s(CALL) == 0.0


async def test_what_needs_another_version_holds_up_nothing_but_other_mail() -> None:
    """It may never come, and words that came here are not to wait for ever."""
    post = Post(seal=Seal("KEY2"))
    await post.send()
    post.seal = Seal("KEY1")
    post.mailbox = Post(post.table, post.calls).mailbox
    await post.send()
    await post.collect()
    assert len(post.table.mails) == 2
    assert post.mailbox.lag_s(CALL) == 0.0


async def test_mail_that_is_not_taken_leaves_room_for_that_of_other_calls() -> None:
    """However much of it there is."""
    post = Post()
    post.calls.error = JournalUnavailableError("the database does not answer: DiskFullError")
    for _ in range(PAGE + 1):
        await post.send()
    await post.send(OTHER)
    await post.collect()
    assert post.calls.taken == [OTHER]
    assert len(post.table.mails) == PAGE + 1


async def test_what_nobody_foresaw_does_not_hold_calls_up_for_ever() -> None:
    """The mailbox is looked through again and again, and fails each time."""
    post = Post()
    post.calls.error = ValueError("nobody foresaw this")
    await post.send()
    with pytest.raises(ValueError, match="nobody foresaw"):
        await post.collect()
    assert post.mailbox.lag_s(CALL) == 0.0
