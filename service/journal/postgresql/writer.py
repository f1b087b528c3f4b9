"""The writer: one transaction for each batch of work."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg
import structlog

from service.errors import JournalError, LeaseLostError
from service.ids import WorkerId
from service.journal.postgresql.connection import (
    Connection,
    KeptConnection,
    is_unavailable,
    refusal,
)
from service.journal.postgresql.entries import OFF_ROSTER, commit_entries, settle_lanes
from service.journal.statements import load_statements
from service.ports import Entry, LaneUpdate, Lease

LaneUpdates = tuple[LaneUpdate, ...]
Change = Callable[[Connection], Awaitable[object]]
"""Anything else to be written. It may raise a `JournalError` as long as it wrote nothing."""
Work = Entry | LaneUpdates | Change

_MAX_EVENTS: Final = 10_000
"""Of a transaction: the place of an event has room for 16,384 (`write_entries`)."""
_TRIES: Final = 4
"""Of a transaction that met another's: what both write is read anew each time."""

_HOLD_LEASE: Final = load_statements("postgresql", "workers")["hold_lease"].text

log = structlog.get_logger()


class Writer:
    """Writes batches on one connection; `clock` returns Unix seconds.

    With a `lease` it writes nothing but under it: a transaction keeps others from ending it, and
    is not begun or committed once the time of the lease is over. Its connection bears the name of
    the worker, so that whoever takes over can end it.
    """

    def __init__(
        self, kept: KeptConnection, clock: Callable[[], float], lease: Lease | None = None
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._lease = lease
        self._purpose = kept.name
        self._available = True

    async def handle(self, batch: Sequence[Work]) -> list[object]:
        """Write the batch in one transaction and return the outcomes.

        When the database does not take it, nothing is written and every outcome is a
        `JournalUnavailableError`. A change that the database cannot hold fails alone.
        """
        if len(batch) > 1 and _count_events(batch) > _MAX_EVENTS:
            return await self._halved(batch)
        try:
            outcomes = await self._transact_anew(batch)
        except LeaseLostError as error:
            return [error for _ in batch]
        except Exception as error:  # noqa: BLE001  it is handed to those who wait
            if is_unavailable(error):
                self._kept.drop()
                self._report(error)
            elif len(batch) > 1:
                return await self._halved(batch)
            return [refusal(error) for _ in batch]
        self._report(None)
        return outcomes

    async def close(self) -> None:
        """Close the connection."""
        await self._kept.close()

    async def _halved(self, batch: Sequence[Work]) -> list[object]:
        half = len(batch) // 2
        return await self.handle(batch[:half]) + await self.handle(batch[half:])

    async def _transact_anew(self, batch: Sequence[Work]) -> list[object]:
        for _ in range(_TRIES - 1):
            try:
                return await self._transact(batch)
            except (asyncpg.TransactionRollbackError, asyncpg.UniqueViolationError):
                continue  # somebody else wrote the same at once: the next look shows it
        return await self._transact(batch)

    async def _transact(self, batch: Sequence[Work]) -> list[object]:
        worker = self._expect_lease()
        db = await self._kept.get()
        async with db.transaction():
            outcomes = await self._write(db, batch, worker)
            if self._expect_lease() != worker:
                raise LeaseLostError("this worker became another one meanwhile")
            return outcomes

    def _expect_lease(self) -> WorkerId | None:
        if self._lease is None:
            return None
        worker = self._lease.worker
        if worker is None:
            raise LeaseLostError("this worker has no lease now")
        name = f"{worker}/{self._purpose}"
        if name != self._kept.name:
            self._kept.drop()
            self._kept.name = name
        return worker

    async def _write(
        self, db: Connection, batch: Sequence[Work], worker: WorkerId | None
    ) -> list[object]:
        # all of a batch is under way at once, so the order of its kinds is ours to choose
        now = self._clock()
        outcomes: list[object] = [None] * len(batch)
        entries = {n: work for n, work in enumerate(batch) if isinstance(work, Entry)}
        if entries:  # they hold the lease in the same breath
            refusals = await commit_entries(db, list(entries.values()), now, owner=worker)
            for n, refused in zip(entries, refusals, strict=True):
                outcomes[n] = refused
        elif worker is not None and not await db.fetch(_HOLD_LEASE, worker):
            raise LeaseLostError(OFF_ROSTER)
        updates = [update for work in batch if isinstance(work, tuple) for update in work]
        if updates:
            await settle_lanes(db, updates, now)
        for n, work in enumerate(batch):
            if callable(work):
                outcomes[n] = await _outcome(work, db)
        return outcomes

    def _report(self, error: Exception | None) -> None:
        if self._available == (error is None):
            return
        self._available = error is None
        if error:
            log.error("journal_unavailable", error=str(refusal(error)))
        else:
            log.info("journal_available")


def _count_events(batch: Sequence[Work]) -> int:
    return sum(len(work.events) for work in batch if isinstance(work, Entry))


async def _outcome(change: Change, db: Connection) -> object:
    try:
        return await change(db)
    except JournalError as error:
        return error
