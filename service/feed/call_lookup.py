"""The call lookup: what subscribers may filter calls by, beside the call's events."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from service.ids import CallId
from service.ports import CallSummary, Library

MAX_CALLS = 10_000
"""Calls that are remembered; one more forgets the one that was looked up first."""


@dataclass(frozen=True, slots=True)
class CallDetails:
    """The numbers and the metadata of a call, the latter as text."""

    numbers: tuple[str, ...]
    metadata: Mapping[str, str]


class CallLookup:
    """Looks each call up in the library once, and one at a time: many ask for the same at once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._found: dict[CallId, CallDetails | None] = {}
        self._searching = asyncio.Lock()
        self._invalidations = 0

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

    def invalidate(self, call_id: CallId) -> None:
        """Look this call up anew the next time: its details have changed."""
        self._invalidations += 1
        self._found.pop(call_id, None)

    async def _search(self, call_id: CallId) -> CallDetails | None:
        invalidations = self._invalidations
        summary = await self._library.call(call_id)
        details = None if summary is None else _details_of(summary)
        if invalidations == self._invalidations:  # else they may be old already
            self._found[call_id] = details
            if len(self._found) > MAX_CALLS:
                del self._found[next(iter(self._found))]
        return details


def _details_of(summary: CallSummary) -> CallDetails:
    numbers = (summary.from_number, summary.to_number)
    metadata = msgspec.json.decode(summary.metadata, type=dict[str, msgspec.Raw])
    return CallDetails(
        tuple(number for number in numbers if number),
        {key: _as_text(value) for key, value in metadata.items() if bytes(value)[:1] not in b"[{"},
    )


def _as_text(value: msgspec.Raw) -> str:
    """Return a string as it is, and any other value as its JSON."""
    written = bytes(value)
    return msgspec.json.decode(written, type=str) if written[:1] == b'"' else written.decode()
