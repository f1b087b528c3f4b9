"""Ownership where several workers share a database."""

import structlog

from service.calls.commands import Reply
from service.calls.inputs import AskedInput, WebhookInput
from service.errors import JournalUnavailableError, LeaseLostError
from service.ids import CallId, WorkerId
from service.ports import Bus, Claim, Orphans, Roster
from service.workers.mailbox import Mailbox
from service.workers.membership import Membership
from service.workers.takeover import TakeOver

log = structlog.get_logger()


class SharedOwnership:
    """An `Ownership`; its methods are documented there."""

    is_shared = True

    def __init__(
        self, roster: Roster, member: Membership, mailbox: Mailbox, takeover: TakeOver, bus: Bus
    ) -> None:
        self._roster = roster
        self._lease = member.lease
        self._member = member
        self._mailbox = mailbox
        self._takeover = takeover
        self._bus = bus

    @property
    def holds(self) -> bool:
        """See `Ownership.holds`."""
        return self._lease.worker is not None

    @property
    def keeps_house(self) -> bool:
        """See `Ownership.keeps_house`."""
        return self.holds and self._member.keeps_house

    def is_ours(self, owner: WorkerId | None) -> bool:
        """See `Ownership.is_ours`."""
        return owner is not None and owner == self._lease.worker

    async def claim(self, call_id: CallId) -> Claim:
        """See `Ownership.claim`."""
        if self._takeover.is_leaving:
            return Claim(is_ours=False)
        return await self._takeover.claim(call_id)

    def lag_s(self, call_id: CallId) -> float:
        """See `Ownership.lag_s`: without a lease it does not matter, as nothing can be written."""
        return self._mailbox.lag_s(call_id) if self.holds else 0.0

    async def take(self, call_id: CallId) -> bool:
        """See `Ownership.take`."""
        if self._takeover.is_leaving:
            raise JournalUnavailableError("this worker is stopping and takes no calls")
        claim = await self._takeover.take(call_id)
        if claim.owner is not None:
            self._bus.nudge(claim.owner)
        return claim.was_taken

    async def orphans(self) -> Orphans:
        """See `Ownership.orphans`."""
        try:
            return await self._takeover.orphans()
        except LeaseLostError:
            return Orphans(())  # as another worker, it looks for them again

    async def forward(self, call_id: CallId, item: WebhookInput, to: WorkerId | None) -> None:
        """See `Ownership.forward`."""
        await self._mailbox.send(call_id, item)
        self._wake(to)

    async def ask(self, call_id: CallId, item: AskedInput, to: WorkerId | None) -> Reply | None:
        """See `Ownership.ask`."""
        return await self._mailbox.ask(call_id, item, lambda: self._wake(to))

    async def leave(self) -> bool:
        """See `Ownership.leave`."""
        worker = self._lease.worker
        if worker is None:
            raise LeaseLostError("this worker has no lease now")
        await self._roster.begin_drain(worker)
        others = await self._roster.others(worker, self._lease.pace.silent_s)
        self._takeover.is_leaving = others > 0
        return self._takeover.is_leaving

    async def hand_over(self) -> None:
        """See `Ownership.hand_over`."""
        worker = self._lease.worker
        if worker is None:
            raise LeaseLostError("this worker has no lease now")
        calls = await self._roster.hand_over(worker)
        log.info("calls_handed_over", calls=calls)
        self._bus.offer()

    def _wake(self, owner: WorkerId | None) -> None:
        if owner is None:
            self._bus.offer()
        else:
            self._bus.nudge(owner)
