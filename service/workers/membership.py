"""Membership: a worker registers, says that it lives, and notices when it is out."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Final

import structlog

from service.errors import JournalUnavailableError
from service.ids import WorkerId
from service.ports import Roster
from service.workers.counters import WorkerCounters
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness

_BEAT_AGAIN_S: Final = 0.5
"""After one that was not written."""
_MIN_WATCH_S: Final = 0.05

log = structlog.get_logger()


class Membership:
    """One process's place on the roster. Once it is lost, it comes back as another worker.

    `on_loss` is called when it is: nothing that this process has in memory is its own then.
    """

    def __init__(self, roster: Roster, lease: WorkerLease, url: str, likeness: Likeness) -> None:
        self.on_loss: Callable[[], None] = lambda: None
        self.on_return: Callable[[], None] = lambda: None
        self.keeps_house = False
        self._roster = roster
        self.lease = lease
        self.likeness = likeness
        self.counters = WorkerCounters()
        self._url = url
        self._is_out = True

    async def join(self) -> None:
        """Register as a new worker.

        Raises:
            JournalUnavailableError: The database does not answer.
        """
        worker, since = WorkerId(uuid.uuid4().hex), self.lease.ticks()
        await self._roster.register(worker, self._url, self.likeness.ours)
        self.lease.begin(worker, since)
        self._is_out = False
        log.info("worker_registered", worker=worker)

    async def leave(self) -> None:
        """Go without others having to wait until this one is missed."""
        worker, self._is_out = self.lease.holder, True
        self.lease.end()
        if worker is None:
            return
        try:
            await self._roster.withdraw(worker)
        except JournalUnavailableError:
            log.warning("worker_not_withdrawn", worker=worker)

    async def beat(self) -> None:
        """Say that this worker lives, again and again; out, come back."""
        is_away = False
        while True:
            try:
                await (self._return() if self._is_out else self._beat())
            except JournalUnavailableError as error:
                if not is_away:  # once an outage
                    log.warning("heartbeat_missed", reason=str(error))
                is_away = True
                await asyncio.sleep(_BEAT_AGAIN_S)
            else:
                is_away = False
                await asyncio.sleep(self.lease.pace.beat_every_s)

    async def watch(self) -> None:
        """Notice when the lease is over, whatever the database does."""
        while True:
            await asyncio.sleep(max(_MIN_WATCH_S, self.lease.left_s))
            if self.lease.worker is None:
                self._lose("no_heartbeat")
                await asyncio.sleep(_BEAT_AGAIN_S)

    async def _beat(self) -> None:
        worker, since = self.lease.holder, self.lease.ticks()
        if worker is None or self.lease.worker is None:
            self._lose("no_heartbeat")
            return
        settings = self.likeness.ours
        beat = await self._roster.beat(worker, settings)
        if self._is_out:
            return  # it took too long
        if beat.is_known:
            self.keeps_house = beat.keeps_house
            self.lease.renew(since)
            self.likeness.compare(settings, beat.unlike)
        else:
            self._lose("taken_over")

    async def _return(self) -> None:
        former = self.lease.holder
        if former is not None:
            await self._roster.withdraw(former)
        await self.join()
        self.on_return()

    def _lose(self, reason: str) -> None:
        if self._is_out:
            return
        self._is_out, self.keeps_house = True, False
        self.lease.end()
        self.counters.leases_lost[reason] += 1
        log.error("lease_lost", worker=self.lease.holder, reason=reason)
        self.on_loss()
