"""Take-over: calls that are nobody's are found, taken a lot at a time, and gone on with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import structlog

from service.errors import JournalUnavailableError, LeaseLostError
from service.ids import CallId, WorkerId
from service.ports import CallHolder, Claim, LaneHolder, Orphans, Roster, Taken
from service.workers.membership import Membership

LOT: Final = 50
"""How many are taken at once, so that those who survive share them."""

T = TypeVar("T")

log = structlog.get_logger()


class TakeOver:
    """Takes calls for this worker; `taken` is told of them once their lanes are known.

    The outcome of a commit that nobody answered is not known. Then all that the database says is
    ours, and that nobody here goes on with, is taken up as if it were taken over.
    """

    def __init__(
        self,
        roster: Roster,
        member: Membership,
        lanes: LaneHolder,
        *,
        taken: Callable[[Sequence[CallId]], None],
    ) -> None:
        self.news = asyncio.Event()
        """Set by whoever knows that there are calls to be taken."""
        self.is_leaving = False
        """Whether others are to take what is nobody's: this worker stops."""
        self._taken = taken
        self._roster = roster
        self._lease = member.lease
        self._counters = member.counters
        self._lanes = lanes
        self._unlearnt: list[Taken] = []
        """What is ours, and of whose lanes nothing is known yet."""
        self._is_unsure = False
        self._locks: WeakValueDictionary[CallId, asyncio.Lock] = WeakValueDictionary()

    async def claim(self, call_id: CallId) -> Claim:
        """See `Ownership.claim`."""
        async with self._alone_with(call_id):
            claim = await self._sure(lambda worker: self._roster.claim(call_id, worker))
            if claim.was_taken:
                self._counters.took("gone" if claim.owner else "handed_over")
            return await self._learn(call_id, claim)

    async def take(self, call_id: CallId) -> Claim:
        """See `Ownership.take`; the claim also says who had it."""
        async with self._alone_with(call_id):
            claim = await self._sure(lambda worker: self._roster.take(call_id, worker))
            if claim.was_taken:
                self._counters.took("audio")
            return await self._learn(call_id, claim)

    async def orphans(self) -> Orphans:
        """See `Ownership.orphans`."""
        while not self.is_leaving:
            if not self._unlearnt:
                taken = await self._sure(lambda worker: self._roster.take_orphans(worker, LOT))
                self._unlearnt.append(taken)
            lot = self._unlearnt[0]
            await self._lanes.take_up(lot.call_ids)
            if lot not in self._unlearnt:
                break  # the lease was lost meanwhile
            self._unlearnt.remove(lot)
            self._taken(lot.call_ids)
            if lot.call_ids:
                self._counters.took("gone" if lot.was_down else "handed_over", len(lot.call_ids))
                log.info("calls_taken_over", calls=len(lot.call_ids), live=len(lot.live))
            if lot.live or not lot.call_ids:
                return Orphans(lot.live, was_down=lot.was_down)
        return Orphans(())

    async def run(self, holder: CallHolder) -> None:
        """Look for what became ours and what is not ours any more, forever."""
        while True:
            self.news.clear()
            if worker := self._lease.worker:
                try:
                    await self.look(worker, holder)
                except JournalUnavailableError as error:
                    log.warning("take_over_delayed", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(self._lease.pace.look_every_s):
                    await self.news.wait()

    async def look(self, worker: WorkerId, holder: CallHolder) -> None:
        """Take whoever has gone off the roster, and then the calls that are nobody's.

        Raises:
            JournalUnavailableError: Not all was done.
        """
        if buried := await self._roster.bury(self._lease.pace.silent_s):
            log.warning("workers_gone", workers=buried)
        if self._is_unsure:
            owned = await self._roster.owned(worker)
            self._is_unsure = False
            lost = tuple(call_id for call_id in owned if not holder.has(call_id))
            self._unlearnt.append(Taken(lost, lost, was_down=True))
        while (orphans := await self.orphans()).call_ids:
            holder.take_up(orphans)

    def forget(self) -> None:
        """Forget what was ours: it is not any more."""
        self._unlearnt.clear()
        self._is_unsure = False

    async def _sure(self, work: Callable[[WorkerId], Awaitable[T]]) -> T:
        worker = self._lease.worker
        if worker is None:
            raise LeaseLostError("this worker has no lease now")
        try:
            return await work(worker)
        except LeaseLostError:
            raise
        except JournalUnavailableError:
            self._is_unsure = True
            raise

    def _alone_with(self, call_id: CallId) -> asyncio.Lock:
        """Return what keeps others from taking a call for ours before all is learnt of it."""
        return self._locks.setdefault(call_id, asyncio.Lock())

    async def _learn(self, call_id: CallId, claim: Claim) -> Claim:
        """Learn what is to be delivered of a call that is ours and was not."""
        if claim.is_ours and (self._is_unsure or self._waits(call_id)):
            claim = replace(claim, was_taken=True)
        if claim.was_taken:
            try:
                await self._lanes.take_up([call_id])
            except JournalUnavailableError:
                self._is_unsure = True
                raise
            self._taken([call_id])
        return claim

    def _waits(self, call_id: CallId) -> bool:
        return any(call_id in lot.call_ids for lot in self._unlearnt)
