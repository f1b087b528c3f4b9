"""Makes the reports of calls, from the journal."""

import asyncio
from collections.abc import Sequence
from typing import Final

from service.archive.calls import read_events
from service.archive.report import make_document, write_report
from service.ports import Journal, StoredEvent
from service.wire.events import read_timestamp

_MAX_AT_ONCE: Final = 4
"""So many are in memory at once: one of two hours takes some megabytes, and half a second."""


class CallReports:
    """The `Reports` of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._room = asyncio.Semaphore(_MAX_AT_ONCE)

    async def report(self, event: StoredEvent) -> bytes | None:
        """See `Reports.report`."""
        async with self._room:
            events = await read_events(self._journal, event.call_id)
            return await asyncio.to_thread(_write, events, event)


def _write(events: Sequence[StoredEvent], last: StoredEvent) -> bytes | None:
    document = make_document([event for event in events if event.seq <= last.seq])
    return write_report(document, read_timestamp(last.body)) if document else None
