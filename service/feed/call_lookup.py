"""What is known of a call beside its events: what subscribers may choose calls by."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from service.ids import CallId
from service.ports import CallSummary, Library

MAX_CALLS = 10_000
"""Calls that are remembered; beyond that the one asked for first is looked up again."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The numbers and the metadata of a call, the latter as text."""

    numbers: tuple[str, ...]
    metadata: Mapping[str, str]


class KnownCalls:
    """Looks calls up in the library, once each and one at a time: many ask for the same at once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[CallId, CallFacts | None] = {}
        self._looking = asyncio.Lock()
        self._forgotten = 0

    async def facts(self, call_id: CallId) -> CallFacts | None:
        """Return what is known of a call; None if nothing is.

        Raises:
            JournalUnavailableError: The library does not answer.
        """
        if call_id in self._known:
            return self._known[call_id]
        async with self._looking:
            if call_id not in self._known:
                return await self._look_up(call_id)
        return self._known[call_id]

    def forget(self, call_id: CallId) -> None:
        """Look this call up again: something else is known of it now."""
        self._forgotten += 1
        self._known.pop(call_id, None)

    async def _look_up(self, call_id: CallId) -> CallFacts | None:
        forgotten = self._forgotten
        summary = await self._library.call(call_id)
        facts = None if summary is None else _facts_of(summary)
        if forgotten == self._forgotten:  # else it may be old already
            self._known[call_id] = facts
            if len(self._known) > MAX_CALLS:
                del self._known[next(iter(self._known))]
        return facts


def _facts_of(summary: CallSummary) -> CallFacts:
    numbers = (summary.from_number, summary.to_number)
    metadata = msgspec.json.decode(summary.metadata, type=dict[str, msgspec.Raw])
    return CallFacts(
        tuple(number for number in numbers if number),
        {key: _as_text(value) for key, value in metadata.items() if bytes(value)[:1] not in b"[{"},
    )


def _as_text(value: msgspec.Raw) -> str:
    """Return a string as it is, and anything else as it is written in JSON."""
    written = bytes(value)
    return msgspec.json.decode(written, type=str) if written[:1] == b'"' else written.decode()
