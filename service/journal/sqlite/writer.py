"""The writer's thread: one transaction for each batch of work."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from service.errors import JournalError
from service.journal.sqlite.connection import KeptConnection, is_unavailable, refusal
from service.journal.sqlite.entries import commit_entries, settle_lanes
from service.journal.sqlite.file import LARGE_CACHE_KIB, SqliteFile
from service.journal.sqlite.log import bound_log, make_room
from service.ports import Entry, LaneUpdate

LaneUpdates = tuple[LaneUpdate, ...]
Change = Callable[[sqlite3.Connection], object]
"""Anything else to be written. It may raise a `JournalError` as long as it wrote nothing."""
Work = Entry | LaneUpdates | Change

log = structlog.get_logger()


class SqliteWriter:
    """Writes batches. Lives in one thread; `clock` returns Unix seconds."""

    def __init__(self, file: SqliteFile, clock: Callable[[], float]) -> None:
        self._kept = KeptConnection(partial(file.connect, cache_kib=LARGE_CACHE_KIB))
        self._file = file
        self._clock = clock
        self._available = True

    def handle(self, batch: Sequence[Work]) -> list[object]:
        """Write the batch in one transaction and return the outcomes.

        When the database does not take it, nothing is written and every outcome is a
        `JournalUnavailableError`. A change that the database cannot hold fails alone.
        """
        try:
            outcomes = self._transact(batch)
        except Exception as error:  # noqa: BLE001  it is handed to those who wait
            self._kept.close()
            if is_unavailable(error):
                self._report(error)
            elif len(batch) > 1:
                half = len(batch) // 2
                return self.handle(batch[:half]) + self.handle(batch[half:])
            return [refusal(error) for _ in batch]
        self._report(None)
        return outcomes

    def close(self) -> None:
        """Close the connection."""
        self._kept.close()

    def _transact(self, batch: Sequence[Work]) -> list[object]:
        db = self._kept.get()
        self._file.expect_in_place()
        if not self._available:
            make_room(db)  # the log may be what the disk is full of
        db.execute("BEGIN IMMEDIATE")
        outcomes = self._write(db, batch)
        db.execute("COMMIT")
        self._file.expect_in_place()  # nobody is told that it is kept, if it went with the file
        bound_log(db, self._file.path)
        return outcomes

    def _write(self, db: sqlite3.Connection, batch: Sequence[Work]) -> list[object]:
        # all of a batch is under way at once, so the order of its kinds is ours to choose
        now = self._clock()
        outcomes: list[object] = [None] * len(batch)
        entries = {n: work for n, work in enumerate(batch) if isinstance(work, Entry)}
        if entries:
            refusals = commit_entries(db, list(entries.values()), now)
            for n, refused in zip(entries, refusals, strict=True):
                outcomes[n] = refused
        updates = [update for work in batch if isinstance(work, tuple) for update in work]
        if updates:
            settle_lanes(db, updates, now)
        for n, work in enumerate(batch):
            if callable(work):
                outcomes[n] = _outcome(work, db)
        return outcomes

    def _report(self, error: Exception | None) -> None:
        if self._available == (error is None):
            return
        self._available = error is None
        if error:
            log.error("journal_unavailable", error=str(error))
        else:
            log.info("journal_available")


def _outcome(change: Change, db: sqlite3.Connection) -> object:
    try:
        return change(db)
    except JournalError as error:
        return error
