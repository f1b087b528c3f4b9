"""Who was in a call: as the latest of its events that says so has it."""

from collections.abc import Sequence
from typing import Final

import msgspec

from service.calls.events import CallEnded, TranscriptCompleted, TranscriptErased
from service.calls.party_events import (
    CallBridged,
    CallTransferred,
    ConferenceJoined,
    Participant,
)
from service.ports import CallSummary, Journal, StoredEvent

_PAGE: Final = 500
_TELLING: Final = frozenset(
    kind.type
    for kind in (
        CallBridged,
        CallTransferred,
        ConferenceJoined,
        CallEnded,
        TranscriptCompleted,
        TranscriptErased,
    )
)
"""The events that say who is in a call. A tombstone says that nobody is known any more."""


class _Data(msgspec.Struct):
    participants: tuple[Participant, ...] = ()


class _Body(msgspec.Struct):
    data: _Data


_decode = msgspec.json.Decoder(_Body).decode


def read_participants(events: Sequence[StoredEvent]) -> tuple[Participant, ...]:
    """Return who was in a call, by its events in order; nobody where none says so yet."""
    return _latest(events) or ()


async def find_participants(journal: Journal, call: CallSummary) -> tuple[Participant, ...]:
    """Return who was in a call, looking from its end: what closes it says so.

    Raises:
        JournalUnavailableError: The database does not answer.
    """
    before = call.last_seq
    while before > 0:
        after_seq = max(0, before - _PAGE)
        page = await journal.read(call.call_id, after_seq=after_seq, limit=before - after_seq)
        found = _latest(page)
        if found is not None:
            return found
        before = after_seq
    return ()


def _latest(events: Sequence[StoredEvent]) -> tuple[Participant, ...] | None:
    for event in reversed(events):
        if event.type in _TELLING:
            try:
                return _decode(event.body).data.participants
            except msgspec.DecodeError:
                continue  # of another shape than ours
    return None
