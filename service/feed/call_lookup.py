"""The call lookup: what subscribers may filter calls by, beside the call's events."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from service.ids import CallId
from service.ports import Binding, CallSummary, Library, StoredEvent
from service.wire.metadata import facts_of, read_facts

MAX_CALLS = 10_000
"""Calls that are remembered; one more forgets the one that was looked up first."""


@dataclass(frozen=True, slots=True)
class CallDetails:
    """The numbers, the metadata as text, and the route of a call."""

    numbers: tuple[str, ...]
    metadata: Mapping[str, str]
    route: str | None = None

    def is_covered_by(self, binding: Binding) -> bool:
        """Say whether a key that is bound like this may see the call."""
        return binding.covers(self.route, self.metadata)


class CallLookup:
    """Looks each call up in the library once, and one at a time: many ask for the same at once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._found: dict[CallId, CallDetails | None] = {}
        self._searching = asyncio.Lock()
        self._invalidations = 0
        self._looked_for: CallId | None = None

    async def find(self, call_id: CallId) -> CallDetails | None:
        """Return the details of a call; None if nobody knows it.

        Raises:
            JournalUnavailableError: The library does not answer.
        """
        if call_id in self._found:
            return self._found[call_id]
        async with self._searching:
            if call_id not in self._found:
                return await self._search(call_id)
        return self._found[call_id]

    def known(self, call_id: CallId) -> CallDetails | None:
        """Return the details as they were looked up last; None if they were not."""
        return self._found.get(call_id)

    def observe(self, event: StoredEvent) -> None:
        """Look a call up anew the next time if this event says anything else of it."""
        known = self._found.get(event.call_id)
        if event.call_id == self._looked_for:
            self._invalidations += 1  # what is being read may be of before
        if known is not None and (facts := read_facts(event.body)) is not None:
            route, metadata = facts
            if (metadata and metadata != known.metadata) or route not in (None, known.route):
                self.invalidate(event.call_id)

    def invalidate(self, call_id: CallId) -> None:
        """Look this call up anew the next time: its details have changed."""
        self._invalidations += 1
        self._found.pop(call_id, None)

    async def _search(self, call_id: CallId) -> CallDetails | None:
        invalidations, self._looked_for = self._invalidations, call_id
        summary = await self._library.call(call_id)
        details = None if summary is None else _details_of(summary)
        if invalidations == self._invalidations:  # else they may be old already
            self._found[call_id] = details
            if len(self._found) > MAX_CALLS:
                del self._found[next(iter(self._found))]
        return details


def _details_of(summary: CallSummary) -> CallDetails:
    numbers = (summary.from_number, summary.to_number)
    present = tuple(number for number in numbers if number)
    return CallDetails(present, facts_of(summary.metadata), summary.route)
