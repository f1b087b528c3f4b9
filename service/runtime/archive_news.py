"""Tells calls what became of their copies in archives, and everybody of those not erased."""

import asyncio
from collections.abc import Callable, Sequence

from service.calls.after_events import ArchiveFailed
from service.calls.archive_answers import ArchiveAnswer
from service.delivery.notices import tell
from service.ids import CallId, EndpointName
from service.ports import Journal
from service.runtime.registry import CallRegistry


class CallNews:
    """The `ArchiveNews` of this process. Lanes open before calls do: till then, who tells waits."""

    def __init__(
        self, journal: Journal, endpoints: Sequence[EndpointName], clock: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._endpoints = tuple(endpoints)
        self._clock = clock
        self._calls: asyncio.Future[CallRegistry] = asyncio.get_running_loop().create_future()

    def open(self, calls: CallRegistry) -> None:
        """Tell these calls from now on."""
        self._calls.set_result(calls)

    async def tell(self, call_id: CallId, answer: ArchiveAnswer) -> None:
        """See `ArchiveNews.tell`."""
        calls = await asyncio.shield(self._calls)
        await calls.told(call_id, answer)

    async def not_erased(self, call_id: CallId, endpoint: EndpointName, reason: str) -> None:
        """See `ArchiveNews.not_erased`."""
        event = ArchiveFailed(endpoint=endpoint, revision=None, reason=reason, erased=call_id)
        await tell(self._journal, event, self._endpoints, now=self._clock())
