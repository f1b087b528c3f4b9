"""What is known of a call beside its events: what subscribers may choose calls by."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from service.ids import CallId
from service.ports import CallSummary, Library

MOST_CALLS = 10_000
"""Calls that are remembered; beyond that the one asked for first is looked up again."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The numbers and the metadata of a call, the latter as text."""

    numbers: tuple[str, ...]
    metadata: Mapping[str, str]


class KnownCalls:
    """Looks calls up in the library, once each."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[CallId, CallFacts] = {}

    async def facts(self, call_id: CallId) -> CallFacts | None:
        """Return what is known of a call.

        Raises:
            JournalUnavailableError: The library does not answer.
        """
        known = self._known.get(call_id)
        if known is None:
            summary = await self._library.call(call_id)
            if summary is None:
                return None
            known = self._known[call_id] = _facts_of(summary)
            if len(self._known) > MOST_CALLS:
                del self._known[next(iter(self._known))]
        return known

    def forget(self, call_id: CallId) -> None:
        """Look this call up again: its numbers are known better now."""
        self._known.pop(call_id, None)


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
